"""Where the record is and why there, who writes and holds it, and whether it is whole."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import nbtrack
from nbtrack.cli.console import count, harmless, listed, say
from nbtrack.cli.integrity import FileReport, check_files
from nbtrack.cli.mlflow_variables import variables_told
from nbtrack.cli.place import Place, add_artifacts, find_place, find_project, open_project
from nbtrack.display.number_format import format_age, format_size
from nbtrack.display.temporary_place import temporary_words
from nbtrack.display.text_table import aligned
from nbtrack.errors import StoreError
from nbtrack.model_registry.audit import verify
from nbtrack.model_registry.copied_files import changed_versions, count_versions
from nbtrack.recording.session import current_session
from nbtrack.settings import Settings, is_temporary
from nbtrack.stores.opening import (
    folder_of,
    is_database,
    is_server,
    wait_for_kind,
    without_password,
)
from nbtrack.stores.store import Store

if TYPE_CHECKING:
    from nbtrack.remote.shipped import ShippedStore

_PACKAGES = ("duckdb", "ipython", "ipykernel", "pandas", "scikit-learn")
_LITTLE_SPACE = 200_000_000  # bytes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_artifacts(parser)
    parser.add_argument(
        "--quick",
        action="store_true",
        help="do not read the artifacts and registered models to compare their sha256",
    )


def doctor(mask_envs: bool = False) -> None:
    """Print `nbtrack doctor --quick` of this process's project."""
    _ = mask_envs  # MLflow's signature; no value of the environment is printed
    store = current_session().store
    server = store.uri if is_server(store.uri) else None
    place = Place(folder=folder_of(store.uri), reason="this process uses it", server=server)
    _report_any(store, place, is_quick=True)


def run(arguments: argparse.Namespace) -> int:
    place = _place(arguments.store, arguments.artifacts)
    wait_for_kind(place.server)
    store = open_project(place)
    return 1 if _report_any(store, place, is_quick=arguments.quick) else 0


def _place(chosen: str | None, artifacts: str | None) -> Place:
    """Of a server that this machine logs to, too."""
    if artifacts is None and not (chosen and is_database(chosen)):
        return find_place(chosen)
    return find_project(chosen, artifacts)


def _report_any(store: Store, place: Place, *, is_quick: bool) -> Sequence[str]:
    from nbtrack.remote.shipped import ShippedStore

    if isinstance(store, ShippedStore):
        return _report_of_server(store, place)
    return _report(store, place, is_quick=is_quick)


def _report_of_server(store: ShippedStore, place: Place) -> Sequence[str]:
    from nbtrack.cli.doctor_of_server import facts_of_server

    facts = facts_of_server(store, place)
    troubles = [*facts.troubles, *_troubles(place, {"problem": None})]
    told = {"versions": _versions(), **facts.told}
    rows = aligned([[name, harmless(text)] for name, text in told.items()])
    say(*rows, *variables_told(), "", *_verdict(troubles))
    return troubles


def _report(store: Store, place: Place, *, is_quick: bool) -> list[str]:
    """Print it; what is wrong comes back."""
    facts = store.status()
    files = None if is_quick else _files(store, facts)
    registry = _registry(store, facts, reads_files=not is_quick)
    troubles = [*_troubles(place, facts), *(files.troubles() if files else []), *registry.troubles]
    told = {**_facts(place, facts, files), "registry": registry.summary}
    rows = aligned([[name, harmless(text)] for name, text in told.items()])
    say(*rows, *_writers(facts["writers"]), *variables_told(), "", *_verdict(troubles))
    return troubles


def _files(store: Store, facts: dict[str, Any]) -> FileReport | None:
    """None when the database cannot be read: then that is what is wrong."""
    if facts["problem"]:
        return None
    try:
        return check_files(store)
    except StoreError as exc:
        facts["problem"] = str(exc)
        return None


class _Registry(NamedTuple):
    summary: str
    troubles: Sequence[str]


def _registry(store: Store, facts: dict[str, Any], *, reads_files: bool) -> _Registry:
    """Its record, and the copies of models that it keeps."""
    if facts["problem"]:
        return _Registry("not checked", [])
    versions = count_versions(store)
    check = verify(store)
    changed = list(changed_versions(store)) if reads_files else []
    troubles = [f"The model registry: {text}" for text in (*check.problems, *changed)]
    if not check.head.number and not troubles:
        return _Registry("none", [])
    state = "NOT as recorded" if troubles else "as recorded"
    read = "" if reads_files else ", files not checked"
    return _Registry(
        f"{count(versions, 'version')}, {count(check.head.number, 'event')}: {state}{read}",
        troubles,
    )


def _facts(place: Place, facts: dict[str, Any], files: FileReport | None) -> dict[str, str]:
    temporary = f" ({temporary_words(place.folder)})" if is_temporary(place.folder) else ""
    return {
        "versions": _versions(),
        "store": f"{place.folder}{temporary}",
        "why there": place.reason,
        "database": _database(place, facts),
        "journals": f"{format_size(facts['waiting_bytes'])} waiting to be folded",
        "damaged lines": f"{facts['bad_lines']:,}{_bad_lines_hint(facts['bad_lines'])}",
        "artifacts": files.summary() if files else "not checked",
    }


def _versions() -> str:
    words = [f"nbtrack {nbtrack.__version__}", f"Python {platform.python_version()}"]
    for package in _PACKAGES:
        try:
            words.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            words.append(f"{package} not installed")
    return ", ".join(words)


def _database(place: Place, facts: dict[str, Any]) -> str:
    if place.database is not None:
        return f"{format_size(facts['database_bytes'])}, {without_password(place.database)}"
    if not facts["database_bytes"]:
        return "none yet: the first fold makes it"
    state = "cannot be read" if facts["problem"] else "free"
    folding = ", somebody is folding" if facts["is_folding"] else ""
    return f"{format_size(facts['database_bytes'])}, {state}{folding}"


def _bad_lines_hint(number: int) -> str:
    return ' kept aside: nbtrack sql "select * from bad_lines"' if number else ""


def _writers(writers: Sequence[dict[str, Any]]) -> list[str]:
    rows = [
        [
            "  alive" if writer["is_alive"] else "  dead",
            f"PID {writer.get('pid', '?')} on {harmless(str(writer.get('host', '?')))}",
            _since(writer.get("started_us")),
            harmless(Path(str(writer.get("command") or "")).name),
        ]
        for writer in sorted(writers, key=lambda writer: not writer["is_alive"])
    ]
    dead = sum(not writer["is_alive"] for writer in writers)
    note = ["  (the next fold ends the runs of the dead as KILLED)"] if dead else []
    return [
        f"writers        {len(writers) - dead} alive, {dead} dead",
        *listed(aligned(rows)),
        *note,
    ]


def _since(started_us: object) -> str:
    if not isinstance(started_us, int):
        return ""
    return f"began {format_age(time.time() - started_us / 1e6)}"


def _troubles(place: Place, facts: dict[str, Any]) -> list[str]:
    found = [str(facts["problem"])] if facts["problem"] else []
    Settings.load(found)  # what is wrong with the settings comes on top
    nearest = _nearest_that_exists(place.folder)
    if not os.access(nearest, os.W_OK):
        found.append(
            f"{nearest} cannot be written, so nothing can be recorded. Make it writable, "
            "or set NBTRACK_DIR to a folder that is."
        )
    free = shutil.disk_usage(nearest).free
    if free < _LITTLE_SPACE:
        found.append(
            f"The disk of {nearest} has only {format_size(free)} left. Free some; "
            "nbtrack gc shows what deleted runs hold."
        )
    return found


def _nearest_that_exists(folder: Path) -> Path:
    return next(level for level in (folder, *folder.parents) if level.exists())


def _verdict(troubles: Sequence[str]) -> list[str]:
    if not troubles:
        return ["All is well."]
    return [f"{count(len(troubles), 'problem')}:", *(f"- {trouble}" for trouble in troubles)]
