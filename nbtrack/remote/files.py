"""Files of runs and models that are on the server: those that are here, too, are read here, and
others are fetched into the same folder when somebody reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from nbtrack.artifact_store.local import LocalArtifacts
from nbtrack.artifact_store.paths import artifact_parts, shown
from nbtrack.artifact_store.store import Files
from nbtrack.base.guard import warn_once
from nbtrack.errors import InvalidValue, NotFound, OtherBytes, StoreBusy
from nbtrack.records.runs import FileInfo
from nbtrack.remote.fetched import FETCHED, Fetched
from nbtrack.remote.line import Line
from nbtrack.remote.own_tables import OwnTables
from nbtrack.remote.protocol import DIRECT, FILES, MODELS, QUESTIONS, RUNS, SHA256

_PIECE = 1 << 18
_DIRECT_SECONDS = 10.0
_RECORDS = {
    RUNS: ("list_artifact_records", "run_id"),
    MODELS: ("list_model_files", "model_id"),
}


class RemoteArtifacts(LocalArtifacts):
    """*name* is what the server calls the folder."""

    def __init__(self, folder: Path, *, run_id: str | None, line: Line, name: str) -> None:
        super().__init__(folder, run_id=run_id)
        self._line, self._name = line, name
        kind, *below = name.split("/")
        self._question = _RECORDS.get(kind)
        self._id = below[0]
        home = self.folder.parents[len(below)]
        self._fetched = Fetched(self.folder, home / FETCHED / name)
        self._own_tables = OwnTables(home, name)
        self._is_direct = True

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

    def read_own_table(self, path: str) -> bytes | None:
        """Without a look at the server: nobody who logs waits for it."""
        if (own := self._own_tables.read(path)) is not None:
            return own
        was_logged_here = super().has(path) and self._fetched.sha256(path) is None
        return super().read(path) if was_logged_here else None

    def write_own_table(self, path: str, table: bytes, images: Mapping[str, bytes]) -> Files:
        self._own_tables.write(path, table)
        return super().write_own_table(path, table, images)

    def delete(self, path: str | None = None) -> None:
        super().delete(path)
        self._own_tables.forget(path)

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
        """A file, or all in a folder, as far as it is not here, or is not any more what it was."""
        wanted = [file.path for file in self.walk(path)]
        if not wanted and path and self.has(path):  # it is no folder
            wanted = [path]
        recorded = self._recorded()
        for each in wanted:
            if not super().has(each) or self._is_outdated(each, recorded):
                self._fetch_file(each, recorded.get(each))

    def _is_outdated(self, path: str, recorded: Mapping[str, str]) -> bool:
        """One that was logged here never is: what is there may be from before."""
        fetched = self._fetched.sha256(path)
        return fetched is not None and recorded.get(path, fetched) != fetched

    def _recorded(self) -> dict[str, str]:
        """Digests by path, as the server has them; none while it is away. Copies of models never
        change."""
        if self._question is None or self._line.seems_away():
            return {}
        with suppress(StoreBusy, NotFound):
            name, argument = self._question
            told = self._line.ask(f"/{QUESTIONS}/{name}", {argument: self._id})["answer"]
            if isinstance(told, dict):
                return told
            return {each["path"]: each["sha256"] for each in told if each.get("sha256")}
        return {}

    def _fetch_file(self, path: str, recorded: str | None) -> None:
        found = self._fetched_directly(path) or self._fetched_through_server(path)
        self._fetched.note(path, found)
        if recorded is not None and found != recorded:  # its lines come before it
            warn_once(
                f"nbtrack: {path!r} of {self._id} on the server is not what was logged, yet: it "
                "may be on its way. It is fetched again when it is read again."
            )

    def _fetched_directly(self, path: str) -> str | None:
        """From where the server keeps it, if it sends us there; None: not, or that does not
        answer."""
        if not self._is_direct:
            return None
        answer = self._answer(path, {DIRECT: "yes"})
        address, sha256 = answer.headers.get(DIRECT), answer.headers.get(SHA256)
        if address is None:
            return self._written(path, answer)
        answer.release_conn()
        with suppress(OtherBytes, StoreBusy):
            there = self._line.elsewhere("GET", address, timeout=_DIRECT_SECONDS)
            if there is not None:
                return self._written(path, there, sha256)
        self._is_direct = False  # this machine may not reach it at all
        return None

    def _fetched_through_server(self, path: str) -> str | None:
        return self._written(path, self._answer(path, {}))

    def _answer(self, path: str, headers: Mapping[str, str]) -> Any:
        place = quote(f"{self._name}/{path}")
        return self._line.request("GET", f"/{FILES}/{place}", headers=headers, preload=False)

    def _written(self, path: str, answer: Any, sha256: str | None = None) -> str | None:
        """Its digest. Raises OtherBytes, and writes nothing, if it is not the one that was said."""
        import urllib3

        try:
            said = sha256 or answer.headers.get(SHA256)
            return super().write(path, answer.stream(_PIECE), sha256=said).sha256
        except urllib3.exceptions.HTTPError as exc:
            raise StoreBusy(f"{path!r} did not come whole: {type(exc).__name__}.") from exc
        finally:
            answer.release_conn()


def _name(told: str) -> str:
    """Raises InvalidValue if it would be a file elsewhere: it is written where it says."""
    if artifact_parts(told) != (told,):
        raise InvalidValue(f"The server names a file {shown(told)}, which is no name of a file.")
    return told
