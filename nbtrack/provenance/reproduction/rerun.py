"""A slice run once more in a fresh kernel that records it, and the run that came of it."""

from __future__ import annotations

import json
import os
import re
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbtrack.errors import NbtrackError
from nbtrack.provenance.reproduction.fresh_kernel import FreshKernel, clean_environment
from nbtrack.provenance.reproduction.work_folder import Shadow, stamps_of, work_folder
from nbtrack.provenance.upstream import Step, Upstream
from nbtrack.records.executions import ExecutionStatus
from nbtrack.records.runs import Run, RunQuery, ViewType
from nbtrack.settings import Settings
from nbtrack.stores.opening import folder_of
from nbtrack.stores.store import Store

_REHEARSAL = '__import__("nbtrack.provenance.reproduction.rehearsal", fromlist=["_"])'
_BEGIN = f"%load_ext nbtrack\n{_REHEARSAL}.begin_rehearsal({{!r}})\n"
_RESTORE = f"{_REHEARSAL}.restore_generators({{!r}})"
_VALUES = (
    '__import__("nbtrack.provenance.reproduction.cell_values", fromlist=["_"]).value_digests({!r})'
)
_REFUSALS = f"{_REHEARSAL}.refusals()"
_TRACKED = re.compile(r"^[ \t]*%{1,2}track(?!\S)(?! *(last|drop|load|restore|status)\b)", re.M)

Progress = Callable[[int, int, str], None]  # done, all, what runs now


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerun:
    """*run* is that of the run's cell; *others* of the cells before it that are tracked too."""

    run: Run | None
    others: Sequence[Run]
    seconds: float
    predictions: Sequence[dict[str, Any]] = ()
    overwritten: Sequence[Path] = ()  # of the user's files, which nothing could keep from it
    values: Sequence[Mapping[str, str]] = ()  # after each cell, see `cell_values`


class CellFailed(NbtrackError):
    """A cell that ran well when it was recorded does not, or the other way round; or one does
    what a repetition must not."""


def run_again(
    store: Store,
    upstream: Upstream,
    *,
    python: str | None = None,
    timeout: float | None = None,
    may_have_effects: bool = False,
    progress: Progress = lambda _done, _all, _words: None,
    look: Callable[[FreshKernel, Run], Sequence[dict[str, Any]]] = lambda _kernel, _run: (),
) -> Rerun:
    """*look* is called with the new run while the kernel is there.

    Raises CellFailed, KernelFailed, TooMuchToKeep.
    """
    began = time.monotonic()
    # By it the runs of this kernel are found: nobody else has a notebook of this name.
    notebook = f"{_stem(upstream)} (again {uuid.uuid4().hex[:12]}).ipynb"
    with (
        work_folder(upstream) as shadow,
        FreshKernel(
            python=python or sys.executable,
            folder=shadow.folder,
            environment=_environment(store, upstream, shadow, notebook),
            deadline=None if timeout is None else began + timeout,
        ) as kernel,
    ):
        before = stamps_of(shadow.linked)
        allowed = _allowed(store, upstream, shadow, may_have_effects=may_have_effects)
        kernel.prepare(_BEGIN.format(allowed))
        values = _run_cells(kernel, upstream.steps, progress)
        run, others = _runs_of(store, str(shadow.folder / notebook), upstream)
        seconds = time.monotonic() - began
        predictions = () if run is None else look(kernel, run)
        kernel.finish()
        after = stamps_of(shadow.linked)
    return Rerun(
        run=run,
        others=others,
        seconds=seconds,
        predictions=predictions,
        values=values,
        overwritten=[path for path, stamp in before.items() if after.get(path) != stamp],
    )


def _environment(store: Store, upstream: Upstream, shadow: Shadow, notebook: str) -> dict[str, str]:
    settings = _settings(store, upstream, shadow.folder / notebook)
    return clean_environment({**settings, "TMPDIR": str(shadow.temporary)})


def _allowed(store: Store, upstream: Upstream, shadow: Shadow, *, may_have_effects: bool) -> str:
    """For `begin_rehearsal`."""
    folders = [str(shadow.root), str(folder_of(store.uri))]
    # Nothing puts a folder back; of files see `work_folder`.
    files = [path for path in upstream.written_files if not os.path.isdir(path)]
    return json.dumps({"folders": folders, "files": files, "effects": may_have_effects})


def _run_cells(
    kernel: FreshKernel, steps: Sequence[Step], progress: Progress
) -> Sequence[Mapping[str, str]]:
    """The values of what each of them bound."""
    values = []
    for done, step in enumerate(steps):
        progress(done, len(steps), step.label)
        if step.execution.execution_count is not None:  # Out[5] is to be Out[5] again
            kernel.prepare(f"get_ipython().execution_count = {step.execution.execution_count}")
        if step.generators:
            kernel.prepare(_RESTORE.format(json.dumps(step.generators)))
        source = _tracked(step.source) if step is steps[-1] else step.source
        error = kernel.run(source)
        if refused := kernel.ask(_REFUSALS):  # whatever the cell made of it
            raise CellFailed(f"{step.label} would {refused[0]}")
        has_failed = step.execution.status is ExecutionStatus.ERROR
        if error is not None and not has_failed:
            raise CellFailed(f"{step.label} failed, which ran well then: {error}")
        if error is None and has_failed:
            raise CellFailed(f"{step.label} ran well, which failed then")
        values.append(kernel.ask(_VALUES.format(sorted(step.execution.binds))))
    progress(len(steps), len(steps), "")
    return values


def _tracked(source: str) -> str:
    """A cell that was recorded by `%track on`, or afterwards, is recorded here by a line of its
    own, below other cell magics."""
    if _TRACKED.search(source):
        return source
    lines = source.splitlines(keepends=True)
    magics = next((at for at, each in enumerate(lines) if not each.startswith("%%")), len(lines))
    return "".join([*lines[:magics], "%%track\n", *lines[magics:]])


def _settings(store: Store, upstream: Upstream, notebook: Path) -> dict[str, str]:
    """Those of this process, but for the place, and for what tells attempts of a cell apart."""
    settings = Settings.load()
    experiment = store.get_experiment(upstream.run.info.experiment_id).name
    return {
        "NBTRACK_DIR": str(folder_of(store.uri)),
        "NBTRACK_EXPERIMENT": experiment,
        "NBTRACK_NOTEBOOK": str(notebook),
        "NBTRACK_USER": settings.user,
        "NBTRACK_QUIET": "1",
        "NBTRACK_INFER": str(int(settings.infer)),
        "NBTRACK_AUTOLOG": str(int(settings.autolog)),
    }


def _runs_of(store: Store, notebook: str, upstream: Upstream) -> tuple[Run | None, list[Run]]:
    quoted = notebook.replace("'", "''")
    query = RunQuery(
        filter_string=f"tags.`mlflow.source.name` = '{quoted}'",
        order_by=("attributes.start_time ASC",),
        view_type=ViewType.ALL,
    )
    runs = store.search_runs(query)
    cells = store.read_cells([run.info.run_id for run in runs])
    count = upstream.own.execution.execution_count
    own = [
        run
        for run in runs
        if (cell := cells.get(run.info.run_id)) and count in (None, cell.get("execution_count"))
    ]
    found = own[-1] if own else None
    return found, [run for run in runs if run is not found]


def _stem(upstream: Upstream) -> str:
    return Path(upstream.own.execution.notebook or "notebook").stem
