"""The files of runs and models over HTTP, as MLflow's clients ask for them: piece by piece, so
that neither side holds one in memory: `/mlflow-artifacts/artifacts/<place>`, and what MLflow's own
pages have for them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from anyio import from_thread
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, JSONResponse

from nbtrack.artifact_store.store import ArtifactStore
from nbtrack.errors import ArtifactNotFound, MlflowException
from nbtrack.remote.protocol import MODELS, RUNS
from nbtrack.server.artifact_places import VERSIONS, Place, parse, place_in
from nbtrack.server.asked import Asked
from nbtrack.server.buckets.artifacts import BucketArtifacts, Content
from nbtrack.server.buckets.sending import sent
from nbtrack.server.mlflow_protocol import wire
from nbtrack.server.nbtrack_protocol.tables import remove_files

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from nbtrack.server.served import Served

PIECE_BYTES = 1 << 20


async def download(request: Request) -> Response:
    """Also of a part of it, by `Range`."""
    return await _sent(request, place_of(request))


async def download_of_run(request: Request) -> Response:
    """As MLflow's pages ask for it."""
    return await _sent(request, _place_in_run(request))


async def download_of_version(request: Request) -> Response:
    asked = Asked(request.query_params)
    version = f"{asked.needed('name')}/{asked.needed('version')}"
    return await _sent(request, place_in(VERSIONS, version, asked.needed("path")))


async def download_of_model(request: Request) -> Response:
    asked = Asked(request.query_params)
    model_id, path = request.path_params["model_id"], asked.needed("artifact_file_path")
    return await _sent(request, place_in(MODELS, model_id, path))


async def upload(request: Request) -> Response:
    return await _kept(request, place_of(request))


async def upload_to_run(request: Request) -> Response:
    return await _kept(request, _place_in_run(request))


async def list_folder(request: Request) -> Response:
    """One level; names are those in the folder."""
    served, place = _served(request), parse(request.query_params.get("path", ""))
    found = await run_in_threadpool(lambda: served.files(place).list(place.path or None))
    files = [wire.file(each) | {"path": each.path.rpartition("/")[2]} for each in found]
    return JSONResponse({"files": files})


async def remove(request: Request) -> Response:
    served, place = _served(request), place_of(request)
    await run_in_threadpool(remove_files, served, place)
    return JSONResponse({})


async def in_parts(_: Request) -> Response:
    """Clients that read these words upload the file as one, then."""
    raise MlflowException(
        "Multipart upload is not supported for the current artifact repository: "
        "this server takes a file in one request.",
        error_code="NOT_IMPLEMENTED",
    )


async def _sent(request: Request, place: Place) -> Response:
    files, found = await run_in_threadpool(_found, _served(request), place)
    # Never shown as a page of the server: it may be anybody's HTML.
    headers = {"X-Content-Type-Options": "nosniff"}
    if isinstance(files, BucketArtifacts) and isinstance(found, Content):
        name = quote(place.path.rpartition("/")[2])
        headers["content-disposition"] = f"attachment; filename*=utf-8''{name}"
        return await sent(request, files, found, headers)
    assert isinstance(found, Path)
    return _File(found, media_type="application/octet-stream", filename=found.name, headers=headers)


async def _kept(request: Request, place: Place) -> Response:
    served, pieces = _served(request), request.stream()
    await run_in_threadpool(lambda: served.keep(place, in_thread(pieces)))
    return JSONResponse({})


def _served(request: Request) -> Served:
    served: Served = request.app.state.served
    return served


def place_of(request: Request) -> Place:
    return parse(request.path_params["place"])


def _place_in_run(request: Request) -> Place:
    asked = Asked(request.query_params)
    return place_in(RUNS, asked.needed("run_id", "run_uuid"), asked.needed("path"))


def _found(served: Served, place: Place) -> tuple[ArtifactStore, Path | Content]:
    """A file of the server's, or what is in its bucket."""
    files = served.files(place)
    if isinstance(files, BucketArtifacts) and (content := files.content_of(place.path)):
        return files, content
    path = files.download(place.path or None)
    if not path.is_file():
        raise ArtifactNotFound(place.path, place.id)
    return files, path


def in_thread(pieces: AsyncIterator[bytes]) -> Iterator[bytes]:
    """For a thread of the pool: what the event loop receives, much at once, because each way from
    one to the other takes as long as 64 kB."""
    while piece := from_thread.run(_some_of, pieces):
        yield piece


async def _some_of(pieces: AsyncIterator[bytes]) -> bytes:
    """Nothing at their end."""
    found, size = list[bytes](), 0
    async for piece in pieces:
        found.append(piece)
        size += len(piece)
        if size >= PIECE_BYTES:
            break
    return b"".join(found)


class _File(FileResponse):
    chunk_size = PIECE_BYTES  # of the disk at once, by a thread
