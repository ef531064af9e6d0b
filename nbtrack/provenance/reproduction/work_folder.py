"""Where a slice runs once more: in the folder it worked in, or in a shadow of it.

A slice that writes files gets a shadow, so that it overwrites nothing: the same folder of links,
in which what it wrote is missing and what it wrote over is a copy. A module that has changed since
lies in the shadow as it was. Files that it writes by absolute paths are put back afterwards.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from nbtrack.errors import NbtrackError
from nbtrack.provenance.upstream import Upstream
from nbtrack.settings import FOLDER_NAME

_MOST_KEPT = 2 << 30  # bytes of files that are put back


class TooMuchToKeep(NbtrackError):
    """What a slice would overwrite is too large to be kept aside."""


@contextmanager
def work_folder(upstream: Upstream) -> Iterator[Path]:
    """Raises TooMuchToKeep."""
    folder, modules = upstream.folder, changed_modules(upstream)
    with ExitStack() as stack:
        stack.enter_context(_put_back(upstream.written_files))
        if folder is None or not folder.is_dir():
            place = Path(stack.enter_context(_temporary()))
            _fill(place, {path.name: text for path, text in modules.items()})
        elif upstream.written_files or modules:
            place = Path(stack.enter_context(_temporary()))
            _shadow(folder, place, upstream, modules)
        else:
            place = folder
        yield place


def changed_modules(upstream: Upstream) -> dict[Path, str]:
    """Those of the project that are not any more as they were, with what they said."""
    return {Path(path): text for path, text in upstream.modules.items() if _text_at(path) != text}


def outside_modules(upstream: Upstream) -> list[str]:
    """Changed ones that no shadow holds: they are found by another way than the folder."""
    folder = upstream.folder
    return [
        str(path)
        for path in changed_modules(upstream)
        if folder is not None and folder not in path.parents
    ]


def _text_at(path: str) -> str | None:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _temporary() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="nbtrack-again-", ignore_cleanup_errors=True)


def _fill(place: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text, encoding="utf-8")


def _shadow(folder: Path, place: Path, upstream: Upstream, modules: Mapping[Path, str]) -> None:
    """Folders with something of their own in them are made, all others are links."""
    written = {Path(path) for path in upstream.written_files}
    read = {Path(file.path) for each in upstream.executions for file in each.files_read}
    own = {path for path in (*written, *modules) if folder in path.parents}
    made = {level for path in own for level in path.parents if folder in (level, *level.parents)}
    for level in sorted(made | {folder}):
        (place / level.relative_to(folder)).mkdir(parents=True, exist_ok=True)
        for entry in os.scandir(level) if level.is_dir() else ():
            path = Path(entry.path)
            if path not in made | own and entry.name != FOLDER_NAME:
                (place / path.relative_to(folder)).symlink_to(path)
    for path in own & written & read - modules.keys():  # it reads what it then writes over
        with suppress(FileNotFoundError):
            shutil.copyfile(path, place / path.relative_to(folder))
    texts = {str(p.relative_to(folder)): text for p, text in modules.items() if p in own}
    _fill(place, texts)


@contextmanager
def _put_back(paths: list[str]) -> Iterator[None]:
    """Those of *paths* that are there are afterwards what they are now."""
    there = [Path(path) for path in paths if os.path.isfile(path)]
    if sum(path.stat().st_size for path in there) > _MOST_KEPT:
        raise TooMuchToKeep("it writes over files of more than 2 GB, which cannot be kept aside")
    with _temporary() as place:
        kept = {path: Path(place) / str(number) for number, path in enumerate(there)}
        for path, copy in kept.items():
            shutil.copy2(path, copy)
        before = {path: _digest(path) for path in there}
        try:
            yield
        finally:
            for path, copy in kept.items():
                if _digest(path) != before[path]:
                    shutil.copy2(copy, path)


def _digest(path: Path) -> str | None:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
