"""Which page is answered by what, and to whom."""

from __future__ import annotations

import asyncio
import json
import math
import re
import secrets
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from nbtrack.errors import MlflowException, NotIdentified, TooManyAttempts
from nbtrack.panels.shared.rights import ALL, Rights
from nbtrack.recording.acting import acting_as
from nbtrack.recording.session import current_session
from nbtrack.server.audit import AuditLog
from nbtrack.server.door import Door
from nbtrack.server.guards import body_of
from nbtrack.server.pages.login_page import POLICY, here_again, login_page
from nbtrack.server.pages.rights import UsersRights
from nbtrack.server.pages.sessions import Sessions
from nbtrack.server.pages.users_store import open_store, store_of_user
from nbtrack.server.served import Served
from nbtrack.server.users import User
from nbtrack.web.page import ADDRESSES, HEADERS, PAGE

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection, Request
    from starlette.websockets import WebSocket

    from nbtrack.stores.store import Store

_MOST_FORM = 10_000  # bytes
_PANELS = "nbtrack.web.app"  # as long to import as all else: in a thread, when somebody looks
_NO_LINES = "These pages need websockets: pip install 'nbtrack[server]', and begin it again.\n"
_SAFE_PLACE = re.compile(r"/(?![/\\])[^\\\x00-\x1f]*")


class ServerPages:
    def __init__(self, served: Served, door: Door, audit: AuditLog, sessions: Sessions) -> None:
        self._served, self._door = served, door
        self._audit, self._sessions = audit, sessions

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/page.js", self._script),
            Route("/page.css", self._style),
            Route("/login", self._to_the_front),
            Route("/login", self._log_in, methods=["POST"]),
            Route("/logout", self._log_out, methods=["POST"]),
            WebSocketRoute("/line/{panel}", self._line),
            *(Route(path, self._frame) for path in ADDRESSES),
        ]

    # --- pages

    async def _frame(self, request: Request) -> Response:
        if find_spec("websockets") is None:  # an installation of before has none
            return PlainTextResponse(_NO_LINES, 503, headers=HEADERS)
        if await self._knows(request):
            return HTMLResponse(PAGE, headers=HEADERS)
        if request.headers.get("sec-fetch-site") == "cross-site":
            return _login_response(here_again())
        return self._ask(_place_of(request))

    async def _script(self, request: Request) -> Response:
        return await self._file(request, "_esm", "text/javascript")

    async def _style(self, request: Request) -> Response:
        return await self._file(request, "_css", "text/css")

    async def _file(self, request: Request, name: str, kind: str) -> Response:
        if not await self._knows(request):
            return PlainTextResponse("Log in first.\n", 401, headers=HEADERS)
        await run_in_threadpool(import_module, _PANELS)
        from nbtrack.panels.frame.panel import FramePanel

        return Response(str(getattr(FramePanel, name)), media_type=kind, headers=HEADERS)

    def _ask(self, place: str, *, name: str = "", problem: str = "", status: int = 401) -> Response:
        title = self._served.folder.parent.name
        page = login_page(title, place=place, name=name, problem=problem)
        return _login_response(page, status=status)

    # --- in and out

    async def _to_the_front(self, _request: Request) -> Response:
        """Somebody has kept the address of the login, or has gone back to it."""
        return RedirectResponse("/", 303, headers=HEADERS)

    async def _log_in(self, request: Request) -> Response:
        told = _fields(await body_of(request))
        name, secret = told.get("name", "").strip(), told.get("password", "").strip()
        place = told.get("place", "/")
        place = place if _SAFE_PLACE.fullmatch(place) else "/"
        try:
            user = await run_in_threadpool(
                self._door.who, _authorization(name, secret), _address(request)
            )
        except NotIdentified as exc:
            self._note(request, name, exc.get_http_status_code())
            return self._refusal(exc, place, name)
        response = RedirectResponse(place, 303, headers=HEADERS)
        if user is None:
            self._take_cookie(request, response)
        else:
            self._note(request, user.name, 200)
            self._give_cookie(request, response, self._sessions.begin(user, secret))
        return response

    def _refusal(self, exc: NotIdentified, place: str, name: str) -> Response:
        words = "The name and the password, or the token, are not right."
        if not isinstance(exc, TooManyAttempts):
            return self._ask(place, name=name, problem=words)
        response = self._ask(place, name=name, problem=str(exc), status=429)
        response.headers["Retry-After"] = str(math.ceil(exc.seconds))
        return response

    def _give_cookie(self, request: Request, response: Response, cookie: str) -> None:
        response.set_cookie(
            _cookie_name(request), cookie, httponly=True, samesite="strict",
            secure=_is_secure(request),
        )  # fmt: skip

    async def _log_out(self, request: Request) -> Response:
        self._sessions.end(_cookie_of(request))
        response = RedirectResponse("/", 303, headers=HEADERS)
        self._take_cookie(request, response)
        return response

    def _take_cookie(self, request: Request, response: Response) -> None:
        """As it was given: browsers take no other word about a `__Host-` one."""
        response.delete_cookie(
            _cookie_name(request), httponly=True, samesite="strict", secure=_is_secure(request)
        )

    def _note(self, request: Request, name: str, status: int) -> None:
        self._audit.note(
            who=name, address=_address(request), method="POST", path="/login", status=status
        )

    # --- lines

    async def _line(self, websocket: WebSocket) -> None:
        await run_in_threadpool(import_module, _PANELS)
        from nbtrack.web.app import StarlettesSocket, panels_of
        from nbtrack.web.line import carry

        panel = websocket.path_params["panel"]
        who = self._who_by(websocket)
        try:
            user = await run_in_threadpool(who)
        except MlflowException:
            await websocket.close()  # not accepted yet: the browser sees 403
            return
        cookie = _cookie_of(websocket)
        line = _Line(
            self._served, self._audit, who, used=lambda: self._sessions.use(cookie),
            path=websocket.url.path, is_open=user is None,
        )  # fmt: skip
        make = panels_of(
            line.store_of(user, _address(websocket)),
            self._served.folder.parent.name,
            user="" if user is None else user.name,
            rights=line.rights_of(user),
        ).get(panel)
        if make is None:
            await websocket.close()
        else:
            await websocket.accept()
            socket = StarlettesSocket(websocket)
            try:
                await carry(socket, make, around=line.around, said=line.said, is_over=line.is_over)
            finally:
                line.forget()

    # --- who

    def _who_by(self, connection: HTTPConnection) -> Callable[[], User | None]:
        """None: nobody has to say. What it gives raises NotIdentified."""
        cookie = _cookie_of(connection)

        def who() -> User | None:
            if self._door.asks_nobody:  # whatever a browser has kept of a server before this one
                return None
            if cookie:
                return self._sessions.user(cookie)
            raise NotIdentified("Log in.")

        return who

    async def _knows(self, connection: HTTPConnection) -> bool:
        try:
            await run_in_threadpool(self._who_by(connection))
        except NotIdentified:
            return False
        return True


class _Line:
    """Whose the messages of one line are, and what they change. With *is_open*, it was opened when
    nobody had to say who he is, and is over when somebody has to. Made on the server's loop."""

    def __init__(
        self, served: Served, audit: AuditLog, who: Callable[[], User | None], *,
        used: Callable[[], None], path: str, is_open: bool,
    ) -> None:  # fmt: skip
        self._served, self._audit, self._who, self._path = served, audit, who, path
        self._used, self._is_open = used, is_open
        self._doing = ""
        self._uri = f"file:///nowhere-{secrets.token_hex(8)}"  # which nobody is to open
        self._loop = asyncio.get_running_loop()
        self.is_over = asyncio.Event()

    def forget(self) -> None:
        """What this process remembers of runs that were changed here."""
        verified = current_session().verified
        for place in [each for each in list(verified) if each[0] == self._uri]:
            verified.pop(place, None)

    def store_of(self, user: User | None, address: str) -> Store:
        if user is None:
            return open_store(self._served.store, self._still)

        def noted(status: int) -> None:
            path = f"{self._path}/{self._doing}"
            self._audit.note(
                who=user.name, address=address, method="LINE", path=path, status=status
            )

        return store_of_user(self._served, self._somebody, uri=self._uri, noted=noted)

    def rights_of(self, user: User | None) -> Rights:
        return ALL if user is None else UsersRights(self._served, self._somebody)

    def _somebody(self) -> User:
        if (user := self._still()) is None:
            raise NotIdentified("Log in.")
        return user

    @contextmanager
    def around(self, message: object) -> Iterator[None]:
        """Who may not come in any more ends the line."""
        user = self._still()
        self._used()
        self._doing = str(message.get("do"))[:40] if isinstance(message, dict) else ""
        with acting_as(None if user is None else user.name):
            yield

    def said(self, text: str) -> str:
        """JSON: where the project lies is no business of who looks at it."""
        nowhere = (self._uri, self._uri.removeprefix("file://"))
        for place in (self._served.store.uri, str(self._served.folder), *nowhere):
            text = text.replace(json.dumps(place)[1:-1], "this server")
        return text

    def _still(self) -> User | None:
        """From whatever thread: news are looked for without a message."""
        try:
            user = self._who()
            if self._is_open and user is not None:
                raise NotIdentified("Log in.")
        except NotIdentified:
            with suppress(RuntimeError):  # the server has stopped
                self._loop.call_soon_threadsafe(self.is_over.set)
            raise
        return user


def _authorization(name: str, secret: str) -> str | None:
    if not secret:
        return None
    if not name:
        return f"Bearer {secret}"
    return f"Basic {b64encode(f'{name}:{secret}'.encode()).decode()}"


def _fields(body: bytes) -> dict[str, str]:
    """Of a form; the last of one name."""
    try:
        told = parse_qs(body[:_MOST_FORM].decode("utf-8", "replace"), max_num_fields=20)
    except ValueError:  # more than a form of ours has
        return {}
    return {name: values[-1] for name, values in told.items()}


def _login_response(page: str, *, status: int = 401) -> Response:
    own = {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin"}
    return HTMLResponse(page, status, headers={**HEADERS, **own})  # else its form has no Origin


def _place_of(request: Request) -> str:
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path


def _address(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client else ""


def _is_secure(connection: HTTPConnection) -> bool:
    return connection.url.scheme in ("https", "wss")


def _cookie_name(connection: HTTPConnection) -> str:
    """Cookies know no ports: two servers of one machine have two."""
    url = connection.url
    name = f"nbtrack-login-{url.port or (443 if _is_secure(connection) else 80)}"
    return f"__Host-{name}" if _is_secure(connection) else name


def _cookie_of(connection: HTTPConnection) -> str:
    return connection.cookies.get(_cookie_name(connection), "")
