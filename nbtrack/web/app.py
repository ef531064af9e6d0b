"""The pages of a project: one frame for all addresses, its script and style, and the lines.

Whoever asks has the token of this server in the address, or the cookie that it was changed for.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute

from nbtrack.panels.frame.panel import FramePanel
from nbtrack.panels.registry.panel import RegistryPanel
from nbtrack.panels.registry.view import RegistryView
from nbtrack.panels.runs.panel import RunsPanel
from nbtrack.panels.runs.view import all_runs
from nbtrack.panels.shared.rights import ALL, Rights
from nbtrack.server.guards import OwnPagesOnly
from nbtrack.web.line import carry
from nbtrack.web.page import ADDRESSES, HEADERS, PAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import HTTPConnection, Request
    from starlette.websockets import WebSocket

    from nbtrack.panels.shared.panel import Panel
    from nbtrack.stores.store import Store

_NO_TOKEN = "This page is for whoever started it: open the address that `nbtrack ui` printed.\n"


def make_app(store: Store, *, project: str, token: str, secret: str) -> Starlette:
    """*token* lets in who has it in the address; *secret* is the cookie that such a page gets."""
    pages = Pages(store, project, token, secret)
    routes = [
        Route("/page.js", pages.script),
        Route("/page.css", pages.style),
        WebSocketRoute("/line/{panel}", pages.line),
        *(Route(path, pages.frame) for path in ADDRESSES),
    ]
    return Starlette(routes=routes, middleware=[Middleware(OwnPagesOnly)])


def panels_of(
    store: Store, project: str, *, user: str = "", rights: Rights = ALL
) -> Mapping[str, Callable[[], Panel]]:
    """Those that a page may have a line to; *user* is who has logged in, *rights* are his."""

    def of_user(panel: Panel) -> Panel:
        panel.rights = rights
        return panel

    return {
        "frame": lambda: of_user(FramePanel(store, project, user=user)),
        "runs": lambda: of_user(RunsPanel(store, all_runs(store), top=None)),
        "registry": lambda: of_user(RegistryPanel(store, RegistryView(store))),
    }


class Pages:
    def __init__(self, store: Store, project: str, token: str, secret: str) -> None:
        self._token, self._secret = token, secret
        self._panels = panels_of(store, project)

    async def frame(self, request: Request) -> Response:
        told = request.query_params.get("token")
        if told is not None and _are_same(told, self._token):
            return self._let_in(request)
        return self._answer(request, PAGE, "text/html")

    async def script(self, request: Request) -> Response:
        return self._answer(request, str(FramePanel._esm), "text/javascript")

    async def style(self, request: Request) -> Response:
        return self._answer(request, str(FramePanel._css), "text/css")

    async def line(self, websocket: WebSocket) -> None:
        make = self._panels.get(websocket.path_params["panel"])
        if make is None or not self._is_known(websocket):
            await websocket.close()  # not accepted yet: the browser sees 403
        else:
            await websocket.accept()
            await carry(StarlettesSocket(websocket), make)

    def _answer(self, request: Request, text: str, kind: str) -> Response:
        if not self._is_known(request):
            return PlainTextResponse(_NO_TOKEN, status_code=403, headers=HEADERS)
        return Response(text, media_type=kind, headers=HEADERS)

    def _let_in(self, request: Request) -> Response:
        """To the same page without the token, which stays in a cookie: nobody copies it along."""
        url = request.url.remove_query_params("token")
        response = RedirectResponse(f"{url.path}?{url.query}" if url.query else url.path, 303)
        response.set_cookie(_cookie(request), self._secret, httponly=True, samesite="lax")
        response.headers.update(HEADERS)
        return response

    def _is_known(self, connection: HTTPConnection) -> bool:
        return _are_same(connection.cookies.get(_cookie(connection), ""), self._secret)


class StarlettesSocket:
    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket

    async def send(self, text: str) -> None:
        await self._websocket.send_text(text)

    async def receive(self) -> str | None:
        text: str | None = (await self._websocket.receive()).get("text")
        return text

    async def close(self) -> None:
        await self._websocket.close()


def _are_same(told: str, ours: str) -> bool:
    return hmac.compare_digest(told.encode(), ours.encode())


def _cookie(connection: HTTPConnection) -> str:
    """Cookies know no ports: two servers of one machine have two."""
    return f"nbtrack-{connection.url.port or 80}"
