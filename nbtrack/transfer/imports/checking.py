"""Both sides counted and digested: what the source said, and what nbtrack reads back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nbtrack.stores.store import Store
from nbtrack.transfer.imports import kept_here
from nbtrack.transfer.imports.digests import files_digest, texts_digest
from nbtrack.transfer.imports.kept_here import AnswersSql
from nbtrack.transfer.imports.marks import without_mark
from nbtrack.transfer.imports.outcome import Outcome, Side
from nbtrack.transfer.imports.run_import import Brought
from nbtrack.transfer.imports.run_text import said_tags
from nbtrack.transfer.sources.source_records import SourceRun

_RUNS_AT_ONCE = 500
_RUNS = """
    select run_id, run_name, status, epoch_us(start_time) // 1000 as start,
        epoch_us(end_time) // 1000 as "end", user_id, lifecycle_stage
    from runs where run_id in (select unnest($ids))
"""
_INPUTS = """
    select run_id, name, digest, source_type, source, schema, profile, context, tags from inputs
    where run_id in (select unnest($ids))
"""
_INPUT_FACTS = ("name", "digest", "source_type", "source", "schema", "profile", "context", "tags")


def note_source(outcome: Outcome, brought: Brought) -> None:
    """Count a run as the source has it."""
    run = brought.run
    setattr(outcome, brought.news, getattr(outcome, brought.news) + 1)
    if brought.mark.missing:
        outcome.incomplete[f"run {run.run_id}"] = "; ".join(brought.mark.missing)
    points, files = (brought.mark.points, brought.points), (brought.mark.files, brought.files)
    count_read(outcome.source, run, points=points, files=files)
    if brought.singles:
        outcome.source.singles[run.run_id] = brought.singles


def count_read(
    side: Side, run: SourceRun, *, points: tuple[str, int], files: tuple[str, int]
) -> None:
    """Add a run that was read to *side*; a digest of its *points* and *files*, and how many."""
    end = None if run.status in ("RUNNING", "SCHEDULED") else run.end
    facts = [run.name, run.status, run.start or 0, end, run.user, run.is_deleted]
    inputs = [[each.get(name) for name in _INPUT_FACTS] for each in run.inputs]
    _count(side, run.run_id, facts, run.params, said_tags(run), inputs, points, files)


def look_here(store: Store, outcome: Outcome) -> None:
    """Count the same runs as they are here."""
    outcome.here.singles = outcome.source.singles
    run_ids = list(outcome.source.digests)
    for start in range(0, len(run_ids), _RUNS_AT_ONCE):
        count_here(store, outcome.here, run_ids[start : start + _RUNS_AT_ONCE])


def count_here(store: AnswersSql, side: Side, run_ids: Sequence[str]) -> None:
    """Add what is here of these runs to *side*, of its singles the latest points."""
    params, tags = (kept_here.texts_here(store, name, run_ids) for name in ("params", "tags"))
    files = kept_here.files_here(store, run_ids)
    points = kept_here.point_digests(store, run_ids, side.singles)
    inputs = _inputs(store, run_ids)
    for run_id, facts in _facts(store, run_ids):
        found = files.get(run_id, {})
        _count(
            side, run_id, facts, params.get(run_id, {}), without_mark(tags.get(run_id, {})),
            inputs.get(run_id, []), points.get(run_id, ("", 0)), (files_digest(found), len(found)),
        )  # fmt: skip


def _facts(store: AnswersSql, run_ids: Sequence[str]) -> Iterator[tuple[str, list[Any]]]:
    rows = kept_here.rows_of(store.query(_RUNS, {"ids": list(run_ids)}))
    for run_id, name, status, start, end, user, stage in rows:
        times = [int(start), None if end is None else int(end)]
        yield run_id, [name or "", status, *times, user or "", stage == "deleted"]


def _inputs(store: AnswersSql, run_ids: Sequence[str]) -> dict[str, list[list[Any]]]:
    rows = kept_here.rows_of(store.query(_INPUTS, {"ids": list(run_ids)}))
    found: dict[str, list[list[Any]]] = {}
    for run_id, *facts in rows:
        found.setdefault(run_id, []).append(facts)
    return found


def _count(
    side: Side,
    run_id: str,
    facts: Sequence[Any],
    params: Mapping[str, str],
    tags: Mapping[str, str],
    inputs: Sequence[Sequence[Any]],
    points: tuple[str, int],
    files: tuple[str, int],
) -> None:
    side.runs += 1
    side.params += len(params)
    side.tags += len(tags)
    side.points += points[1]
    side.files += files[1]
    same_inputs = sorted({json.dumps(list(each)) for each in inputs})
    side.digests[run_id] = texts_digest(facts, params, tags, same_inputs, points[0], files[0])
