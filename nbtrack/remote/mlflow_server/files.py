"""Files of runs on an MLflow server: those that are here, too, are read here, others are fetched
into the same folder when somebody reads them. MLflow knows no digests of files."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from nbtrack.artifact_store.paths import artifact_parts
from nbtrack.artifact_store.store import Files
from nbtrack.errors import InvalidValue, MlflowException, NotFound, StoreBusy
from nbtrack.records.runs import FileInfo
from nbtrack.remote.files import RemoteArtifacts
from nbtrack.remote.mlflow_server.records import number
from nbtrack.remote.mlflow_server.rest import Rest

DOWNLOAD = "/get-artifact"


class MlflowArtifacts(RemoteArtifacts):
    """*theirs* is the run there; *below* the folder in it, "" or with a slash at its end."""

    def __init__(
        self, folder: Path, *, run_id: str | None, rest: Rest, name: str, theirs: str, below: str
    ) -> None:
        super().__init__(folder, run_id=run_id, line=rest, name=name)
        self._rest, self._theirs, self._below = rest, theirs, below

    def _there(self, path: str | None) -> Files:
        place = f"{self._below}{path or ''}".strip("/")
        with suppress(StoreBusy, NotFound, MlflowException):
            asked = {"run_id": self._theirs, **({"path": place} if place else {})}
            said = self._rest.got_pages("artifacts/list", "files", **asked)
            found = [self._told(each) for each in said]
            return [each for each in found if each.path != path]  # a file lists itself
        return []

    def _told(self, said: Mapping[str, Any]) -> FileInfo:
        """Raises InvalidValue if it would be a file elsewhere: it is written where it says."""
        path = str(said["path"])
        if "/".join(artifact_parts(path)) != path or not path.startswith(self._below):
            raise InvalidValue(f"The server names a file {path!r:.200}, which is none of this run.")
        path, is_dir = path.removeprefix(self._below), bool(said.get("is_dir"))
        return FileInfo(path, is_dir, None if is_dir else number(dict(said), "file_size"))

    def _recorded(self) -> dict[str, str]:
        return {}

    def _fetch_file(self, path: str, recorded: str | None) -> None:  # noqa: ARG002 - nobody has any
        asked = urlencode({"run_id": self._theirs, "path": self._below + path})
        answer = self._rest.request("GET", f"{DOWNLOAD}?{asked}", preload=False)
        self._fetched.note(path, self._written(path, answer))
