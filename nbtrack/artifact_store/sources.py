"""The user's own files and folders, checked before they are copied into a run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from nbtrack.artifact_store.paths import TEMPORARY
from nbtrack.base.databases import database_files
from nbtrack.errors import FileMissing, InvalidValue

PROJECT_FOLDER = ".nbtrack"
DATABASE = "nbtrack.duckdb"


def checked_file(file: Path) -> Path:
    """*file* itself, if it can be copied."""
    if not file.exists():
        raise FileMissing(f"There is no file or folder {str(file)!r} to log.")
    if not file.is_file():
        # Reading a pipe or a device would hang, or never end.
        raise InvalidValue(f"{str(file)!r} is a pipe, socket or device; only files can be logged.")
    if file.name.startswith(DATABASE) or _is_open_database(file):
        # Closing any file object on it would drop the lock that DuckDB holds in this process.
        raise InvalidValue(
            f"{str(file)!r} is the database of nbtrack itself and is not logged. "
            "To share it, copy it while no notebook is open."
        )
    return file


def _is_open_database(file: Path) -> bool:
    """Whether *file* is, by another name or a link, a database that this process reads."""
    found = file.stat()
    return any(os.path.samestat(found, known) for known in database_files())


def files_under(folder: Path, *, without: Path) -> list[tuple[str, Path]]:
    """Every file and every empty folder below *folder*, as (path relative to it, what is there),
    sorted; the path is "" if *folder* is empty itself.

    Symlinks are followed while they stay inside *folder*. Left out: the folder *without*
    (where the copies go), nbtrack projects, and files that nbtrack is still writing.
    """
    if not folder.is_dir():
        if not folder.exists():
            raise FileMissing(f"Cannot log the contents of {str(folder)!r}: it does not exist.")
        raise InvalidValue(f"Cannot log the contents of {str(folder)!r}: it is not a folder.")
    return list(_walk(folder.resolve(), "", trail=(), without=without.resolve()))


def _walk(
    folder: Path, prefix: str, *, trail: tuple[Path, ...], without: Path
) -> Iterator[tuple[str, Path]]:
    trail = (*trail, folder)
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    if not found:
        yield prefix.rstrip("/"), folder
    for entry in found:
        if entry.name.startswith(TEMPORARY):
            continue
        file = _followed(entry, within=trail[0]) if entry.is_symlink() else Path(entry.path)
        if not file.is_dir():
            yield prefix + entry.name, checked_file(file)
        elif file in trail:
            raise InvalidValue(f"The symlink {entry.path!r} leads back to a folder it is in.")
        elif file != without and not _is_project(file):
            yield from _walk(file, f"{prefix}{entry.name}/", trail=trail, without=without)


def _followed(link: os.DirEntry[str], *, within: Path) -> Path:
    try:
        file = Path(link.path).resolve(strict=True)
    except (OSError, RuntimeError) as exc:
        raise InvalidValue(f"The symlink {link.path!r} leads to nothing. Remove it.") from exc
    if not file.is_relative_to(within):
        raise InvalidValue(
            f"The symlink {link.path!r} leads out of {str(within)!r}, to {str(file)!r}. "
            "Remove it, or log what it points to by its own path."
        )
    return file


def _is_project(folder: Path) -> bool:
    return folder.name == PROJECT_FOLDER or (folder / DATABASE).exists()
