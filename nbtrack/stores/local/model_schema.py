"""Logged models: their tables, how journal lines become rows of them, and the views over those.

A model has its tags and params, and takes over what its source run had when it was logged. Of the
points it has those that name it, and those of the step at which a run says that it is its output:
neither is stored twice, the views look them up.
"""

from __future__ import annotations

from nbtrack.journal.lines import MODEL_FACTS, POINT_FACTS
from nbtrack.stores.local.line_facts import facts, from_facts, latest

_OF = ("param", "tag", "file")
_POINT_COLUMNS = dict.fromkeys(POINT_FACTS, "varchar")
_EVENT_COLUMNS = {**dict.fromkeys(MODEL_FACTS, "varchar"), "params_until": "bigint"}

TABLES: dict[str, dict[str, str]] = {
    "model_events": {"model_id": "varchar", "t": "bigint", **_EVENT_COLUMNS},
    # A file's value is its sha256; no value: removed.
    "model_values": {"model_id": "varchar", "of": "varchar", "key": "varchar", "value": "varchar",
                     "t": "bigint"},
    "model_points": {"run_key": "integer", "key": "varchar", "value": "double", "step": "bigint",
                     "t": "bigint", **_POINT_COLUMNS},
    "model_links": {"run_key": "integer", "model_id": "varchar", "role": "varchar",
                    "step": "bigint", "t": "bigint"},
}  # fmt: skip
TABLE_OF_KIND = {
    "model": "model_events", "modelvalue": "model_values", "modelpoint": "model_points",
    "modellink": "model_links",
}  # fmt: skip
KINDS_OF_RUNS = ("modelpoint", "modellink")

# A condition on lines that make no sense, beside those of `schema`.
IS_BAD = f"""
    k in ('model', 'modelvalue', 'modelpoint', 'modellink') and n is null
    or (k = 'model' and coalesce((x->>'status'), 'PENDING') not in ('PENDING', 'READY', 'FAILED'))
    or (k = 'modelvalue' and (coalesce((x->>'of'), '') not in {_OF} or (x->>'key') is null))
    or (k = 'modellink' and coalesce(v, '') not in ('input', 'output', 'none'))
"""


INSERTS: dict[str, str] = {
    "model": from_facts("model_events", "n", _EVENT_COLUMNS),
    "modelvalue": "insert into {target}.model_values"
    " select n, (x->>'of'), (x->>'key'), v, t from {lines}",
    "modelpoint": "insert into {target}.model_points"
    f" select run_key, n, try_cast(v as double), s, t, {facts(_POINT_COLUMNS)} from {{lines}}",
    "modellink": "insert into {target}.model_links"
    " select run_key, n, v, coalesce(s, 0), t from {lines}",
}

CURRENT_VIEWS: dict[str, str] = {
    # A model without an experiment of its own is where its run is; all go with their source run,
    # also those that were not deleted themselves.
    "logged_models": f"""
        with latest as (
            select model_id, min(t) as created_us, max(t) as updated_us, {latest(_EVENT_COLUMNS)}
            from stored.model_events group by model_id)
        select m.model_id, m.name, m.source_run_id, m.model_type, m.path, m.params_until,
            m.created_us, m.updated_us, coalesce(m.status, 'PENDING') as status,
            coalesce(m.lifecycle_stage = 'deleted', false) as is_deleted,
            coalesce(m.experiment_id, r.experiment_id) as experiment_id,
            case when m.path <> '' then r.artifact_uri || '/' || m.path
                when m.artifact_location is not null then m.artifact_location
                else getvariable('artifact_root') || '/' || m.model_id end as artifact_location,
            case when m.lifecycle_stage = 'deleted' or r.lifecycle_stage = 'deleted'
                then 'deleted' else 'active' end as lifecycle_stage
        from latest m left join current.runs r on r.run_id = m.source_run_id""",
    "model_values": """
        select model_id, "of", key, value
        from (select model_id, "of", key, arg_max_null(value, t) as value
              from stored.model_values group by model_id, "of", key) where value is not null""",
    "model_tags": "select model_id, key, value from current.model_values where \"of\" = 'tag'",
    # {explicit_first} is that of the params of runs. Of one time, the run's param stands.
    "model_params": """
        with sources as (
            select model_id, arg_max(source_run_id, t) as run_id, max(params_until) as until
            from stored.model_events group by model_id
            having max(params_until) is not null),
        found as (
            select s.model_id, p.key, arg_max(p.value, {explicit_first}) as value,
                2 * any_value(s.until) + 1 as rank
            from sources s join stored.run_keys using (run_id)
                join stored.params p on p.run_key = run_keys.run_key and p.t <= s.until
            group by s.model_id, p.key
            union all
            select model_id, key, value, 2 * t from stored.model_values where "of" = 'param')
        select model_id, key, arg_max(value, rank) as value from found group by model_id, key""",
    "model_outputs": """
        select run_key, model_id, step, min(t) as t from stored.model_links
        group by run_key, model_id, step having arg_max(role, t) = 'output'""",
    "model_metrics": """
        with named as (
            select run_key, key, step, t, max(model_id) as model_id,
                max(dataset_name) as dataset_name, max(dataset_digest) as dataset_digest
            from stored.model_points group by run_key, key, step, t)
        select model_id, run_key, key, value, step, t, dataset_name, dataset_digest
        from stored.model_points where model_id is not null
        union all
        select o.model_id, run_key, key, p.value, step, p.t, n.dataset_name, n.dataset_digest
        from (select run_key, model_id, step from current.model_outputs) o
            join stored.metrics p using (run_key, step)
            left join named n using (run_key, key, step, t)
        where n.model_id is null""",
    "model_inputs": """
        select run_key, model_id, min(t) as t from (
            select run_key, model_id, t from stored.model_links where role = 'input'
            union all
            select run_key, model_id, t from stored.model_points where model_id is not null) i
        where not exists (select 1 from current.model_outputs o
            where o.run_key = i.run_key and o.model_id = i.model_id)
        group by run_key, model_id""",
}

_TEXTS = "select model_id, map_from_entries(list((key, value) order by key))"
PUBLIC_VIEWS: dict[str, str] = {
    "logged_models": f"""
        select m.model_id, m.name, m.experiment_id, m.source_run_id, m.status, m.model_type,
            p.params, t.tags, m.artifact_location, m.lifecycle_stage,
            make_timestamp(m.created_us) as creation_time,
            make_timestamp(m.updated_us) as last_updated_time
        from current.logged_models m
            left join ({_TEXTS} as params from current.model_params group by model_id) p
                using (model_id)
            left join ({_TEXTS} as tags from current.model_tags group by model_id) t
                using (model_id)""",
    "logged_model_metrics": """
        select model_id, run_id, key, value, step, make_timestamp(t) as timestamp, dataset_name,
            dataset_digest
        from current.model_metrics join stored.run_keys using (run_key)""",
}
