"""A project's folder is not for its repository of git."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from nbtrack.settings import FOLDER_NAME


def keep_out_of_git(folder: Path) -> None:
    ignore = folder / ".gitignore"
    # Only in a folder that is ours alone: a chosen one may be the user's repository.
    if folder.name == FOLDER_NAME and not ignore.exists():
        with suppress(OSError):  # a folder that is not ours to write
            ignore.write_text("*\n", encoding="ascii")
