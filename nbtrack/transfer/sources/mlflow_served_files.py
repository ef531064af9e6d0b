"""Files of runs and logged models that an MLflow server hands out, wherever it keeps them.

It says their sizes, and neither digests nor times. So what one was written over by another of the
same size is seen by the end of its run alone, which is later then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from urllib.parse import quote, urlencode, urlsplit

from nbtrack.artifact_store.paths import artifact_parts, shown
from nbtrack.errors import InvalidValue
from nbtrack.remote.mlflow_server.files import DOWNLOAD
from nbtrack.remote.mlflow_server.records import number
from nbtrack.remote.mlflow_server.rest import Json
from nbtrack.transfer.imports.digests import texts_digest
from nbtrack.transfer.sources.mlflow_requests import ServedByMlflow, SourceRest
from nbtrack.transfer.sources.source_records import BrokenRecord, FoundFiles

_DEEPEST = 64  # folders in folders
_OF_MODEL = "/ajax-api/2.0/mlflow/logged-models/{}/artifacts/files"
_PLACES = "/api/2.0/mlflow-artifacts/artifacts"
_Listing = Callable[[str], Iterator[Json]]  # of a folder


class ServedFiles:
    def __init__(self, rest: SourceRest) -> None:
        self._rest = rest

    def of_run(self, run_id: str, *, until: Sequence[object]) -> FoundFiles:
        """*until* is another one when they may have been written to."""

        def listed(folder: str) -> Iterator[Json]:
            asked = {"run_id": run_id, **({"path": folder} if folder else {})}
            return self._rest.got_pages("artifacts/list", "files", **asked)

        return self._found(
            listed, lambda path: f"{DOWNLOAD}?{urlencode({'run_id': run_id, 'path': path})}", until
        )

    def of_model(self, model_id: str) -> FoundFiles:
        name = quote(model_id, safe="")

        def listed(folder: str) -> Iterator[Json]:
            asked = {"artifact_directory_path": folder} if folder else {}
            what = f"logged-models/{name}/artifacts/directories"
            return self._rest.got_pages(what, "files", **asked)

        place = _OF_MODEL.format(name)
        return self._found(
            listed, lambda path: f"{place}?{urlencode({'artifact_file_path': path})}", []
        )

    def of_deleted_model(self, artifact_uri: str) -> FoundFiles:
        """By its place, if the server hands out files of that: by its id it says nothing."""
        try:
            place = urlsplit(artifact_uri)
        except ValueError:
            return FoundFiles(trouble=f"{artifact_uri!r:.200} is no address of files")
        if place.scheme != "mlflow-artifacts":
            return FoundFiles(trouble="its files are not handed out: the model was deleted there")
        root = place.path.strip("/")

        def listed(folder: str) -> Iterator[Json]:
            asked = urlencode({"path": f"{root}/{folder}".rstrip("/")})
            for said in self._rest.get_at(f"{_PLACES}?{asked}").get("files", ()):
                yield {**said, "path": f"{folder}/{said['path']}".lstrip("/")}

        return self._found(listed, lambda path: f"{_PLACES}/{quote(f'{root}/{path}')}", [])

    def _found(
        self, listed: _Listing, address: Callable[[str], str], until: Sequence[object]
    ) -> FoundFiles:
        try:
            with self._rest.for_files():
                sizes = dict(_below(listed, ""))
        except (BrokenRecord, KeyError, TypeError, ValueError, AttributeError) as exc:
            return FoundFiles(trouble=f"its files cannot be listed: {exc!s:.300}")
        return FoundFiles(
            files={
                path: size
                if isinstance(size, str)
                else ServedByMlflow(self._rest, address(path), size)
                for path, size in sizes.items()
            },
            stamp=texts_digest(sizes, until),
        )


def _below(listed: _Listing, folder: str, depth: int = 0) -> Iterator[tuple[str, int | str | None]]:
    """Each file, and its size, or why it cannot be here."""
    for said in listed(folder):
        try:
            path = _path_in(said, folder)
        except InvalidValue as exc:
            path = str(said["path"])
            yield _shortened(path), str(exc).removeprefix(f"Artifact path {shown(path)} ")
            continue
        if path == folder:
            continue  # a file lists itself
        if not said.get("is_dir"):
            yield path, number(said, "file_size")
        elif depth < _DEEPEST:
            yield from _below(listed, path, depth + 1)


def _shortened(path: str) -> str:
    return path if len(path) <= 80 else f"{path[:40]}…{path[-40:]}"


def _path_in(said: Json, folder: str) -> str:
    """Raises InvalidValue if it would be a file elsewhere: it is written where it says."""
    path = str(said["path"])
    if "/".join(artifact_parts(path)) != path or not path.startswith(folder):
        raise InvalidValue(f"the server names a file {path!r:.200}, which is none of it")
    return path
