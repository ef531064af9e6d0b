"""The table of the registry's events, and the views that make its state of them.

Nothing but the events is stored. RELATIONS are put over `stored.registry_events`, or over the
events up to a moment: {events} is where they come from, {at} what the others are called by.
"""

from __future__ import annotations

from nbtrack.records.registry import EventKind

COLUMNS = {
    "n": "bigint", "t": "bigint", "actor": "varchar", "model_key": "bigint", "model": "varchar",
    "version": "integer", "kind": "varchar", "from_value": "varchar", "to_value": "varchar",
    "reason": "varchar", "run_id": "varchar", "digest": "varchar", "details": "varchar",
    "previous_hash": "varchar", "hash": "varchar",
}  # fmt: skip


def is_kind(*kinds: EventKind) -> str:
    return "kind in (" + ", ".join(f"'{kind}'" for kind in kinds) + ")"


K = EventKind
# As in MLflow: tags and aliases leave the time of the last update as it is.
_UPDATES_MODEL = is_kind(
    K.MODEL_CREATED, K.MODEL_RENAMED, K.MODEL_DESCRIBED, K.VERSION_CREATED, K.VERSION_DELETED,
    K.STAGE_CHANGED,
)  # fmt: skip
_UPDATES_VERSION = is_kind(K.VERSION_CREATED, K.VERSION_DESCRIBED, K.STAGE_CHANGED)
_KEY = "json_extract_string(details, '$.key')"
_CREATION = f"filter ({is_kind(K.VERSION_CREATED)})"


def _of_creation(fact: str) -> str:
    return f"any_value(json_extract_string(details, '$.{fact}')) {_CREATION} as {fact}"


RELATIONS: dict[str, str] = {
    "registry_models": f"""
        select model_key,
            arg_max(case kind when '{K.MODEL_CREATED}' then model
                when '{K.MODEL_RENAMED}' then to_value end, n) as name,
            min(t) as created_us, max(t) filter ({_UPDATES_MODEL}) as updated_us,
            max(t) filter ({is_kind(K.MODEL_RENAMED)}) as renamed_us,
            arg_max_null(to_value, n) filter ({is_kind(K.MODEL_DESCRIBED)}) as description,
            arg_max(to_value, n) filter ({is_kind(K.STAGES_SET)}) as custom_stages,
            coalesce(max(version), 0) as last_version,
            bool_or(kind = '{K.MODEL_DELETED}') as is_deleted
        from {{events}} where model_key > 0 group by model_key""",
    "registry_versions": f"""
        with latest as (
            select model_key, version, min(n) as version_key, min(t) as created_us,
                max(t) filter ({_UPDATES_VERSION}) as updated_us,
                coalesce(arg_max(to_value, n) filter ({is_kind(K.STAGE_CHANGED)}), 'None') as stage,
                arg_max_null(to_value, n) filter ({is_kind(K.VERSION_DESCRIBED)}) as description,
                any_value(actor) {_CREATION} as user_id,
                any_value(run_id) {_CREATION} as run_id,
                any_value(digest) {_CREATION} as digest,
                {_of_creation("source")}, {_of_creation("run_link")}, {_of_creation("model_id")},
                bool_or(kind = '{K.VERSION_DELETED}') as is_deleted
            from {{events}} where version is not null group by model_key, version)
        select model_key, latest.version, latest.version_key, latest.created_us, latest.stage,
            latest.user_id, latest.run_id, latest.digest, latest.source, latest.run_link,
            latest.model_id,
            greatest(latest.updated_us, m.renamed_us) as updated_us, latest.description, m.name,
            latest.is_deleted or m.is_deleted as is_deleted
        from latest join {{at}}registry_models m using (model_key)""",
    "registry_aliases": f"""
        select model_key, alias, version from (
            select model_key, {_KEY} as alias,
                arg_max_null(case kind when '{K.ALIAS_SET}' then version end, n) as version
            from {{events}} where {is_kind(K.ALIAS_SET, K.ALIAS_DELETED)}
            group by model_key, alias)
        where version is not null""",
    "registry_model_tags": f"""
        select model_key, key, value from (
            select model_key, {_KEY} as key, arg_max_null(to_value, n) as value
            from {{events}} where {is_kind(K.MODEL_TAG_SET, K.MODEL_TAG_DELETED)}
            group by model_key, key)
        where value is not null""",
    "registry_version_tags": f"""
        select version_key, key, value from (
            select model_key, version, {_KEY} as key, arg_max_null(to_value, n) as value
            from {{events}} where {is_kind(K.VERSION_TAG_SET, K.VERSION_TAG_DELETED)}
            group by model_key, version, key)
        join {{at}}registry_versions using (model_key, version) where value is not null""",
    "registry_gates": f"""
        select model_key, stage, gate from (
            select model_key, {_KEY} as stage, arg_max_null(to_value, n) as gate
            from {{events}} where {is_kind(K.GATE_SET, K.GATE_REMOVED)} group by model_key, stage)
        where gate is not null""",
}

_TAGS = "map_from_entries(list((key, value) order by key))"
PUBLIC_VIEWS: dict[str, str] = {
    "registered_models": f"""
        select m.name, m.description, m.last_version, t.tags,
            make_timestamp(m.created_us) as created_at,
            make_timestamp(m.updated_us) as last_updated_at
        from current.registry_models m
            left join (select model_key, {_TAGS} as tags from current.registry_model_tags
                       group by model_key) t using (model_key)
        where not m.is_deleted""",
    "model_versions": f"""
        select v.name, v.version, v.stage, coalesce(a.aliases, []) as aliases, t.tags,
            v.description, v.run_id, v.source, v.digest, v.user_id,
            make_timestamp(v.created_us) as created_at,
            make_timestamp(v.updated_us) as last_updated_at
        from current.registry_versions v
            left join (select model_key, version, list(alias order by alias) as aliases
                       from current.registry_aliases group by all) a using (model_key, version)
            left join (select version_key, {_TAGS} as tags from current.registry_version_tags
                       group by version_key) t using (version_key)
        where not v.is_deleted""",
    "registry_events": """
        select n, make_timestamp(t) as time, actor, model, version, kind, from_value, to_value,
            reason, run_id, digest, details, previous_hash, hash
        from stored.registry_events""",
}


def create_table() -> str:
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    return f"create table project.stored.registry_events ({columns})"


def create_views(prefix: str) -> list[str]:
    """The state and the public views in catalog *prefix*, over `stored.registry_events` there."""
    state = [
        f"create or replace view {prefix}.current.{name} as {query}"
        for name, query in relations("stored.registry_events", at="current.").items()
    ]
    public = [
        f"create or replace view {prefix}.main.{name} as {query}"
        for name, query in PUBLIC_VIEWS.items()
    ]
    return [*state, *public]


def create_memory_view() -> str:
    """`stored.registry_events` of the in-memory database: events are never in a journal."""
    return (
        "create or replace view stored.registry_events as"
        " select * from project.stored.registry_events"
    )


def relations(events: str, *, at: str) -> dict[str, str]:
    return {name: query.format(events=events, at=at) for name, query in RELATIONS.items()}


def state_as_of() -> str:
    """A `with` clause: the relations, under their bare names, at the moment $as_of."""
    events = "(select * from stored.registry_events where t <= $as_of)"
    return "with " + ", ".join(
        f"{name} as ({query})" for name, query in relations(events, at="").items()
    )
