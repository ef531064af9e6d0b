"""Files of runs and models that are on the server: those that are here, too, are read here, and
others are fetched into the same folder when somebody reads them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from nbtrack.artifact_store.local import LocalArtifacts
from nbtrack.artifact_store.paths import artifact_parts, shown
from nbtrack.artifact_store.store import Files
from nbtrack.errors import InvalidValue, NotFound, StoreBusy
from nbtrack.records.runs import FileInfo
from nbtrack.remote.line import Line
from nbtrack.remote.protocol import FILES

_PIECE = 1 << 18


class RemoteArtifacts(LocalArtifacts):
    """*name* is what the server calls the folder."""

    def __init__(self, folder: Path, *, run_id: str | None, line: Line, name: str) -> None:
        super().__init__(folder, run_id=run_id)
        self._line, self._name = line, name

    def list(self, path: str | None = None) -> Files:
        found = {file.path: file for file in super().list(path)}
        for file in self._there(path):
            found.setdefault(file.path, file)
        return [found[name] for name in sorted(found)]

    def walk(self, path: str | None = None) -> Iterator[FileInfo]:
        for file in self.list(path):
            if file.is_dir:
                yield from self.walk(file.path)
            else:
                yield file

    def has(self, path: str) -> bool:
        parent = path.rpartition("/")[0] or None
        return super().has(path) or any(file.path == path for file in self._there(parent))

    def read(self, path: str) -> bytes:
        self._fetch(path)
        return super().read(path)

    def download(self, path: str | None = None, dst: str | Path | None = None) -> Path:
        self._fetch(path)
        return super().download(path, dst)

    def sha256(self, path: str) -> str:
        self._fetch(path)
        return super().sha256(path)

    def _there(self, path: str | None) -> Files:
        """What the server has in that folder; nothing while it is away, or knows nothing of it."""
        with suppress(StoreBusy, NotFound):
            place = quote(f"{self._name}/{path}" if path else self._name)
            told = self._line.request("GET", f"/{FILES}?path={place}").json()["files"]
            above = f"{path}/" if path else ""
            return [
                FileInfo(above + _name(each["path"]), each["is_dir"], each.get("file_size"))
                for each in told
            ]
        return []

    def _fetch(self, path: str | None) -> None:
        """A file, or all in a folder, as far as it is not here."""
        below = list(self.walk(path))
        for wanted in [file.path for file in below] or ([path] if path else []):
            if not super().has(wanted) and self.has(wanted):
                self._fetch_file(wanted)

    def _fetch_file(self, path: str) -> None:
        place = quote(f"{self._name}/{path}")
        answer = self._line.request("GET", f"/{FILES}/{place}", preload=False)
        try:
            super().write(path, answer.stream(_PIECE))
        finally:
            answer.release_conn()


def _name(told: str) -> str:
    """Raises InvalidValue if it would be a file elsewhere: it is written where it says."""
    if artifact_parts(told) != (told,):
        raise InvalidValue(f"The server names a file {shown(told)}, which is no name of a file.")
    return told
