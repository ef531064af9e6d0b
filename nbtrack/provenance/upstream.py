"""What a run came from: the cells that made what its own cell used, and what these touched."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbtrack.errors import NotCaptured
from nbtrack.provenance.executions.recorder import digest_of
from nbtrack.provenance.slices import (
    cell_label,
    recorded_executions,
    slice_of,
    with_ancestors,
)
from nbtrack.records.executions import Execution, SeenFile
from nbtrack.records.runs import Run
from nbtrack.stores.store import Store

_CACHES = frozenset((".cache", ".config", ".matplotlib", "__pycache__"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A cell that has to run; *source* is as it was typed, *generators* are states to begin with,
    see `generator_states`."""

    execution: Execution
    source: str
    generators: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return cell_label(self.execution)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """*run* is that of the last step's cell; *asked*, another one, is then below it.

    *modules* are those of the project with their texts, *environment* and *seeds* as recorded.
    """

    asked: Run
    run: Run
    steps: tuple[Step, ...]
    modules: Mapping[str, str]
    environment: Mapping[str, Any]
    seeds: Mapping[str, str]

    @property
    def own(self) -> Step:
        """The run's cell."""
        return self.steps[-1]

    @property
    def executions(self) -> list[Execution]:
        return [step.execution for step in self.steps]

    @property
    def folder(self) -> Path | None:
        """Where the cells worked, as far as it is known."""
        first = self.executions[0]
        place = first.folder or (first.notebook and str(Path(first.notebook).parent))
        return Path(place) if place and Path(place).is_absolute() else None

    @property
    def given_files(self) -> list[SeenFile]:
        """The data: what the cells read and had not written themselves, each as first seen.

        Of a file that one cell both reads and writes nobody knows what it was before.
        """
        found: dict[str, SeenFile] = {}
        written: set[str] = set()
        for each in self.executions:
            written.update(file.path for file in each.files_written)
            for file in each.files_read:
                is_own = file.path in written or file.path in self.modules
                if not is_own and _is_data(file):
                    found.setdefault(file.path, file)
        return list(found.values())

    @property
    def written_files(self) -> list[str]:
        paths = (file.path for each in self.executions for file in each.files_written)
        return list(dict.fromkeys(paths))

    @property
    def gaps(self) -> list[str]:
        """What is known not to be captured, a sentence each, with the cell that it is about."""
        told = (f"{step.label}: {gap}" for step in self.steps for gap in step.execution.gaps)
        return list(dict.fromkeys(told))


def upstream_of(store: Store, run: Run) -> Upstream:
    """Raises NotCaptured where nothing was recorded, or not enough."""
    found = recorded_executions(store, with_ancestors(store, run))
    if found is None:
        raise NotCaptured(run.info.run_id, run.info.run_name, "the execution of its cell")
    cell_run, executions = found
    needed = slice_of(executions, executions[-1].number)
    texts = _read_texts(store, needed)
    modules = {file.path: file.sha256 for each in needed for file in each.modules}
    return Upstream(
        asked=run,
        run=cell_run,
        steps=tuple(_steps(run, needed, texts)),
        modules={path: texts[key] for path, key in modules.items() if key and key in texts},
        environment=store.read_environments([cell_run.info.run_id]).get(cell_run.info.run_id, {}),
        seeds=_seeds(store.read_cell(cell_run.info.run_id) or {}),
    )


def _read_texts(store: Store, needed: list[Execution]) -> dict[str, str]:
    """What is going to be run: whoever logs to the same store may say that a text is another one. A
    module is kept as it may be stored, which need not be what its digest is of."""
    found = store.read_texts(sorted({digest for each in needed for digest in each.texts}))
    modules = {file.sha256 for each in needed for file in each.modules}
    return {key: text for key, text in found.items() if key in modules or digest_of(text) == key}


def _steps(run: Run, needed: list[Execution], texts: Mapping[str, str]) -> Iterator[Step]:
    for each in needed:
        if each.source not in texts:
            what = f"the source of cell [{each.execution_count or each.number}]"
            raise NotCaptured(run.info.run_id, run.info.run_name, what)
        states = tuple(texts[digest] for digest in each.generators if digest in texts)
        yield Step(execution=each, source=texts[each.source], generators=states)


def _seeds(cell: Mapping[str, Any]) -> dict[str, str]:
    seeds = cell.get("seeds")
    found = json.loads(seeds) if isinstance(seeds, str) else seeds
    return dict(found) if isinstance(found, Mapping) else {}


def _is_data(file: SeenFile) -> bool:
    """Not what was looked for in vain or is gone, nor what libraries keep for themselves."""
    return file.size is not None and _CACHES.isdisjoint(Path(file.path).parts)
