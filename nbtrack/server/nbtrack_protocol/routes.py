"""What is answered under `remote.protocol.ROOT`."""

from __future__ import annotations

import json
import zlib
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from nbtrack.artifact_store.local import LocalArtifacts
from nbtrack.errors import InvalidValue, NotAllowed
from nbtrack.records.registry import NewEvent, RegistryHead
from nbtrack.remote.codec import decode, encode
from nbtrack.remote.protocol import (
    FILES,
    JOURNAL,
    MOST_BYTES,
    PROJECT,
    QUESTIONS,
    QUESTIONS_ASKED,
    REGISTRY,
    ROOT,
    ROWS_OF,
    SHA256,
    START,
    UPLOADS,
    WRITERS,
)
from nbtrack.server import artifact_files
from nbtrack.server.artifact_places import Place
from nbtrack.server.asked import of_body
from nbtrack.server.guards import body_of
from nbtrack.server.identity import check_role
from nbtrack.server.nbtrack_protocol import registry
from nbtrack.server.nbtrack_protocol.journals import Journals
from nbtrack.server.nbtrack_protocol.kept_answers import Answer
from nbtrack.server.nbtrack_protocol.project_id import check_project
from nbtrack.server.nbtrack_protocol.questions import answer
from nbtrack.server.nbtrack_protocol.tables import drop_file, take_rows
from nbtrack.server.nbtrack_protocol.uploads import upload
from nbtrack.server.roles import Role, role_of_change
from nbtrack.server.served import Served

Endpoint = Callable[[Request], Awaitable[Response]]
_COMPRESSED_FROM = 4096  # bytes of an answer
_FOLD_BYTES = 1 << 18  # of lines: parsed in 10 ms
_MOST_ASKED = 65536  # bytes of a question that is remembered


def routes() -> list[BaseRoute]:
    place = f"{ROOT}/{FILES}/{{place:path}}"
    found = [
        Route(f"{ROOT}/{JOURNAL}/{{segment}}", _take_lines, methods=["POST"]),
        Route(f"{ROOT}/{WRITERS}/{{writer}}", _end_writer, methods=["DELETE"]),
        Route(f"{ROOT}/{QUESTIONS}/{{name}}", _answer, methods=["POST"]),
        Route(f"{ROOT}/{REGISTRY}", _change_registry, methods=["POST"]),
        Route(f"{ROOT}/{REGISTRY}/{{token}}/{{path:path}}", _take_copy, methods=["PUT"]),
        Route(f"{ROOT}/{FILES}", artifact_files.list_folder),
        Route(place, artifact_files.download, methods=["GET"]),
        Route(place, _take_file, methods=["PUT"]),
        Route(place, _remove_file, methods=["DELETE"]),
        Route(f"{ROOT}/{UPLOADS}/{{place:path}}", _upload, methods=["POST"]),
    ]
    return [
        Route(each.path, _of_project(each.endpoint), methods=list(each.methods or ()))
        for each in found
    ]


def _of_project(endpoint: Endpoint) -> Endpoint:
    """Only for who means this project; and the answer says which one it is."""

    async def answered(request: Request) -> Response:
        its_id = await run_in_threadpool(lambda: _served(request).project_id)
        check_project(its_id, request.headers.get(PROJECT))
        response = await endpoint(request)
        response.headers[PROJECT] = its_id
        return response

    return answered


async def _take_lines(request: Request) -> Response:
    segment, start = request.path_params["segment"], request.headers.get(START, "")
    if not start.isdecimal():
        raise InvalidValue(f"The header {START} is {start!r:.40}; it says where the lines begin.")
    text = _decompressed(await body_of(request))
    taken = await run_in_threadpool(_journals(request).take, segment, int(start), text)
    _fold_when_much(request, len(text))
    return JSONResponse({"end": taken})


def _fold_when_much(request: Request, size: int) -> None:
    """Or whoever reads next would have to."""
    state = request.app.state
    state.unfolded_bytes = getattr(state, "unfolded_bytes", 0) + size
    if state.unfolded_bytes >= _FOLD_BYTES:
        state.unfolded_bytes = 0
        state.served.store.flush()


async def _end_writer(request: Request) -> Response:
    await run_in_threadpool(_journals(request).end_writer, request.path_params["writer"])
    return JSONResponse({})


async def _answer(request: Request) -> Response:
    body, name = await body_of(request), request.path_params["name"]
    told = await run_in_threadpool(_told, request, name, body)
    headers = {"content-encoding": "deflate"} if told.is_compressed else {}
    return Response(told.text, headers=headers, media_type="application/json")


async def _change_registry(request: Request) -> Response:
    told = of_body(await body_of(request))
    try:
        events = decode(list[NewEvent], told["events"])
        after = decode(RegistryHead, told["after"])
        token, place = told["token"], told["place"]
    except (TypeError, ValueError, KeyError, AttributeError) as exc:
        raise InvalidValue(f"This is no change of the registry: {exc!r:.200}") from None
    try:
        for event in events:
            check_role(request.state.user, role_of_change(event.kind), model=event.model)
    except NotAllowed:
        await run_in_threadpool(registry.drop_copy, _served(request), token)
        raise
    recorded = await run_in_threadpool(
        lambda: registry.append(_served(request), events, after=after, token=token, place=place)
    )
    return JSONResponse({"answer": encode(recorded)})


async def _take_copy(request: Request) -> Response:
    """One file of a model that is to become a version's."""
    folder = registry.staging_folder(_served(request), request.path_params["token"])
    pieces = artifact_files.in_thread(request.stream())
    path, sha256 = request.path_params["path"], request.headers.get(SHA256, "")
    await run_in_threadpool(lambda: LocalArtifacts(folder).write(path, pieces, sha256=sha256))
    return JSONResponse({})


def _told(request: Request, name: str, body: bytes) -> Answer:
    served, kept = _served(request), request.app.state.kept_answers
    if name not in QUESTIONS_ASKED or len(body) > _MOST_ASKED:
        return _text_of(answer(served, name, of_body(body)))
    found: Answer = kept.answer(
        (name, body), served.store.version, lambda: _text_of(answer(served, name, of_body(body)))
    )
    return found


def _text_of(found: Any) -> Answer:
    """Compact, and compressed where that is worth it. NaN and infinities stay Python's."""
    text = json.dumps({"answer": found}, ensure_ascii=False, separators=(",", ":")).encode()
    if len(text) < _COMPRESSED_FROM:
        return Answer(text, is_compressed=False)
    return Answer(zlib.compress(text, level=1), is_compressed=True)


async def _take_file(request: Request) -> Response:
    """A journal told of it before: here come its bytes, which must be those of the digest."""
    served, place = _served(request), artifact_files.place_of(request)
    pieces = artifact_files.in_thread(request.stream())
    sha256, machine = request.headers.get(SHA256, ""), request.headers.get(ROWS_OF)
    if machine is not None:
        await run_in_threadpool(take_rows, served, place, machine, pieces, sha256)
    else:
        await run_in_threadpool(_keep, served, place, pieces, sha256)
    return JSONResponse({})


async def _upload(request: Request) -> Response:
    """Of a file that a journal told of before; see `uploads`."""
    place, asked = artifact_files.place_of(request), of_body(await body_of(request))
    user = request.state.user
    told = await run_in_threadpool(
        lambda: upload(
            _served(request), place, asked, reads_all=user is None or user.may(Role.EDITOR)
        )
    )
    return JSONResponse(told)


async def _remove_file(request: Request) -> Response:
    """A journal told before that it was removed; one that was logged again stays."""
    place = artifact_files.place_of(request)
    await run_in_threadpool(drop_file, _served(request), place)
    return JSONResponse({})


def _keep(served: Served, place: Place, pieces: Iterable[bytes], sha256: str) -> None:
    served.own_files(place).write(place.path, pieces, sha256=sha256)


def _decompressed(body: bytes) -> bytes:
    """Raises InvalidValue for what is none, or becomes too much."""
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(body, 2 * MOST_BYTES)
    except zlib.error:
        raise InvalidValue("The lines are not compressed as they should be.") from None
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise InvalidValue("The lines are too many for one request, or cut off.")
    return text


def _served(request: Request) -> Served:
    served: Served = request.app.state.served
    return served


def _journals(request: Request) -> Journals:
    return _served(request).journals
