"""The digest of a model folder, and the check that its files are those that were recorded."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from nbtrack.artifact_store.paths import TEMPORARY
from nbtrack.base.file_digest import sha256_of
from nbtrack.errors import ModelChanged, ModelNotFound


def folder_digest(files: Mapping[str, str]) -> str:
    """One digest over *files*, {path in the folder: sha256}: "sha256:" and 64 hex digits.

    sha256 of the lines "<sha256>  <path>\\n" in the order of the paths: what
    `find . -type f -printf '%P\\0' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum` prints.
    """
    lines = (f"{files[path]}  {path}\n" for path in sorted(files))
    return "sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest()


def files_in(folder: Path) -> dict[str, str]:
    """{path in the folder: sha256} of what *folder* holds now. Raises ModelNotFound."""
    if not folder.is_dir():
        raise ModelNotFound(f"There is no model in {str(folder)!r}: there is no such folder.")
    return {path.relative_to(folder).as_posix(): sha256_of(path) for path in _walk(folder)}


def check_files(folder: Path, recorded: Mapping[str, str | None]) -> None:
    """Raises ModelChanged, naming the files of *folder* that are not as *recorded*."""
    found = files_in(folder)
    problems = [
        *_named("changed", [p for p, sha in recorded.items() if p in found and found[p] != sha]),
        *_named("missing", [path for path in recorded if path not in found]),
        *_named("added", [path for path in found if path not in recorded]),
    ]
    if problems:
        raise ModelChanged(
            f"The model in {str(folder)!r} is not the one that was logged: {'; '.join(problems)}. "
            "It is not loaded, because loading it could run anything. Put the files back, or log "
            "the model again; if you made the change and trust it, load a copy of the folder."
        )


def _named(what: str, paths: list[str]) -> Iterator[str]:
    if paths:
        shown = ", ".join(repr(path) for path in sorted(paths)[:5])
        yield f"{what} {shown}" + (f" and {len(paths) - 5} more" if len(paths) > 5 else "")


def _walk(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        # What a process that died left, and caches of code_paths: nbtrack reads neither.
        if entry.name.startswith(TEMPORARY) or entry.name == "__pycache__":
            continue
        if entry.is_dir():
            yield from _walk(Path(entry.path))
        else:
            yield Path(entry.path)
