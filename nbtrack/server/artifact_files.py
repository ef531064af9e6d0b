"""The files of runs and models over HTTP, as MLflow's clients ask for them: piece by piece, so
that neither side holds one in memory. `/mlflow-artifacts/artifacts/<place>`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from anyio import from_thread
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, JSONResponse

from nbtrack.errors import ArtifactNotFound, MlflowException
from nbtrack.server.artifact_places import Place, parse
from nbtrack.server.mlflow_protocol import wire

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from nbtrack.server.served import Served


async def download(request: Request) -> Response:
    """Also of a part of it, by `Range`."""
    served, place = _served(request), place_of(request)
    path = await run_in_threadpool(_local_file, served, place)
    # Never shown as a page of the server: it may be anybody's HTML.
    return FileResponse(path, media_type="application/octet-stream", filename=path.name)


async def upload(request: Request) -> Response:
    served, place = _served(request), place_of(request)
    pieces = request.stream()
    await run_in_threadpool(lambda: served.keep(place, in_thread(pieces)))
    return JSONResponse({})


async def list_folder(request: Request) -> Response:
    """One level; names are those in the folder."""
    served, place = _served(request), parse(request.query_params.get("path", ""))
    found = await run_in_threadpool(lambda: served.files(place).list(place.path or None))
    files = [wire.file(each) | {"path": each.path.rpartition("/")[2]} for each in found]
    return JSONResponse({"files": files})


async def remove(request: Request) -> Response:
    served, place = _served(request), place_of(request)
    await run_in_threadpool(served.remove, place)
    return JSONResponse({})


async def in_parts(_: Request) -> Response:
    """Clients upload the file as one, then."""
    raise MlflowException(
        "This server takes a file in one request, not in parts.", error_code="NOT_IMPLEMENTED"
    )


def _served(request: Request) -> Served:
    served: Served = request.app.state.served
    return served


def place_of(request: Request) -> Place:
    return parse(request.path_params["place"])


def _local_file(served: Served, place: Place) -> Path:
    path = served.files(place).download(place.path or None)
    if not path.is_file():
        raise ArtifactNotFound(place.path, place.id)
    return path


def in_thread(pieces: AsyncIterator[bytes]) -> Iterator[bytes]:
    """For a thread of the pool: what the event loop receives."""
    while (piece := from_thread.run(anext, pieces, None)) is not None:
        yield piece
