"""Runs as journal lines, written by two processes, folded or not: what panels read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.journal.writing import Journal
from nbtrack.stores.local.duckdb import DuckDBStore

Write = Callable[..., Journal]
STATES = ("waiting", "folded", "half folded")
START_US = 1_772_366_400_000_000  # 2026-03-01T12:00 UTC
MINUTE_US = 60_000_000


def run_text(
    run_id: str,
    *,
    minute: int = 0,
    params: Mapping[str, object] | None = None,
    metrics: Mapping[str, float] | None = None,
    tags: Mapping[str, str | None] | None = None,
    parent: str | None = None,
    **facts: object,
) -> str:
    """The lines of one run that started *minute* minutes after START_US."""
    start_us = START_US + minute * MINUTE_US
    told = {"status": "RUNNING", "experiment_id": "1", "name": f"run {run_id}"} | facts
    text = lines.run_line(run_id, t=now_us(), start_us=start_us, **told)
    for key, value in (params or {}).items():
        text += lines.param_line(run_id, key, str(value), t=now_us())
    for key, number in (metrics or {}).items():
        text += lines.metric_line(run_id, key, number, step=0, t=now_us())
    for key, tag in ((tags or {}) | ({"mlflow.parentRunId": parent} if parent else {})).items():
        text += lines.tag_line(run_id, key, tag, t=now_us())
    return text


def points_text(run_id: str, key: str, values: Sequence[float], *, first_step: int = 0) -> str:
    """Point *i* is logged i seconds after START_US."""
    return "".join(
        lines.metric_line(run_id, key, value, step=first_step + i, t=START_US + i * 1_000_000)
        for i, value in enumerate(values)
    )


def deletion(run_id: str) -> str:
    return lines.run_line(run_id, t=now_us(), lifecycle_stage="deleted")


def write_as_two(store: DuckDBStore, write: Write, texts: Sequence[str], state: str) -> None:
    """Every other text by another process; *state* says what of it is in the database."""
    middle = len(texts) // 2
    first, second = write(), write()
    for i, text in enumerate(texts):
        if i == middle and state == "half folded":
            assert store.fold()
        (second if i % 2 else first).append(text)
    if state == "folded":
        assert store.fold()
