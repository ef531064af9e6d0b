"""However the line to a side panel ends, the page hears of it: only then it comes back."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application
from tornado.websocket import WebSocketClosedError, WebSocketHandler, websocket_connect

from nbtrack.jupyter.handlers import LineHandler
from nbtrack.jupyter.project import Project

QUESTIONS = 2000
PATIENCE = 120  # seconds


def test_who_asks_and_does_not_wait_is_sent_away(tmp_path: Path) -> None:
    assert told(Project(folder=tmp_path / ".nbtrack"), asking=QUESTIONS) == []


def test_a_panel_that_cannot_be_made(caplog: pytest.LogCaptureFixture) -> None:
    """And the log of the server has why."""
    assert told(Project(folder=Path("not absolute")), asking=0) == []
    assert "ValueError" in caplog.text


def told(project: Project, *, asking: int) -> list[Any]:
    """What a page hears, until its line ends."""

    class Opened(LineHandler):
        """Of a page that was let in."""

        async def prepare(self, *_args: Any, **_kwargs: Any) -> None:
            """Nobody asks who it is."""

        async def get(self, *args: Any, **kwargs: Any) -> None:
            self._project = project
            await WebSocketHandler.get(self, *args, **kwargs)

    return asyncio.run(asyncio.wait_for(_told(Opened, asking), PATIENCE))


async def _told(handler: type[LineHandler], asking: int) -> list[Any]:
    socket, port = bind_unused_port()
    server = HTTPServer(Application([("/line", handler, {"root": Path()})]))
    server.add_socket(socket)
    line = await websocket_connect(f"ws://127.0.0.1:{port}/line")
    with suppress(WebSocketClosedError):
        for _ in range(asking):
            line.write_message("{}")
    heard = []
    while (message := await line.read_message()) is not None:
        heard.append(message)
    server.stop()
    return heard
