"""A folder of our own: written as a whole, and replaced only if nobody else's file is in it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from nbtrack.base.whole_folders import put_in_place
from nbtrack.errors import InvalidValue

LIST = "nbtrack-export.json"  # says which files are ours


def write_folder(folder: Path, files: Mapping[str, bytes]) -> int:
    """How many bytes. All of *files* or nothing: they are put together beside *folder*, which is
    replaced then. Raises InvalidValue, and changes nothing, if it has a file that is not ours."""
    folder = folder.expanduser().absolute()
    check_folder(folder)
    told = json.dumps({"made_by": "nbtrack ui --export", "files": sorted(files)}, indent=1)
    whole = {**files, LIST: told.encode()}
    folder.parent.mkdir(parents=True, exist_ok=True)
    new, old = _beside(folder, "new"), _beside(folder, "old")
    try:
        new.mkdir()
        for name, content in whole.items():
            (new / name).write_bytes(content)
        put_in_place(new, folder, old)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
    return sum(map(len, whole.values()))


def check_folder(folder: Path) -> None:
    """Raises InvalidValue if *folder* is there, and not ours alone to replace."""
    folder = folder.expanduser().absolute()
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise InvalidValue(f"{str(folder)!r} is no folder. Name one that is new, or empty.")
    if not folder.exists():
        return
    strange = sorted({each.name for each in folder.iterdir()} - _ours(folder))
    if strange:
        raise InvalidValue(
            f"{str(folder)!r} has {strange[0]!r:.120}, which `nbtrack ui --export` did not write. "
            "Name a folder that is new, or empty, or one that it has written."
        )


def _ours(folder: Path) -> set[str]:
    try:
        told = json.loads((folder / LIST).read_text(encoding="utf-8"))
        return {LIST, *map(str, told["files"])}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _beside(folder: Path, what: str) -> Path:
    """A name for the time being."""
    return folder.with_name(f".{folder.name}.{what}-{os.urandom(6).hex()}")
