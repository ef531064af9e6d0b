"""The line between a panel and its page, where no kernel carries it: a WebSocket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocketDisconnect, WebSocketDisconnected

from nbtrack.errors import NbtrackError
from nbtrack.panels.shared.panel import receive

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.websockets import WebSocket

    from nbtrack.panels.shared.panel import Panel

_MOST_WAITING = 1000  # messages for a page that does not take them
_TOO_SLOW = 1013  # "try again later": the page opens another line


class PageLine:
    """Stands where a kernel's comm would: what the panel sends, from whatever thread, is kept in
    order for the page."""

    comm_id = "page"

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Queue[str | None] = asyncio.Queue()

    def send(self, data: Mapping[str, Any], **_buffers: object) -> None:
        if data["method"] == "custom":
            self._put(json.dumps(data["content"]))

    def on_msg(self, callback: object) -> None:
        """Nothing: the line calls `receive` itself."""

    def close(self) -> None:
        self._put(None)

    def _put(self, text: str | None) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._waiting.put_nowait, text)

    async def deliver(self, websocket: WebSocket) -> None:
        with suppress(WebSocketDisconnect, WebSocketDisconnected):
            while (text := await self._waiting.get()) is not None:
                if self._waiting.qsize() > _MOST_WAITING:
                    await websocket.close(_TOO_SLOW)
                    break
                await websocket.send_text(text)


async def carry(websocket: WebSocket, make: Callable[[], Panel]) -> None:
    """Between the page and a panel of its own, until the page goes. Two pages never share one."""
    await websocket.accept()
    try:
        panel = await run_in_threadpool(make)
    except NbtrackError as error:
        return await _refuse(websocket, error)
    panel.comm = line = PageLine()
    delivery = asyncio.create_task(line.deliver(websocket))
    try:
        while True:
            text = await websocket.receive_text()
            await run_in_threadpool(receive, panel, _message(text), [])
    except (WebSocketDisconnect, WebSocketDisconnected):  # heard here, or when something was sent
        pass
    finally:
        delivery.cancel()
        await run_in_threadpool(panel.close)


def _message(text: str) -> object:
    """None, which is no question, for what is no JSON."""
    with suppress(ValueError, RecursionError):
        return json.loads(text)
    return None


async def _refuse(websocket: WebSocket, error: NbtrackError) -> None:
    """The file of the project is broken, or held by another program."""
    await websocket.send_json({"trouble": str(error)})
    await websocket.close()
