"""A browser that logs in at a server, as far as its tests need one: its cookie, and lines."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple
from urllib.parse import urlencode

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

SECONDS = 180  # on a busy machine


class Answer(NamedTuple):
    status: int
    headers: Any
    text: str


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def request(
    address: str, path: str, fields: dict[str, str] | None = None, *, cookie: str = "", **more: str
) -> Answer:
    body = None if fields is None else urlencode(fields).encode()
    headers = {"Cookie": cookie, **{key.replace("_", "-"): text for key, text in more.items()}}
    asked = urllib.request.Request(address + path, body, headers)
    try:
        with urllib.request.build_opener(_NoRedirects).open(asked, timeout=SECONDS) as found:
            return Answer(found.status, found.headers, found.read().decode())
    except urllib.error.HTTPError as exc:
        return Answer(exc.code, exc.headers, exc.read().decode())


def log_in(address: str, name: str, secret: str) -> str:
    """The cookie."""
    answer = request(address, "/login", {"name": name, "password": secret, "place": "/runs"})
    assert answer.status == 303, answer.text
    return str(answer.headers["set-cookie"]).partition(";")[0]


class Line:
    """To one panel, as a page has it; *heard* is all that was said."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection, self._number = connection, 0
        self.heard: list[dict[str, Any]] = []

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """What comes back: with a result, or an error. Raises ConnectionClosed."""
        self._number += 1
        asked = {"id": self._number, "do": do, "with": {"view": "v", **arguments}}
        self._connection.send(json.dumps(asked))
        while True:
            told = self.listen()
            if told.get("id") == self._number:
                return told

    def listen(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self._connection.recv(timeout=SECONDS))
        self.heard.append(told)
        return told

    def until(self, push: str) -> dict[str, Any]:
        while True:
            told = self.listen()
            if told.get("push") == push:
                return told

    def until_it_ends(self) -> None:
        """Raises TimeoutError if it does not."""
        with suppress(ConnectionClosed):
            while True:
                self.listen()


@contextmanager
def opened(address: str, panel: str, cookie: str, *, origin: str = "") -> Iterator[Line]:
    line = address.replace("http", "ws") + f"/line/{panel}"
    headers = {"Cookie": cookie} if cookie else {}
    with connect(
        line, origin=origin or address, additional_headers=headers, max_size=None
    ) as connection:  # type: ignore[arg-type]  # an origin is a text
        yield Line(connection)
