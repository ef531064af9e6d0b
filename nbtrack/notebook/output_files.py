"""What a cell printed and displayed, and the files it names, as artifacts of its run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nbtrack.errors import NbtrackError
from nbtrack.notebook.gauges import Readings
from nbtrack.run import ActiveRun

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
            path = f"output/{name}.txt"
            run.log_text(text, path)
            kept.paths.add(path)
    for item in readings.displays.items:
        run.log_bytes(item.content, item.path)
        kept.paths.add(item.path)
    if more := readings.displays.left_out:
        kept.notes.append(f"{more:,} more displayed figures or tables were not kept.")


def log_globs(run: ActiveRun, globs: Iterable[str], kept: Kept) -> None:
    """Files below the working folder keep their path in it."""
    for pattern in dict.fromkeys(globs):
        found = sorted(_matches(pattern))
        if not found:
            kept.notes.append(f"--artifacts {pattern} matches no file.")
        if len(found) > MOST_FILES:
            kept.notes.append(f"--artifacts {pattern}: {MOST_FILES:,} of {len(found):,} are kept.")
        for file in found[:MOST_FILES]:
            _log_file(run, file, kept)


def _log_file(run: ActiveRun, file: Path, kept: Kept) -> None:
    folder = _folder_of(file)
    try:
        run.log_artifact(file, folder)
    except (OSError, NbtrackError) as exc:
        kept.notes.append(f"{file} was not kept: {exc}")
    else:
        kept.paths.add(f"{folder}/{file.name}" if folder else file.name)


def _matches(pattern: str) -> Iterator[Path]:
    import glob

    for name in glob.iglob(str(Path(pattern).expanduser()), recursive=True):
        if (file := Path(name)).is_file():
            yield file


def _folder_of(file: Path) -> str | None:
    """The folder relative to the working one; None for files from elsewhere."""
    try:
        parent = file.resolve().relative_to(Path.cwd().resolve()).parent
    except ValueError:
        return None
    return None if parent == Path(".") else parent.as_posix()
