"""Runs as a kernel leaves them, written in this process: what differs between two is chosen."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import nbtrack
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.recording.session import current_session
from nbtrack.records.executions import Execution, ExecutionStatus, SeenFile

ENVIRONMENT: Mapping[str, Any] = {
    "python_version": "3.11.7",
    "implementation": "CPython",
    "platform": "Linux",
    "cpu_model": "a CPU",
    "cpu_cores": 8,
    "memory_bytes": 1 << 34,
    "gpu_models": [],
    "packages": {"numpy": "2.0", "scikit-learn": "1.5", "tqdm": "4.66"},
}
PATCH = """diff --git a/own.py b/own.py
--- a/own.py
+++ b/own.py
@@ -1 +1 @@
--- a comment in SQL
+x = {}
"""
_kernels = itertools.count()


@dataclass(frozen=True, kw_only=True)
class Cell:
    source: str
    cell_id: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)  # of its execution


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Of one run, all that is compared; None where it was not captured."""

    cell: Cell | None = Cell(source="model = Ridge(alpha).fit(X, y)", cell_id="own")
    upstream: Sequence[Cell] | None = (
        Cell(source="import sklearn\nX, y = load()", cell_id="load"),
        Cell(source="X = scaled(X)", cell_id="scale"),
    )
    params: Mapping[str, object] = field(default_factory=lambda: {"alpha": 0.1})
    metrics: Mapping[str, float] = field(default_factory=lambda: {"r2": 0.9})
    data: Mapping[str, str] | None = field(default_factory=lambda: {"X": "d1"})  # digests
    profile: str = '{"num_rows": 150}'
    environment: Mapping[str, Any] | None = field(default_factory=lambda: ENVIRONMENT)
    commit: str | None = "c" * 40
    git: Mapping[str, Any] | None = field(
        default_factory=lambda: {"commit": "c" * 40, "diff": PATCH.format(1), "diff_note": None}
    )
    seeds: Mapping[str, str] | None = field(default_factory=lambda: {"numpy": "5eed"})
    tags: Mapping[str, str] = field(default_factory=dict)


def with_cell(origin: Origin, **facts: Any) -> Origin:
    """Its own execution has other facts."""
    assert origin.cell is not None
    return replace(origin, cell=replace(origin.cell, facts={**origin.cell.facts, **facts}))


def with_environment(**facts: Any) -> Origin:
    return Origin(environment={**ENVIRONMENT, **facts})


def record(origin: Origin = Origin(), *, name: str = "a run") -> str:
    """The id of the run."""
    tags = {**origin.tags, **({} if origin.commit is None else {COMMIT: origin.commit})}
    with nbtrack.start_run(run_name=name, tags=tags) as run:
        nbtrack.log_params(dict(origin.params))
        nbtrack.log_metrics(dict(origin.metrics))
    run_id = run.info.run_id
    _write_cell(run_id, origin)
    _write_surroundings(run_id, origin)
    for label, digest in (origin.data or {}).items():
        facts = {"name": label, "digest": digest, "source_type": "code", "source": "{}"}
        _append(lines.input_line(run_id, t=now_us(), **facts, profile=origin.profile))
    return str(run_id)


COMMIT = "mlflow.source.git.commit"


def _write_cell(run_id: str, origin: Origin) -> None:
    if origin.cell is None:
        return
    seeds = None if origin.seeds is None else json.dumps(dict(origin.seeds))
    facts = {"source": origin.cell.source, **({"seeds": seeds} if seeds else {})}
    _append(lines.cell_line(run_id, t=now_us(), **facts))
    if origin.upstream is not None:
        write_executions(run_id, [*origin.upstream, origin.cell])


def write_executions(run_id: str, cells: Sequence[Cell]) -> None:
    """Each needs all before it, unless its facts say otherwise."""
    kernel = f"k{next(_kernels)}"
    for number, cell in enumerate(cells):
        execution = Execution(
            kernel=kernel,
            number=number,
            source=keep_text(cell.source),
            cell_id=cell.cell_id,
            execution_count=number + 1,
            run_id=run_id if number == len(cells) - 1 else None,
            status=ExecutionStatus.OK,
            needs=tuple(range(number)),
        )
        _append(lines.execution_line(replace(execution, **cell.facts), t=now_us()))


def keep_text(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    _append(lines.text_line(digest, text, t=now_us()))
    return digest


def module(path: str, text: str) -> SeenFile:
    return SeenFile(path, len(text), 1, keep_text(text))


def _write_surroundings(run_id: str, origin: Origin) -> None:
    if origin.environment is not None:
        digest = f"environment of {run_id}"
        _append(lines.environment_line(digest, origin.environment, t=now_us()))
        _append(lines.run_line(run_id, t=now_us(), environment=digest))
    if origin.git is not None:
        digest = f"git of {run_id}"
        _append(lines.environment_line(digest, {"git": origin.git}, t=now_us()))
        _append(lines.tag_line(run_id, "nbtrack.git.state", digest, t=now_us()))


def _append(line: str) -> None:
    current_session().store.append(line)
