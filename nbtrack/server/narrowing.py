"""A request of somebody whose roles are for some experiments and models only: it is let through if
it is about these, and its answer tells of no others."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request

from nbtrack.errors import InvalidValue, LinesRefused, NotAllowed
from nbtrack.remote.protocol import REGISTRY, ROOT
from nbtrack.server.asked import of_body, of_query
from nbtrack.server.grants import EXPERIMENT, MODEL, Need
from nbtrack.server.guards import body_of
from nbtrack.server.nbtrack_protocol.registry import drop_copy
from nbtrack.server.roles import Role
from nbtrack.server.scoped_contents import set_apart
from nbtrack.server.scopes import is_met, needs_of
from nbtrack.server.served import Served
from nbtrack.server.users import User

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

_API, _OURS = r"/(?:ajax-)?api/2\.0/mlflow/", r"/api/nbtrack/1/questions/"
# Lists in answers, each with the kind of thing that it tells of and where its name is.
_SHOWN: list[tuple[re.Pattern[str], str, str, str]] = [
    (re.compile(f"{_API}experiments/search"), "experiments", EXPERIMENT, "name"),
    (re.compile(f"{_API}registered-models/search"), "registered_models", MODEL, "name"),
    (re.compile(f"{_API}model-versions/search"), "model_versions", MODEL, "name"),
    (re.compile(f"{_OURS}search_experiments"), "answer", EXPERIMENT, "name"),
    (re.compile(f"{_OURS}search_(registered_models|model_versions)"), "answer", MODEL, "name"),
    (re.compile(f"{_OURS}registry_events"), "answer", MODEL, "model"),
    (re.compile(f"{_OURS}read_child_runs"), "answer", EXPERIMENT, "info"),
]
# What never looks into a body for what it is about, and may have a long one.
_STREAMED = re.compile(
    r"/(?:ajax-)?api/2\.0/(?:mlflow-artifacts/artifacts(?:/.*)?|mlflow/upload-artifact)"
    r"|/api/nbtrack/1/(?:files(?:/.*)?|registry/.+)"
)
_LINES = re.compile(r"/api/nbtrack/\d+/journal/.*")
# What reads its query alone, as `artifact_files` does; of ours, all else reads its body alone.
_OF_QUERY = re.compile(
    r"/(?:model-versions/)?get-artifact|/api/nbtrack/1/files(?:/.*)?"
    r"|/(?:ajax-)?api/2\.0/(?:mlflow-artifacts/.*|mlflow/upload-artifact)"
    r"|/ajax-api/2\.0/mlflow/logged-models/[^/]+/artifacts/files"
)


class Narrowed:
    """One request of *user* that takes *role*. `check` comes before all else."""

    def __init__(self, served: Served, user: User, role: Role, scope: Scope) -> None:
        self._served, self._user, self._role, self._scope = served, user, role, scope
        self._path: str = scope["path"]
        self._body: bytes | None = None

    @classmethod
    def of_path(cls, served: Served, user: User, role: Role, path: str) -> Narrowed:
        """As if a request without a query came to *path*, for what comes another way."""
        return cls(served, user, role, {"path": path, "query_string": b""})

    async def check(self, receive: Receive) -> Receive:
        """What is received from now on: the same, but of the user's own experiments alone. Raises
        NotAllowed, and MlflowException for what nobody can read."""
        if _STREAMED.fullmatch(self._path):  # its path says it all
            await run_in_threadpool(self._check, b"")
            return receive
        self._body = await body_of(Request(self._scope, receive))
        self._body = await run_in_threadpool(self._check, self._body)
        body, is_sent = self._body, False

        async def again() -> Message:
            nonlocal is_sent
            if is_sent:
                return await receive()
            is_sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        return again

    def narrowed_fields(self, told: dict[str, Any]) -> dict[str, Any]:
        """The fields of a question, about his experiments alone. Raises NotAllowed."""
        return of_body(self._check(json.dumps(told).encode()))

    def check_fields(self, told: dict[str, Any]) -> None:
        """Raises NotAllowed."""
        self._check(json.dumps(told).encode())

    def narrowed_body(self, body: bytes) -> bytes:
        """Of a journal, as it is to be kept. Raises NotAllowed."""
        return self._check(body)

    def leave_out(self, told: dict[str, Any]) -> None:
        """Of the list in an answer, what is of others."""
        for form, key, kind, name in _SHOWN:
            if form.fullmatch(self._path):
                is_shown = self._is_shown(kind, name)
                told[key] = [each for each in told.get(key) or [] if is_shown(each)]

    def _check(self, body: bytes) -> bytes:
        try:
            return self._checked(body)
        except NotAllowed as exc:
            if _LINES.fullmatch(self._path) and self._may_log_somewhere():
                raise LinesRefused(str(exc)) from exc
            if self._path == f"{ROOT}/{REGISTRY}":
                drop_copy(self._served, of_body(body).get("token"))
            raise

    def _may_log_somewhere(self) -> bool:
        return any(grant.role.may(self._role) for grant in self._user.grants)

    def _checked(self, body: bytes) -> bytes:
        told = {} if _LINES.fullmatch(self._path) else of_body(body)
        needs = needs_of(self._served, self._role, self._path, self._asked(told), body)
        for need in needs:
            if not is_met(need, self._user):
                raise NotAllowed(
                    f"{self._user.name} is {self._user.title}; this takes {self._said(need)}."
                )
        return self._narrowed(body, told)

    def _said(self, need: Need) -> str:
        """Of an experiment by its name if he may see it: who has the id of a run is not told where
        that is. A model he has named himself."""
        if not need.name:
            return f"the role {need.role}"
        may_see = any((g.kind, g.name) == (need.kind, need.name) for g in self._user.grants)
        is_known = may_see or need.kind == MODEL or self._user.may(Role.VIEWER)
        return str(need) if is_known else f"the role {need.role} of its {need.kind}"

    def _asked(self, told: dict[str, Any]) -> dict[str, Any]:
        """The fields that the answer is going to be made from, read as it reads them. Raises
        InvalidValue for one that is said twice."""
        text = self._scope["query_string"].decode("latin-1")
        query = of_query(parse_qsl(text, keep_blank_values=True))
        for name in query.keys() & told.keys():
            if query[name] != told[name]:
                raise InvalidValue(f"{name!r:.80} is one thing in the query, another in the body.")
        if _OF_QUERY.fullmatch(self._path):
            return query
        return told if self._path.startswith("/api/nbtrack/") else query | told

    def _narrowed(self, body: bytes, told: dict[str, Any]) -> bytes:
        """A question about all experiments is one about his; and of lines, see `set_apart`."""
        if _LINES.fullmatch(self._path):
            kept, lines = set_apart(body)
            self._served.note_unproved(lines)
            return kept
        query = told.get("query")
        if not isinstance(query, dict) or query.get("experiment_ids") is not None:
            return body
        if not self._path.startswith("/api/nbtrack/") or "name" in query:  # of the registry
            return body
        query["experiment_ids"] = self._own_experiments()
        return json.dumps(told).encode()

    def _own(self, kind: str) -> set[str]:
        return {each.name for each in self._user.grants if each.kind == kind}

    def _own_experiments(self) -> list[str]:
        """Ids of those that are there."""
        found = map(self._served.store.find_experiment, self._own(EXPERIMENT))
        return [each.experiment_id for each in found if each is not None]

    def shown(self, send: Send) -> Send:
        """*send*, of whose lists the others are left out."""
        for form, key, kind, name in _SHOWN:
            if form.fullmatch(self._path):
                return _Filtered(send, key, self._is_shown(kind, name)).send
        return send

    def _is_shown(self, kind: str, name: str) -> Callable[[Any], bool]:
        if name != "info":
            own = self._own(kind)
            return lambda each: each[name] in own
        ids = set(self._own_experiments())
        return lambda each: each["info"]["experiment_id"] in ids


class _Filtered:
    """An answer as a whole: JSON, of whose list *key* only what *is_shown* goes on."""

    def __init__(self, send: Send, key: str, is_shown: Callable[[Any], bool]) -> None:
        self._send, self._key, self._is_shown = send, key, is_shown
        self._start: Message = {}
        self._body = bytearray()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if message.get("more_body", False):
            return
        body = self._filtered(bytes(self._body)) if self._start["status"] == 200 else self._body
        headers = MutableHeaders(scope=self._start)
        headers["content-length"] = str(len(body))
        await self._send(self._start)
        await self._send({"type": "http.response.body", "body": bytes(body)})

    def _filtered(self, body: bytes) -> bytes:
        headers = MutableHeaders(scope=self._start)
        if headers.get("content-encoding") == "deflate":
            body = zlib.decompress(body)
            del headers["content-encoding"]
        told = json.loads(body)
        told[self._key] = [each for each in told.get(self._key) or [] if self._is_shown(each)]
        return json.dumps(told).encode()
