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

from nbtrack import MlflowClient

SECONDS = 180  # on a busy machine
HIDDEN = "hushhush"  # in all that was recorded of others
PASSWORD = "correct horse"


def fill(client: MlflowClient, name: str, model: str) -> str:
    """Of an experiment of that name the newest run."""
    experiment = client.create_experiment(name)
    run_id = ""
    for n in range(3):
        run_id = client.create_run(experiment, run_name=f"{name} {n}").info.run_id
        client.log_param(run_id, f"{name}_param", f"{name} {n}")
        for step in range(3):
            client.log_metric(run_id, f"{name}_loss", n + 1 / (step + 1), step=step)
        client.set_tag(run_id, f"{name}.tag", f"{name} {n}")
        client.log_text(run_id, f"{name} text", "a.txt")
        client.log_text(run_id, f"{name} more", f"{name}.txt")
        client.log_text(run_id, "flavors: {}\n", "model/MLmodel")
        client.set_terminated(run_id)
    client.create_registered_model(model, description=f"{name} words")
    client.create_model_version(model, f"runs:/{run_id}/model", run_id)
    client._store.flush()
    return run_id


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
