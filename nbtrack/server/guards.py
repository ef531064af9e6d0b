"""What a request must fulfil before anything looks at it: its host, its origin and its size."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

from nbtrack.errors import MlflowException

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost")
MOST_BYTES = 64 * 2**20  # of a request that is read as a whole


class OwnPagesOnly:
    """A page of another site, open in the browser of whoever may reach the server, may not.

    It could send requests to an address of this machine (with an `Origin` that is not the
    server's), or make a name of its own mean this machine (with that name as the `Host`).
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (refusal := _refusal(Headers(scope=scope))):
            await PlainTextResponse(refusal, status_code=403)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _refusal(headers: Headers) -> str | None:
    host, origin = headers.get("host", ""), headers.get("origin")
    if urlsplit(f"//{host}").hostname not in LOOPBACK:
        return f"The host is {host!r:.80}; this server answers to {' and '.join(LOOPBACK)}."
    if origin is not None and urlsplit(origin).netloc != host:
        return f"A page of {origin!r:.80} may not use this server."
    return None


async def body_of(request: Request) -> bytes:
    """Raises MlflowException as soon as it is too large."""
    found = bytearray()
    async for piece in request.stream():
        found += piece
        if len(found) > MOST_BYTES:
            raise MlflowException(
                f"The body is larger than {MOST_BYTES >> 20} MiB; send it in several requests.",
                error_code="RESOURCE_EXHAUSTED",
            )
    return bytes(found)
