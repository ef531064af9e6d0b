"""Free what was deleted, and files that nobody recorded. Shows first; --yes does it.

The folders of runs that the database does not know stay: it may be younger than they are.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nbtrack.artifact_store.paths import folder_of, stays_within
from nbtrack.cli.bucket_leftovers import BucketGarbage, bucket_garbage, remove_contents
from nbtrack.cli.console import count, harmless, listed, say
from nbtrack.cli.leftovers import StoredFile, stored_files, unrecorded
from nbtrack.cli.logged_model_leftovers import GoneModel, gone_models, remove_models
from nbtrack.cli.model_leftovers import ModelGarbage, model_garbage, remove_copies
from nbtrack.cli.place import add_artifacts, find_project, open_project
from nbtrack.cli.received_leftovers import remove_received
from nbtrack.display.number_format import format_size
from nbtrack.errors import NbtrackError
from nbtrack.provenance.executions.unneeded import unneeded_executions
from nbtrack.server.buckets.bucket import Bucket
from nbtrack.stores.local.inventory import KnownRun, known_runs, recorded_files
from nbtrack.stores.opening import folder_of as project_of
from nbtrack.stores.store import Store

_REST = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Garbage:
    """*kept* are deleted runs that are left alone, each with the reason."""

    root: Path  # the project's own artifacts folder: nothing outside of it is ever removed
    runs: Sequence[KnownRun]
    files: Sequence[StoredFile]  # of deleted runs
    orphans: Sequence[StoredFile]  # unknown to their run
    strangers: Sequence[StoredFile]  # of runs that the database does not know
    kept: Sequence[tuple[KnownRun, str]]
    models: ModelGarbage
    logged: Sequence[GoneModel]
    executions: Mapping[str, Sequence[int]]  # of cells that no run needed, by kernel
    contents: BucketGarbage | None = None  # where files are in a bucket

    @property
    def size(self) -> int:
        files = sum(file.size for file in (*self.files, *self.orphans))
        copies = sum(copy.size for copy in self.models.copies)
        contents = self.contents.size if self.contents else 0
        return files + copies + contents + sum(model.size for model in self.logged)

    @property
    def is_empty(self) -> bool:
        rows = self.runs or self.logged or self.executions
        contents = self.contents is not None and not self.contents.is_empty
        return not (rows or self.orphans or self.models.copies or contents)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_artifacts(parser)
    parser.add_argument("--yes", action="store_true", help="do it; without, it is only shown")
    parser.add_argument(
        "--unknown-runs",
        action="store_true",
        help="also the files of runs that the database does not know; they are lost if it was "
        "moved away or replaced since",
    )


def run(arguments: argparse.Namespace) -> int:
    place = find_project(arguments.store, arguments.artifacts)
    store = open_project(place)
    garbage = find_garbage(store)
    if place.bucket is not None:
        garbage = replace(garbage, contents=_contents(store, Bucket(place.bucket), garbage))
    if arguments.unknown_runs:
        orphans = [*garbage.orphans, *garbage.strangers]
        garbage = replace(garbage, orphans=orphans, strangers=[])
    say(*_report(garbage, is_done=arguments.yes))
    if arguments.yes:
        remove(store, garbage)
    elif not garbage.is_empty:
        say("Nothing is removed yet: nbtrack gc --yes does it.")
    return 0


def _contents(store: Store, bucket: Bucket, garbage: Garbage) -> BucketGarbage:
    runs = {run.run_id for run in garbage.runs}
    models = {each.model_id for each in garbage.logged}
    return bucket_garbage(store, bucket, runs=runs, models=models)


def find_garbage(store: Store) -> Garbage:
    """What could go now. Raises StoreError."""
    root = project_of(store.uri) / "artifacts"
    files = stored_files(root)  # before the records: see `unrecorded`
    runs = known_runs(store)
    status = store.status()
    alive = {w["writer"]: w for w in status["writers"] if w["is_alive"]}
    deleted = [run for run in runs if run.is_deleted]
    gone = [run for run in deleted if run.writer not in alive]
    kept = [(run, _holder(alive[run.writer])) for run in deleted if run.writer in alive]
    freed = {run.run_id for run in gone if _is_own(run, root)}
    busy = {run.run_id for run in runs if run.writer in alive}
    known = {run.run_id for run in runs}
    left = unrecorded(files, recorded_files(store), but=busy | freed)
    return Garbage(
        root=root,
        runs=gone,
        files=[file for file in files if file.run_id in freed],
        orphans=[file for file in left if file.run_id in known],
        strangers=[file for file in left if file.run_id not in known],
        kept=kept,
        models=model_garbage(store),
        logged=gone_models(store, root, runs={run.run_id for run in gone}),
        executions=unneeded_executions(
            store,
            runs=known - {run.run_id for run in gone},
            alive=busy,
            quiet_since=None if status.get("knows_who_is_alive", True) else _clients_rest(),
        ),
    )


def _clients_rest() -> datetime:
    """A server does not know which of its clients are alive: a notebook that has run a cell since
    then may go on with what it has."""
    return datetime.now(UTC).replace(tzinfo=None) - _REST


def remove(store: Store, garbage: Garbage) -> None:
    """Rows first: when the database is not to be had, no file is lost. Raises StoreBusy."""
    if garbage.runs:
        store.remove_runs([run.run_id for run in garbage.runs])
    if garbage.executions:
        store.remove_executions(garbage.executions)
    for run in garbage.runs:
        folder = garbage.root / run.run_id
        if _is_own(run, garbage.root) and not folder.is_symlink() and folder.is_dir():
            shutil.rmtree(folder)
    for file in garbage.orphans:
        path = garbage.root / file.run_id / file.path
        path.unlink(missing_ok=True)
        _remove_empty_folders(path.parent, root=garbage.root)
    remove_copies(garbage.models.copies)
    remove_models(store, garbage.logged)
    owners = [run.run_id for run in garbage.runs] + [each.model_id for each in garbage.logged]
    remove_received(garbage.root.parent, owners)
    if garbage.contents is not None:
        remove_contents(store, garbage.contents)


def _is_own(run: KnownRun, root: Path) -> bool:
    """Whether the run's files are where this project keeps them, and not somebody else's."""
    try:
        folder = folder_of(run.artifact_uri)
    except NbtrackError:  # a location of another kind
        return False
    return folder == root / run.run_id and stays_within(folder, root)


def _holder(facts: dict[str, Any]) -> str:
    if "pid" not in facts:
        return f"it has not ended, and {facts.get('host', 'its process')} may log to it"
    return f"its process is alive (PID {facts.get('pid', 'unknown')} on {facts.get('host', '?')})"


def _remove_empty_folders(folder: Path, *, root: Path) -> None:
    """Up to, and without, *root*; stops at the first that still holds something."""
    with suppress(OSError):
        while folder != root:
            folder.rmdir()
            folder = folder.parent


def _report(garbage: Garbage, *, is_done: bool) -> list[str]:
    stays = [*_kept(garbage), *_strangers(garbage), *_strange_models(garbage)]
    if garbage.is_empty:
        return ["Nothing to free.", *stays]
    verb = "Freeing" if is_done else "Would free"
    return [
        f"{verb} {format_size(garbage.size)} in {garbage.root.parent}",
        *_runs(garbage),
        *_orphans(garbage),
        *_models(garbage),
        *_logged(garbage),
        *_executions(garbage),
        *(garbage.contents.told() if garbage.contents else []),
        *stays,
    ]


def _runs(garbage: Garbage) -> list[str]:
    if not garbage.runs:
        return []
    sizes: dict[str, int] = {}
    for file in garbage.files:
        sizes[file.run_id] = sizes.get(file.run_id, 0) + file.size
    lines = (
        f"  {run.run_id[:8]}  {format_size(sizes.get(run.run_id, 0)):>7}  {harmless(run.name)}"
        + (
            ""
            if _is_own(run, garbage.root)
            else f"  (its files stay: {harmless(run.artifact_uri)})"
        )
        for run in garbage.runs
    )
    return [f"{count(len(garbage.runs), 'deleted run')}:", *listed(lines)]


def _orphans(garbage: Garbage) -> list[str]:
    if not garbage.orphans:
        return []
    lines = (
        f"  {format_size(file.size):>7}  {harmless(f'{file.run_id}/{file.path}')}"
        for file in garbage.orphans
    )
    return [f"{count(len(garbage.orphans), 'file')} that no run recorded:", *listed(lines)]


def _models(garbage: Garbage) -> list[str]:
    copies = garbage.models.copies
    if not copies:
        return []
    lines = (
        f"  {format_size(copy.size):>7}  {harmless('/'.join(copy.folder.parts[-2:]))}"
        for copy in copies
    )
    return [f"{count(len(copies), 'copy', 'copies')} of models, not registered:", *listed(lines)]


def _logged(garbage: Garbage) -> list[str]:
    if not garbage.logged:
        return []
    lines = (
        f"  {each.model_id[:10]}  {format_size(each.size):>7}  {harmless(each.name)}"
        for each in garbage.logged
    )
    return [f"{count(len(garbage.logged), 'logged model')}, deleted:", *listed(lines)]


def _executions(garbage: Garbage) -> list[str]:
    number = sum(map(len, garbage.executions.values()))
    return [f"{count(number, 'record')} of cells that no run needed."] if number else []


def _strange_models(garbage: Garbage) -> list[str]:
    copies = garbage.models.strangers
    if not copies:
        return []
    return [
        f"{count(len(copies), 'copy', 'copies')} of models that the registry does not know stay: "
        "its record does not fit its note. `nbtrack registry verify` says more."
    ]


def _strangers(garbage: Garbage) -> list[str]:
    if not garbage.strangers:
        return []
    runs = len({file.run_id for file in garbage.strangers})
    return [
        f"{count(len(garbage.strangers), 'file')} of {count(runs, 'run')} that this database does "
        "not know stay: another database may know them, if one was moved away or replaced."
    ]


def _kept(garbage: Garbage) -> list[str]:
    lines = (f"  {run.run_id[:8]}  {harmless(run.name)}: {why}" for run, why in garbage.kept)
    return ["Left alone:", *listed(lines)] if garbage.kept else []
