"""What a project has of many runs, in bulk, in the words that a source is read in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.artifact_store.store import ArtifactStore
from nbtrack.errors import NbtrackError
from nbtrack.records.runs import Experiment, ViewType
from nbtrack.stores.store import Store
from nbtrack.transfer.exports.choosing import Choice
from nbtrack.transfer.imports import kept_here
from nbtrack.transfer.imports.checking import count_here
from nbtrack.transfer.imports.kept_here import AnswersSql
from nbtrack.transfer.imports.marks import without_mark
from nbtrack.transfer.imports.outcome import Side
from nbtrack.transfer.sources.mlflow_words import CONTEXT_TAG
from nbtrack.transfer.sources.source_records import ModelLink, ModelPoint, Points, SourceRun

RUNS_AT_ONCE = 50
_RUNS = """
    select run_id, run_name, experiment_id, status, user_id, epoch_us(start_time) // 1000 as start,
        epoch_us(end_time) // 1000 as "end", lifecycle_stage, artifact_uri
    from runs where run_id in (select unnest($ids))
"""
_INPUTS = """
    select run_id, name, digest, source_type, source, schema, profile, context, tags from inputs
    where run_id in (select unnest($ids)) order by all
"""
_INPUT_FACTS = ("name", "digest", "source_type", "source", "schema", "profile", "context", "tags")
_LINKS = """
    select run_id, model_id, 'output' as role, step from current.model_outputs
        join stored.run_keys using (run_key) where run_id in (select unnest($ids))
    union all
    select run_id, model_id, 'input', 0 from current.model_inputs
        join stored.run_keys using (run_key) where run_id in (select unnest($ids))
    order by all
"""
_MODEL_POINTS = """
    select run_id, model_id, key, value, step, epoch_us(timestamp) // 1000 as t, dataset_name,
        dataset_digest
    from logged_model_metrics where run_id in (select unnest($ids)) order by all
"""
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeavingRun:
    """*files* are {path: sha256} of what was logged; *digest* is that of all of it."""

    run: SourceRun
    points: Sequence[Points]
    files: Mapping[str, str]
    digest: str

    def artifacts(self) -> ArtifactStore:
        return open_artifacts(self.run.artifact_uri, run_id=self.run.run_id)

    def paths_in(self, artifacts: ArtifactStore) -> Iterable[str]:
        """Of all that was logged, or is there."""
        return dict.fromkeys([*self.files, *paths_on_disk(artifacts)])


def experiments_of(store: Store) -> dict[str, Experiment]:
    """All, by id."""
    return {each.experiment_id: each for each in store.search_experiments(view_type=ViewType.ALL)}


def leaving_runs(store: Store, choice: Choice, side: Side) -> Iterator[LeavingRun]:
    """Each run; what they have is counted in *side*. A few queries for many runs."""
    records = choice.records
    for some in in_parts(choice.run_ids, RUNS_AT_ONCE):
        count_here(records, side, some)
        points: dict[str, list[Points]] = {}
        for run_id, key, columns in kept_here.series_here(records, some):
            points.setdefault(run_id, []).append(Points(key, *(c.tolist() for c in columns)))
        files = kept_here.files_here(records, some)
        for run in _runs(records, some):
            run_id = run.run_id
            if records is not store:  # whose files are not beside these records
                uri = store.get_run(run_id).info.artifact_uri
                run = replace(run, artifact_uri=uri)
            yield LeavingRun(
                run=run, points=points.get(run_id, ()), files=files.get(run_id, {}),
                digest=side.digests[run_id],
            )  # fmt: skip


def _runs(store: AnswersSql, run_ids: Sequence[str]) -> Iterator[SourceRun]:
    params, tags = (kept_here.texts_here(store, name, run_ids) for name in ("params", "tags"))
    inputs, links = _by_run(store, _INPUTS, run_ids), _by_run(store, _LINKS, run_ids)
    model_points = _by_run(store, _MODEL_POINTS, run_ids)
    rows = {row[0]: row for row in kept_here.rows_of(store.query(_RUNS, {"ids": list(run_ids)}))}
    for run_id in filter(rows.__contains__, run_ids):
        _, name, experiment_id, status, user, start, end, stage, uri = rows[run_id]
        yield SourceRun(
            run_id=run_id,
            experiment_id=experiment_id,
            name=name or "",
            status=status,
            user=user or "",
            start=int(start),
            end=None if end is None else int(end),
            is_deleted=stage == "deleted",
            artifact_uri=uri,
            params=params.get(run_id, {}),
            tags=without_mark(tags.get(run_id, {})),
            inputs=[_named(each) for each in inputs.get(run_id, [])],
            links=[ModelLink(*each) for each in links.get(run_id, [])],
            model_points=[_model_point(*each) for each in model_points.get(run_id, [])],
        )


def _named(facts: Sequence[Any]) -> dict[str, str]:
    return {key: text for key, text in zip(_INPUT_FACTS, facts, strict=True) if text is not None}


def _model_point(
    model_id: str, key: str, value: float | None, step: int, t: int, *data: Any
) -> ModelPoint:
    return ModelPoint(model_id, key, float("nan") if value is None else value, step, t, *data)


def _by_run(store: AnswersSql, sql: str, run_ids: Sequence[str]) -> dict[str, list[Sequence[Any]]]:
    found: dict[str, list[Sequence[Any]]] = {}
    for run_id, *facts in kept_here.rows_of(store.query(sql, {"ids": list(run_ids)})):
        found.setdefault(run_id, []).append(facts)
    return found


def input_tags(facts: Mapping[str, str]) -> dict[str, str]:
    """Those of an input, as MLflow has them: its context is one of them."""
    found: Any = {}
    with suppress(ValueError):
        found = json.loads(facts.get("tags") or "{}")
    tags = {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}
    if (context := facts.get("context")) is not None:
        tags[CONTEXT_TAG] = context
    return tags


def paths_on_disk(artifacts: ArtifactStore) -> list[str]:
    """All that is there, logged or not; of a place that is gone, nothing."""
    try:
        return [info.path for info in artifacts.walk()]
    except (NbtrackError, OSError):
        return []


def in_parts(items: Sequence[T], size: int) -> Iterable[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
