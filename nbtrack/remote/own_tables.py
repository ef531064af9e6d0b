"""Tables to which several machines add rows: each has its own rows in a file of its own, and sends
those; the server puts them together. So nobody has to ask first what the others have added."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from nbtrack.artifact_store.local import LocalArtifacts

TABLES = "tables"  # the folder beside that of artifacts, and of the fetched ones


class OwnTables:
    """Of the run whose folder of artifacts the server calls *name*; *home* has all that is kept of
    that server."""

    def __init__(self, home: Path, name: str) -> None:
        self._files = LocalArtifacts(home / TABLES / name)

    def read(self, path: str) -> bytes | None:
        """The rows that were logged here."""
        file = self._files.folder / path
        with suppress(FileNotFoundError, NotADirectoryError):
            return file.read_bytes()
        return None

    def write(self, path: str, table: bytes) -> None:
        self._files.write(path, table)

    def forget(self, path: str | None) -> None:
        if path is None or self._files.has(path):
            self._files.delete(path)


def machine_id(home: Path) -> str:
    """Which of a server's machines this is: a random name, the same for all its processes."""
    file = home / "machine.id"
    if not file.exists():
        temporary = home / f"machine.id-{os.urandom(8).hex()}"
        temporary.write_text(os.urandom(16).hex())
        with suppress(FileExistsError):
            os.link(temporary, file)
        temporary.unlink()
    return file.read_text()
