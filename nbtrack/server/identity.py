"""Every request is somebody's: who sent it is found out, asked whether he may, and noted."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse

from nbtrack.errors import MlflowException, NotAllowed, NotIdentified, TooManyAttempts
from nbtrack.recording.acting import acting_as
from nbtrack.server.audit import AuditLog
from nbtrack.server.door import Door, told_by
from nbtrack.server.grants import MODEL, Need
from nbtrack.server.narrowing import Narrowed
from nbtrack.server.pages.paths import is_page
from nbtrack.server.roles import Role, needed_role
from nbtrack.server.served import Served
from nbtrack.server.users import User

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPEN_PATHS = ("/health", "/version")


class Identified:
    """The user is `request.state.user`, None where nobody has to say who he is; what changes
    meanwhile is changed by him."""

    def __init__(self, app: ASGIApp, door: Door, audit: AuditLog, served: Served) -> None:
        self._app, self._door, self._audit, self._served = app, door, audit, served

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS or is_page(scope["path"]):
            await self._app(scope, receive, send)
            return
        try:
            user = await self._who(scope)
        except NotIdentified as exc:
            self._note(_claimed(scope), scope, exc.get_http_status_code())
            await _refusal(exc)(scope, receive, send)
            return
        scope.setdefault("state", {})["user"] = user
        if user is None:
            await self._app(scope, receive, send)
        else:
            await self._answer(user, scope, receive, send)

    async def _who(self, scope: Scope) -> User | None:
        authorization = Headers(scope=scope).get("authorization")
        return await run_in_threadpool(self._door.who, authorization, _address(scope))

    async def _answer(self, user: User, scope: Scope, receive: Receive, send: Send) -> None:
        needed = needed_role(scope["method"], scope["path"])
        noted_send = send if needed == Role.VIEWER else self._noted(user, scope, send)
        if not user.may(needed):
            narrowed = Narrowed(self._served, user, needed, scope)
            try:
                receive = await self._let_through(user, needed, narrowed, receive)
            except MlflowException as exc:
                await _refusal(exc)(scope, receive, noted_send)
                return
            except ClientDisconnect:  # in the middle of his request: nobody reads an answer
                return
            noted_send = await run_in_threadpool(narrowed.shown, noted_send)
        with acting_as(user.name), self._noted_fault(user, scope):
            await self._app(scope, receive, noted_send)

    async def _let_through(
        self, user: User, needed: Role, narrowed: Narrowed, receive: Receive
    ) -> Receive:
        """Raises NotAllowed, and MlflowException for what nobody can read."""
        if not user.grants:
            raise not_allowed(user, needed)
        return await narrowed.check(receive)

    def _noted(self, user: User, scope: Scope, send: Send) -> Send:
        """Whoever has an answer is in the audit log."""

        async def noted_send(message: Message) -> None:
            status = message.get("status", 200)
            if message["type"] == "http.response.start" and self._audit.is_worth_a_line(
                user.name, scope["path"], status
            ):
                self._note(user.name, scope, status)
            await send(message)

        return noted_send

    @contextmanager
    def _noted_fault(self, user: User, scope: Scope) -> Iterator[None]:
        """Of which the answer is given further out."""
        try:
            yield
        except Exception:
            self._note(user.name, scope, 500)
            raise

    def _note(self, who: str, scope: Scope, status: int) -> None:
        self._audit.note(
            who=who,
            address=_address(scope),
            method=scope["method"],
            path=scope["path"],
            status=status,
        )


def check_role(user: User | None, needed: Role, *, model: str) -> None:
    """For what only the body of a request says, of a registered model. Raises NotAllowed."""
    if user is None or user.may(needed):
        return
    if not Need(needed, MODEL, model).is_met_by(user.grants):
        raise not_allowed(user, needed)


def not_allowed(user: User, needed: Role) -> NotAllowed:
    return NotAllowed(f"{user.name} is {user.title}; this takes the role {needed}.")


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def _claimed(scope: Scope) -> str:
    """Who it says that it is from, which nobody has proved."""
    try:
        return told_by(Headers(scope=scope).get("authorization")).name or ""
    except NotIdentified:
        return ""


def _refusal(exc: MlflowException) -> JSONResponse:
    told = {"error_code": exc.error_code, "message": str(exc), "kind": type(exc).__name__}
    headers = {}
    if isinstance(exc, TooManyAttempts):
        headers["Retry-After"] = str(math.ceil(exc.seconds))
    elif isinstance(exc, NotIdentified):
        headers["WWW-Authenticate"] = 'Basic realm="nbtrack"'
    return JSONResponse(told, exc.get_http_status_code(), headers=headers)
