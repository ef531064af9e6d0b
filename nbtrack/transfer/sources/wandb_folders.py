"""Reading the folder `wandb/` that W&B fills on this machine: a run is one or several folders
`offline-run-…` or `run-…`, as it was resumed."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.transfer.sources.damaged_records import CutRecord, DamagedRecord
from nbtrack.transfer.sources.derived_ids import experiment_called, run_id_of
from nbtrack.transfer.sources.key_names import renamed_notes
from nbtrack.transfer.sources.logged_run import LoggedRun
from nbtrack.transfer.sources.runs_only import LastRead, RunsOnly, cut_notes, without_place
from nbtrack.transfer.sources.source_files import list_files
from nbtrack.transfer.sources.source_records import (
    BrokenRecord,
    FoundFiles,
    Points,
    SourceExperiment,
    SourceRun,
)
from nbtrack.transfer.sources.wandb_datastore import Entry, entries_in

NO_PROJECT = "uncategorized"  # W&B's own word
_ENTRIES_BEFORE_RUN = 20


class WandbFoldersReader(RunsOnly):
    kind = "wandb"

    def __init__(self, place: Path, *, experiment: str | None = None) -> None:
        """*place* is such a folder, what it is in, or a file .wandb; runs go to *experiment*, by
        default one called as their project. Raises InvalidValue if there is no run in it."""
        self.title = str(place)
        self._joined = experiment
        self._read = LastRead(self._read_all)
        self._left: Counter[str] = Counter()
        self._renamed: dict[str, str] = {}
        self._cut: dict[str, str] = {}
        self._damaged: dict[str, str] = {}
        self._copies: dict[str, str] = {}
        self._stores: dict[str, list[Path]] = {}
        self._projects: dict[str, str] = {}
        for store in _stores_in(place):
            self._add_store(store)
        if not self._stores:
            raise InvalidValue(
                f"{str(place)!r} has no run of W&B: there is no file run-….wandb in a folder of it."
            )

    def notes(self) -> Sequence[str]:
        return [*cut_notes(self._cut), *renamed_notes(self._renamed)]

    def leftovers(self) -> Mapping[str, str]:
        return {**self._damaged, **self._copies, **without_place(self._left)}

    def experiments(self) -> Iterator[SourceExperiment | BrokenRecord]:
        for project in dict.fromkeys(self._projects.values()):
            yield self._experiment(project)

    def run_ids(self) -> Sequence[str]:
        return list(self._stores)

    def run(self, run_id: str) -> SourceRun:
        project = self._projects[run_id]
        return self._read(run_id).source_run(run_id, self._experiment(project).experiment_id)

    def points(self, run_id: str) -> Iterator[Points]:
        yield from self._read(run_id).points

    def files(self, artifact_uri: str, owner: str) -> FoundFiles:
        """Of a run that was resumed, those of the last folder that has one of that name."""
        _ = artifact_uri
        files: dict[str, Path | str] = {}
        for store in self._stores[owner]:
            folder = store.parent / "files"
            if folder.is_dir() and not folder.is_symlink():
                files |= dict(list_files(folder))
        return FoundFiles(files=files)

    def _experiment(self, project: str) -> SourceExperiment:
        return experiment_called(project, joined=self._joined)

    # --- stores

    def _add_store(self, store: Path) -> None:
        facts: dict[str, Any] = {}
        with suppress(CutRecord, DamagedRecord, OSError):
            entries = islice(entries_in(store), _ENTRIES_BEFORE_RUN)
            facts = next((each.facts for each in entries if each.kind == "run"), {})
        name = facts.get("id") or store.stem.removeprefix("run-")
        project = facts.get("project") or NO_PROJECT
        run_id = run_id_of(self.kind, project, name)
        self._keep(store, self._stores.setdefault(run_id, []))
        self._projects[run_id] = project

    def _keep(self, store: Path, known: list[Path]) -> None:
        """Of copies, the longest: with both, each point would be there twice."""
        at = next((n for n, each in enumerate(known) if _names(each) == _names(store)), None)
        if at is None:
            known.append(store)
            return
        if store.stat().st_size > known[at].stat().st_size:
            known[at], store = store, known[at]
        self._copies[str(store)] = f"it is a copy of {known[at]}"

    def _read_all(self, run_id: str) -> LoggedRun:
        run = LoggedRun(left=self._left, renamed=self._renamed)
        for store in self._stores[run_id]:
            run.state = "crashed"  # until it says that it ended
            name = f"{store.parent.name}/{store.name}"
            try:
                for entry in entries_in(store):
                    _take(entry, run)
            except CutRecord as exc:
                self._cut[name] = str(exc)
            except DamagedRecord as exc:
                self._damaged[f"what is behind it in {name}"] = str(exc)
            except OSError as exc:
                raise BrokenRecord(f"{exc.strerror}: {name!r}") from None
            run.facts |= _metadata_beside(store)
        if not run.facts:
            raise BrokenRecord("no record of it can be read")
        run.complete()
        return run


def _take(entry: Entry, run: LoggedRun) -> None:
    if entry.kind == "run":
        run.facts |= entry.facts
        run.config |= entry.values
        run.start = entry.time_ms if run.start is None else run.start
    elif entry.kind == "config":
        run.config |= entry.values
    elif entry.kind == "history":
        run.log(entry.values, entry.step)
    elif entry.kind == "summary":
        run.summary |= entry.values
    elif entry.kind == "stats":
        run.log_system(entry.values, entry.time_ms or 0)
    elif entry.kind == "exit":
        run.ended(entry.facts["code"], entry.facts["seconds"])


def _names(store: Path) -> tuple[str, str]:
    """W&B has the time and the id of the run in them."""
    return store.parent.name, store.name


def _metadata_beside(store: Path) -> dict[str, Any]:
    """Who ran what, where W&B wrote that down."""
    file = store.parent / "files" / "wandb-metadata.json"
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    git = found.get("git")
    facts = {
        "user": found.get("username"),
        "program": found.get("program"),
        "commit": git.get("commit") if isinstance(git, dict) else None,
    }
    return {name: fact for name, fact in facts.items() if isinstance(fact, str) and fact}


def _stores_in(place: Path) -> list[Path]:
    """In the order in which they were begun, which is in their folder's name; links are none: W&B
    calls the last run `latest-run`."""
    if place.is_file():
        return [place]
    found = []
    for level, folders, names in os.walk(place):
        folders[:] = [name for name in folders if name not in ("files", "logs", "tmp")]
        found += [Path(level, name) for name in names if name.endswith(".wandb")]
    found = [each for each in found if not each.is_symlink()]
    return sorted(found, key=_place_in_time)


def _place_in_time(store: Path) -> tuple[str, bool, str]:
    """Of copies, the one that is where W&B writes comes first."""
    home = store.parent
    return home.name.partition("run-")[2], home.parent.name != "wandb", str(store)
