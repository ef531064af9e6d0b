"""Everything recorded of one run: params, metrics, tags, artifacts, source, error."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from nbtrack.cli.console import count, harmless, harmless_lines, listed, say
from nbtrack.cli.place import open_place
from nbtrack.display.number_format import (
    MISSING,
    format_age,
    format_duration,
    format_number,
    format_size,
)
from nbtrack.display.sparkline import sparkline
from nbtrack.display.text_table import aligned
from nbtrack.lookup.find_run import find_run
from nbtrack.records.runs import FileInfo, Metric, Run, RunInfo, ViewType
from nbtrack.records.tags import NOTE_TAG, PARENT_TAG
from nbtrack.stores.store import Store

_CURVE = 24  # characters


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="a run id, the beginning of one, or a name")


def run(arguments: argparse.Namespace) -> int:
    store = open_place(arguments.store)
    found = find_run(store, arguments.run, view_type=ViewType.ALL)
    cell = store.read_cell(found.info.run_id) or {}
    say(
        *_head(store, found, cell),
        *_section("params", sorted(found.data.params.items())),
        *_section("metrics", _metrics(store, found)),
        *_section("artifacts", _artifacts(store.list_artifact_records(found.info.run_id))),
        *_section("tags", sorted(found.data.tags.items())),
        *_cell(cell),
    )
    return 0


def _head(store: Store, found: Run, cell: Mapping[str, Any]) -> list[str]:
    info, tags = found.info, found.data.tags
    deleted = " (deleted)" if info.lifecycle_stage == "deleted" else ""
    facts = {
        "run": info.run_id,
        "status": f"{info.status}{deleted}",
        "experiment": _experiment(store, info.experiment_id),
        "attempt": str(cell.get("attempt") or ""),
        "started": _times(info),
        "used": _used(cell),
        "by": info.user_id,
        "source": tags.get("mlflow.source.name", ""),
        "parent": tags.get(PARENT_TAG, ""),
        "note": tags.get(NOTE_TAG, ""),
        "artifacts": info.artifact_uri,
        "environment": _environment(store, info.run_id),
        "git": _git(tags),
    }
    lines = aligned([[key, harmless(value)] for key, value in facts.items() if value])
    return [harmless(info.run_name or info.run_id), *(f"  {line}" for line in lines)]


def _experiment(store: Store, experiment_id: str) -> str:
    if experiment_id == "0":
        return "Default"
    return store.get_experiment(experiment_id).name


def _times(info: RunInfo) -> str:
    begun = datetime.fromtimestamp(info.start_time / 1000, UTC)
    words = f"{begun:%Y-%m-%d %H:%M:%S} UTC, {format_age(time.time() - begun.timestamp())}"
    if info.end_time is None:
        return words
    return f"{words}, took {format_duration((info.end_time - info.start_time) / 1000)}"


def _used(cell: Mapping[str, Any]) -> str:
    seconds, peak = cell.get("cpu_seconds"), cell.get("peak_memory_bytes")
    words = [] if seconds is None else [f"{format_duration(seconds)} of CPU time"]
    return ", ".join(
        words + ([] if peak is None else [f"{format_size(peak)} of memory at its peak"])
    )


def _environment(store: Store, run_id: str) -> str:
    content = store.read_environments([run_id]).get(run_id)
    if content is None:
        return ""
    words = [
        f"{content.get('implementation', 'Python')} {content.get('python_version', MISSING)}",
        str(content.get("platform", "")),
        count(len(content.get("packages") or {}), "package"),
    ]
    return ", ".join(word for word in words if word)


def _git(tags: Mapping[str, str]) -> str:
    commit = tags.get("mlflow.source.git.commit")
    if commit is None:
        return ""
    branch = tags.get("mlflow.source.git.branch")
    state = {"true": "changed since", "false": "clean"}.get(tags.get("nbtrack.git.dirty", ""))
    words = [f"{commit[:12]} on {branch}" if branch else commit[:12]]
    return ", ".join([*words, *([state] if state else [])])


def _metrics(store: Store, found: Run) -> list[tuple[str, ...]]:
    return [
        (key, format_number(value), _history(store.read_metrics(found.info.run_id, key)))
        for key, value in sorted(found.data.metrics.items())
    ]


def _history(points: Sequence[Metric]) -> str:
    values = [point.value for point in points if point.value == point.value]
    if len(points) < 2 or not values:
        return ""
    steps = f"steps {points[0].step} to {points[-1].step}"
    span = f"{format_number(min(values))} … {format_number(max(values))}"
    curve = sparkline([point.value for point in points], most=_CURVE)
    return f"{count(len(points), 'point')}, {steps}, {span}  {curve}".rstrip()


def _artifacts(files: Iterable[FileInfo]) -> list[tuple[str, ...]]:
    return [
        (file.path, format_size(file.file_size), f"sha256 {(file.sha256 or MISSING)[:12]}")
        for file in files
    ]


def _section(title: str, rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return []
    grid = [[harmless(cell) for cell in row] for row in rows]
    return ["", title, *listed((f"  {line}" for line in aligned(grid)), most=200)]


def _cell(cell: Mapping[str, Any]) -> list[str]:
    if not cell:
        return []
    lines = ["", _cell_title(cell), *harmless_lines(cell.get("source") or "")]
    if told := cell.get("traceback") or cell.get("error"):
        lines += ["", "error", *harmless_lines(told)]
    return lines


def _cell_title(cell: Mapping[str, Any]) -> str:
    place = cell.get("execution_count")
    words = ["cell" if place is None else f"cell {place}"]
    if cell.get("notebook"):
        words.append(f"of {harmless(cell['notebook'])}")
    if (cell.get("attempt") or 1) > 1:
        words.append(f"(attempt {cell['attempt']})")
    return " ".join(words)
