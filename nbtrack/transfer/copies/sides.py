"""The two ends of a copy: a project in a folder of this machine, and one on a server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

from nbtrack.artifact_store.file_digests import digests_of
from nbtrack.artifact_store.opening import open_local
from nbtrack.artifact_store.store import ArtifactStore
from nbtrack.base.locks import held, make_shared_folder
from nbtrack.errors import ArtifactNotFound, InvalidValue, NotFound, StoreBusy
from nbtrack.recording.own_folders import folder_of_model, folder_of_run
from nbtrack.remote.codec import decode, encode
from nbtrack.remote.line import Line
from nbtrack.remote.mlflow_server.kind import is_mlflows
from nbtrack.remote.protocol import (
    FILE_DIGESTS,
    FILES,
    MODELS,
    QUESTIONS,
    SHA256,
    kind_of_owner,
    question,
)
from nbtrack.stores.opening import folder_of, full_uri, without_password
from nbtrack.stores.store import Store
from nbtrack.transfer.copies.foreign_lines import check_lines, check_points
from nbtrack.transfer.copies.spool import Spool, write_segment

_PIECE = 1 << 20
_PATHS_AT_ONCE = 100  # all of them are read before the answer comes
_FILE_SECONDS, _ANSWER_SECONDS = 120.0, 120.0  # for each part of an answer: nobody waits in a cell


class Content(NamedTuple):
    """Of a file: its size in bytes, and the bytes, to be read once."""

    size: int
    pieces: Iterator[bytes]


class Side(Protocol):
    @property
    def name(self) -> str: ...

    def ask(self, asked: str, /, **arguments: Any) -> Any:
        """A question of `Store`. Raises what that raises, ServerAway; InvalidValue for lines that
        are not what was asked for."""

    def add(self, text: str) -> None:
        """Whole lines, exactly once. Raises StoreBusy."""

    def file_digests(self, owner: str, paths: Sequence[str]) -> Mapping[str, str | None]:
        """Of the run or model *owner*, what is there now; None for what is not."""

    def read_file(self, owner: str, path: str) -> Content:
        """Raises ArtifactNotFound."""

    def write_file(self, owner: str, path: str, content: Content, sha256: str) -> None:
        """Whole or not at all. Raises OtherBytes if it is another one than *sha256*; InvalidValue
        if the project does not keep the files of *owner* itself."""


class FolderSide:
    def __init__(self, store: Store) -> None:
        self._store, self.folder = store, folder_of(store.uri)

    @property
    def name(self) -> str:
        return str(self.folder)

    @contextmanager
    def turn(self, what: str) -> Iterator[None]:
        """Of several copies to or from this folder, one at a time. Raises StoreBusy."""
        make_shared_folder(self.folder)
        with held(self.folder / "copies.lock") as is_ours:
            if not is_ours:
                raise StoreBusy(f"Another process is at a copy of runs of {self.folder}. {what}")
            yield

    def ask(self, asked: str, /, **arguments: Any) -> Any:
        return getattr(self._store, asked)(**arguments)

    def add(self, text: str) -> None:
        write_segment(self.folder / "journal", text)

    def file_digests(self, owner: str, paths: Sequence[str]) -> Mapping[str, str | None]:
        return digests_of(self._files(owner), paths)

    def read_file(self, owner: str, path: str) -> Content:
        place = self._files(owner).download(path)
        return Content(place.stat().st_size, _pieces_of(place))

    def write_file(self, owner: str, path: str, content: Content, sha256: str) -> None:
        files = open_local(str(self._own_folder(owner)), run_id=owner)
        files.write(path, content.pieces, sha256=sha256)

    def _own_folder(self, owner: str) -> Path:
        """Where files from elsewhere may go, whatever was said of it there."""
        if kind_of_owner(owner) == MODELS:
            return folder_of_model(self._store, self._store.look_up_model(owner).model)
        return folder_of_run(self._store, owner, self._store.get_run(owner).info.artifact_uri)

    def _files(self, owner: str) -> ArtifactStore:
        if kind_of_owner(owner) == MODELS:
            location = self._store.look_up_model(owner).model.artifact_location
        else:
            location = self._store.get_run(owner).info.artifact_uri
        return open_local(location, run_id=owner)


class ServerSide:
    """What is on its way there is in the folder *pushes*, apart for each project."""

    def __init__(self, uri: str, pushes: Path) -> None:
        self._uri = full_uri(uri)
        if is_mlflows(self._uri, folder_of(self._uri)):
            raise InvalidValue(
                f"{self._uri} is a server of MLflow's, which does not take all that nbtrack "
                "knows of a run. Runs that are logged with nbtrack.set_tracking_uri are sent there."
            )
        self._line = Line(self._uri)
        self._line.ask(f"/{QUESTIONS}/version", {})  # so that it is the same project to the end
        self._spool = Spool(pushes / (self._line.project or "unnamed"), self._line)

    @property
    def name(self) -> str:
        return without_password(self._uri)

    def ask(self, asked: str, /, **arguments: Any) -> Any:
        told = self._line.ask(f"/{QUESTIONS}/{asked}", encode(arguments), timeout=_ANSWER_SECONDS)
        found = decode(question(asked).answer, told["answer"])
        if asked == "read_lines":
            check_lines(found, arguments["of"], self.name)
        elif asked == "read_point_lines":
            check_points(found, arguments["run_id"], arguments["keys"], self.name)
        return found

    def add(self, text: str) -> None:
        self._spool.send(text)

    def send_rest(self) -> None:
        """What an earlier push could not send."""
        self._spool.send_rest()

    def file_digests(self, owner: str, paths: Sequence[str]) -> Mapping[str, str | None]:
        found: dict[str, str | None] = {}
        for start in range(0, len(paths), _PATHS_AT_ONCE):
            some = list(paths[start : start + _PATHS_AT_ONCE])
            wanted = {"owner": owner, "paths": some}
            told = self._line.ask(f"/{QUESTIONS}/{FILE_DIGESTS}", wanted, timeout=_FILE_SECONDS)
            found |= {path: told["answer"].get(path) for path in some}
        return found

    def read_file(self, owner: str, path: str) -> Content:
        try:
            answer = self._line.request(
                "GET", _place(owner, path), preload=False, timeout=_FILE_SECONDS
            )
        except NotFound as exc:
            raise ArtifactNotFound(path, owner) from exc
        return Content(int(answer.headers["content-length"]), answer.stream(_PIECE))

    def write_file(self, owner: str, path: str, content: Content, sha256: str) -> None:
        headers = {SHA256: sha256, "content-length": str(content.size)}
        self._line.request(
            "PUT", _place(owner, path), content.pieces, headers=headers, timeout=_FILE_SECONDS
        )


def _place(owner: str, path: str) -> str:
    return f"/{FILES}/" + quote(f"{kind_of_owner(owner)}/{owner}/{path}")


def _pieces_of(file: Path) -> Iterator[bytes]:
    with open(file, "rb") as opened:
        while piece := opened.read(_PIECE):
            yield piece
