"""What the server has answered since it began: counts for Prometheus, at `/metrics`, and a line of
the log for each request, where one was asked for.

The text is Prometheus' own format: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import logging
import re
import time
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

ACCESS = "nbtrack.access"  # the logger of requests
BOUNDS = (0.005, 0.025, 0.1, 0.5, 2.5, 10.0)  # seconds
MEDIA_TYPE = "text/plain; version=0.0.4"
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
# A path says what it is about by its beginning; ids in it would be a series each.
_KINDS = {
    "journal": re.compile(r"/api/nbtrack/\d+/(journal|writers)\b"),
    "questions": re.compile(r"/api/nbtrack/\d+/questions\b"),
    "registry": re.compile(r"/api/nbtrack/\d+/registry\b"),
    "files": re.compile(
        r"/api/nbtrack/\d+/files\b|/(ajax-)?api/2\.0/mlflow-artifacts\b|.*get-artifact"
    ),
    "mlflow": re.compile(r"/(ajax-)?api/2\.0/mlflow\b"),
}


class _Answered(NamedTuple):
    method: str
    kind: str
    status: int


class Measures:
    """Written by the event loop alone."""

    def __init__(self) -> None:
        self._answered: Counter[_Answered] = Counter()
        self._within: Counter[tuple[str, float]] = Counter()
        self._seconds: dict[str, float] = {}
        self._bytes: Counter[tuple[str, str]] = Counter()
        self._started = time.time()
        self.open_requests = 0

    def note(self, method: str, kind: str, status: int, seconds: float) -> None:
        known = method if method in _METHODS else "other"
        self._answered[_Answered(known, kind, status)] += 1
        self._seconds[kind] = self._seconds.get(kind, 0.0) + seconds
        for bound in BOUNDS:
            self._within[kind, bound] += seconds <= bound

    def note_bytes(self, kind: str, way: str, size: int) -> None:
        """*way*: in or out."""
        self._bytes[kind, way] += size

    def text(self) -> str:
        lines = [
            "# TYPE nbtrack_start_time_seconds gauge",
            f"nbtrack_start_time_seconds {self._started:.3f}",
            "# TYPE nbtrack_open_requests gauge",
            f"nbtrack_open_requests {self.open_requests}",
            "# TYPE nbtrack_requests_total counter",
            *(
                f'nbtrack_requests_total{{method="{a.method}",kind="{a.kind}",status="{a.status}"}}'
                f" {number}"
                for a, number in sorted(self._answered.items())
            ),
            "# TYPE nbtrack_body_bytes_total counter",
            *(
                f'nbtrack_body_bytes_total{{kind="{kind}",way="{way}"}} {size}'
                for (kind, way), size in sorted(self._bytes.items())
            ),
            "# TYPE nbtrack_request_seconds histogram",
            *(line for kind in sorted(self._seconds) for line in self._histogram(kind)),
        ]
        return "\n".join(lines) + "\n"

    def _histogram(self, kind: str) -> list[str]:
        name, of = "nbtrack_request_seconds", f'kind="{kind}"'
        count = sum(number for each, number in self._answered.items() if each.kind == kind)
        return [
            *(
                f'{name}_bucket{{{of},le="{bound:g}"}} {self._within[kind, bound]}'
                for bound in BOUNDS
            ),
            f'{name}_bucket{{{of},le="+Inf"}} {count}',
            f"{name}_sum{{{of}}} {self._seconds[kind]:.6f}",
            f"{name}_count{{{of}}} {count}",
        ]


class Measured:
    """Every request is counted, and has its line in the log, however it ended."""

    def __init__(self, app: ASGIApp, measures: Measures) -> None:
        self._app, self._measures = app, measures
        self._log = logging.getLogger(ACCESS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        kind, status, began = kind_of(scope["path"]), 500, time.perf_counter()

        async def counted_receive() -> Message:
            message = await receive()
            self._measures.note_bytes(kind, "in", len(message.get("body", b"")))
            return message

        async def counted_send(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            self._measures.note_bytes(kind, "out", len(message.get("body", b"")))
            await send(message)

        self._measures.open_requests += 1
        try:
            await self._app(scope, counted_receive, counted_send)
        finally:
            self._measures.open_requests -= 1
            self._end(scope, kind, status, time.perf_counter() - began)

    def _end(self, scope: Scope, kind: str, status: int, seconds: float) -> None:
        self._measures.note(scope["method"], kind, status, seconds)
        user = scope.get("state", {}).get("user")
        client = scope.get("client")
        facts = {
            "method": scope["method"], "path": scope["path"], "status": status,
            "milliseconds": round(seconds * 1000, 1), "address": client[0] if client else "",
            "user": user.name if user else None,
        }  # fmt: skip
        self._log.info("%(method)s %(path)s %(status)s", facts, extra={"facts": facts})


def kind_of(path: str) -> str:
    return next((kind for kind, form in _KINDS.items() if form.match(path)), "other")


async def tell(request: Request) -> Response:
    measures: Measures = request.app.state.measures
    return PlainTextResponse(measures.text(), media_type=MEDIA_TYPE)
