"""What a request must fulfil before anything looks at it: its host, its origin and its size."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
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

    def __init__(self, app: ASGIApp, names: Sequence[str] = ()) -> None:
        self._app, self._names = app, (*LOOPBACK, *names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asks = scope["type"] in ("http", "websocket")
        refusal = _refusal(Headers(scope=scope), self._names) if asks else None
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await PlainTextResponse(refusal, status_code=403)(scope, receive, send)
        else:
            await send({"type": "websocket.close"})  # not accepted: the browser sees 403


def _refusal(headers: Headers, names: Sequence[str]) -> str | None:
    host, origin = headers.get("host", ""), headers.get("origin")
    name = urlsplit(f"//{host}").hostname or ""
    if name not in names and not _is_address(name):
        return (
            f"The host is {host!r:.80}; this server answers to {', '.join(names)}, and to "
            "what --name says."
        )
    if origin is not None and urlsplit(origin).netloc != host:
        return f"A page of {origin!r:.80} may not use this server."
    return None


def _is_address(host: str) -> bool:
    """Which no other site can make mean this machine."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


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
