"""Where a slice runs once more: in a shadow of the folder it worked in.

What lies in the folder is copied as far as there is room, what the slice read first; the rest are
links, and so are the folders around it. What the slice wrote is missing, a module that has changed
since is as it was. Files that it writes by absolute paths are put back afterwards.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from nbtrack.base.file_digest import sha256_of
from nbtrack.capture.secrets import mask_secrets
from nbtrack.errors import NbtrackError
from nbtrack.provenance.upstream import Upstream
from nbtrack.settings import FOLDER_NAME

PREFIX = "nbtrack-again-"  # of what a shadow is in
AROUND, TEMPORARY = "around", "temporary"  # below that
_MOST_KEPT = 2 << 30  # bytes of files that are put back
_MOST_COPIED = 200 << 20  # bytes of the folder
_MOST_ENTRIES = 5_000
_LEVELS_AROUND = 2  # above the folder


class TooMuchToKeep(NbtrackError):
    """What a slice would overwrite is too large to be kept aside."""


class Shadow(NamedTuple):
    """*root* is all that the cells may write to, *folder*, below it, where they work."""

    root: Path
    folder: Path
    linked: Sequence[Path]  # files that are not copied

    @property
    def temporary(self) -> Path:
        return self.root / TEMPORARY


@contextmanager
def work_folder(upstream: Upstream) -> Iterator[Shadow]:
    """Raises TooMuchToKeep."""
    folder, modules = upstream.folder, changed_modules(upstream)
    with ExitStack() as stack:
        stack.enter_context(_put_back(upstream.written_files))
        root = Path(stack.enter_context(_temporary()))
        if folder is None or not folder.is_dir():
            shadow = Shadow(root, root / "work", [])
            _fill(shadow.folder, {path.name: text for path, text in modules.items()})
        else:
            shadow = _shadow(folder, root, upstream, modules)
        shadow.folder.mkdir(parents=True, exist_ok=True)
        shadow.temporary.mkdir()
        yield shadow


def stamps_of(paths: Iterable[Path]) -> dict[Path, tuple[int, int]]:
    """By which a change shows that was made through a link, where no guard sees it."""
    found = {}
    for path in paths:
        with suppress(OSError):
            found[path] = (path.stat().st_size, path.stat().st_mtime_ns)
    return found


def changed_modules(upstream: Upstream) -> dict[Path, str]:
    """Those of the project that are not any more as they were, with what they said."""
    return {Path(path): text for path, text in upstream.modules.items() if not _says(path, text)}


def outside_modules(upstream: Upstream) -> list[str]:
    """Changed ones that no shadow holds: they are found by another way than the folder."""
    folder = upstream.folder
    return [
        str(path)
        for path in changed_modules(upstream)
        if folder is not None and folder not in path.parents
    ]


def _says(path: str, text: str) -> bool:
    """Whether a module still says *text*, in which secrets are masked."""
    try:
        now = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return text in (now, mask_secrets(now))


def _temporary() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True)


def _fill(place: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text, encoding="utf-8")


def _shadow(folder: Path, root: Path, upstream: Upstream, modules: Mapping[Path, str]) -> Shadow:
    """At the same place below *root*, for what lies beside it is found by `..`."""
    place = _among_links(folder, root / AROUND)
    written = {Path(path) for path in upstream.written_files}
    read = {Path(file.path) for each in upstream.executions for file in each.files_read}
    given = {level for file in upstream.given_files for level in Path(file.path).parents}
    # What it reads it may then write over, and a folder that it asked for may have been there.
    left_out = (written - read - given) | modules.keys()
    linked = _copy_tree(folder, place, read=read, left_out=left_out)
    for path in written:  # folders that were there then
        if folder in path.parents and left_out.isdisjoint(path.parents):
            (place / path.relative_to(folder)).parent.mkdir(parents=True, exist_ok=True)
    own = {path: text for path, text in modules.items() if folder in path.parents}
    _fill(place, {str(path.relative_to(folder)): text for path, text in own.items()})
    return Shadow(root, place, linked)


def _among_links(folder: Path, around: Path) -> Path:
    """The folder to be, with those beside it and beside the ones right above it."""
    place = around / folder.relative_to(folder.anchor)
    place.mkdir(parents=True)
    for level in folder.parents[:_LEVELS_AROUND]:
        with suppress(PermissionError):
            for entry in islice(os.scandir(level), _MOST_ENTRIES):
                link = around / Path(entry.path).relative_to(folder.anchor)
                if not os.path.lexists(link) and entry.name != FOLDER_NAME:
                    link.symlink_to(entry.path)
    return place


def _copy_tree(
    folder: Path, place: Path, *, read: AbstractSet[Path], left_out: AbstractSet[Path]
) -> Sequence[Path]:
    """What was not copied, where it lies; what was read and what lies higher is copied first."""
    files, linked_folders = _listed(folder, left_out)
    for path in linked_folders:
        _at(place, folder, path).symlink_to(path)
    room, linked = _MOST_COPIED, []
    for path in sorted(files, key=lambda path: (path not in read, len(path.parts))):
        size = path.stat().st_size if path.is_file() else _MOST_COPIED + 1
        if size <= room:
            room -= size
            shutil.copy2(path, _at(place, folder, path))
        else:
            linked.append(path)
            _at(place, folder, path).symlink_to(path)
    return linked


def _listed(folder: Path, left_out: AbstractSet[Path]) -> tuple[list[Path], list[Path]]:
    """Files, and folders that are not looked into: those of tools, and all after very many."""
    files: list[Path] = []
    linked: list[Path] = []
    waiting = [folder]
    while waiting:
        level = waiting.pop(0)
        if level != folder and (len(files) > _MOST_ENTRIES or not os.access(level, os.R_OK)):
            linked.append(level)
            continue
        for entry in os.scandir(level):
            path = Path(entry.path)
            if entry.name == FOLDER_NAME or path in left_out:
                continue
            if not entry.is_dir():
                files.append(path)
            elif entry.is_symlink() or _is_of_a_tool(path):
                linked.append(path)
            else:
                waiting.append(path)
    return files, linked


def _is_of_a_tool(folder: Path) -> bool:
    is_environment = (folder / "pyvenv.cfg").exists()
    return folder.name.startswith(".") or folder.name == "node_modules" or is_environment


def _at(place: Path, folder: Path, path: Path) -> Path:
    target = place / path.relative_to(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


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
        return sha256_of(path)
    except OSError:
        return None
