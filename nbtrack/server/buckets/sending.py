"""A content of the bucket as the answer to a request: piece by piece, a part of it, or where
clients of nbtrack get it from themselves."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from nbtrack.remote.protocol import DIRECT, DIRECT_BYTES, SHA256
from nbtrack.server.buckets.artifacts import BucketArtifacts, Content

if TYPE_CHECKING:
    from starlette.requests import Request

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


async def sent(
    request: Request, files: BucketArtifacts, content: Content, headers: dict[str, str]
) -> Response:
    """Raises BucketAway before anything is sent."""
    size = content.size or 0
    if DIRECT in request.headers and size >= DIRECT_BYTES:
        address = await run_in_threadpool(files.signed_download, content)
        return Response(headers={DIRECT: address, SHA256: content.sha256})
    part = part_of(request.headers.get("range", ""), size)
    if part == (0, 0) and size:
        return Response(status_code=416, headers={"content-range": f"bytes */{size}"})
    start, end = part or (0, size)
    pieces = files.pieces(content, *(part or ()))
    first = await run_in_threadpool(next, pieces, b"")
    told = {**headers, "accept-ranges": "bytes", "content-length": str(end - start)}
    if part is None:
        told[SHA256] = content.sha256
    else:
        told["content-range"] = f"bytes {start}-{end - 1}/{size}"
    return StreamingResponse(
        chain([first], pieces),
        status_code=200 if part is None else 206,
        headers=told,
        media_type="application/octet-stream",
    )


def part_of(asked: str, size: int) -> tuple[int, int] | None:
    """From where up to where; None: all of it, also where several parts are asked for; (0, 0):
    there is no such part."""
    found = _RANGE.fullmatch(asked.strip())
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        start, end = max(size - int(last), 0), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
    return (start, end) if start < end else (0, 0)
