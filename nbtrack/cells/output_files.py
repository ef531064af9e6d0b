"""What a cell printed and displayed, and the files it names, as artifacts of its run.

A full disk or a folder that may not be written raises nothing: what it refuses is not counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nbtrack.artifact_store.sources import DATABASE
from nbtrack.cells.gauges import Readings
from nbtrack.errors import NbtrackError
from nbtrack.recording.active_run import ActiveRun
from nbtrack.records.ids import is_run_id
from nbtrack.stores.opening import folder_of

MOST_FILES = 1000  # by one --artifacts


@dataclass(kw_only=True)
class Kept:
    """*notes* are remarks for the card."""

    paths: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def log_outputs(run: ActiveRun, readings: Readings, kept: Kept) -> None:
    """`output/stdout.txt`, `output/stderr.txt`, `figures/…`, `tables/…`."""
    for name, text in zip(("stdout", "stderr"), readings.text):
        if text:
            _log_bytes(run, text.encode("utf-8", "replace"), f"output/{name}.txt", kept)
    for item in readings.displays.items:
        _log_bytes(run, item.content, item.path, kept)
    if more := readings.displays.left_out:
        kept.notes.append(f"{more:,} more displayed figures or tables were not kept.")


def log_globs(run: ActiveRun, globs: Iterable[str], kept: Kept) -> None:
    """Files below the working folder keep their path in it."""
    for pattern in dict.fromkeys(globs):
        found = sorted(file for file in _matches(pattern) if not _is_stored(file, run))
        if not found:
            kept.notes.append(f"--artifacts {pattern} matches no file.")
        if len(found) > MOST_FILES:
            kept.notes.append(f"--artifacts {pattern}: {MOST_FILES:,} of {len(found):,} are kept.")
        for file in found[:MOST_FILES]:
            _log_file(run, file, kept)


def _log_bytes(run: ActiveRun, content: bytes, path: str, kept: Kept) -> None:
    refused = run.refused_files
    run.log_bytes(content, path)
    if run.refused_files == refused:
        kept.paths.add(path)


def _log_file(run: ActiveRun, file: Path, kept: Kept) -> None:
    folder, refused = _folder_of(file), run.refused_files
    try:
        run.log_artifact(file, folder)
    except (OSError, NbtrackError) as exc:
        kept.notes.append(f"{file} was not kept: {exc}")
    else:
        if run.refused_files == refused:
            kept.paths.add(f"{folder}/{file.name}" if folder else file.name)


def _matches(pattern: str) -> Iterator[Path]:
    import glob

    for name in glob.iglob(str(Path(pattern).expanduser()), recursive=True):
        if (file := Path(name)).is_file():
            yield file


def _is_stored(file: Path, run: ActiveRun) -> bool:
    """Whether it is the project's own, and may be a copy that an earlier run made of *file*."""
    place, project = file.resolve(), folder_of(run.store.uri).resolve()
    if place.is_relative_to(project):
        part = place.relative_to(project).parts[0]
        return part in ("artifacts", "journal") or part.startswith(DATABASE)
    root = Path(run.artifact_uri.removesuffix("/artifacts")).parent.resolve()  # of all its runs
    return place.is_relative_to(root) and is_run_id(place.relative_to(root).parts[0])


def _folder_of(file: Path) -> str | None:
    """The folder relative to the working one; None for files from elsewhere."""
    try:
        parent = file.resolve().relative_to(Path.cwd().resolve()).parent
    except ValueError:
        return None
    return None if parent == Path(".") else parent.as_posix()
