"""The line between a panel and its page, where no kernel carries it: a WebSocket, of whatever
server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import TYPE_CHECKING, Any, Protocol

from anyio.to_thread import run_sync

from nbtrack.errors import NbtrackError
from nbtrack.panels.shared.panel import receive

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.panels.shared.panel import Panel

_MOST_WAITING = 1000  # messages for a page that does not take them


class Socket(Protocol):
    """What a server has of a page."""

    async def send(self, text: str) -> None: ...

    async def receive(self) -> str | None:
        """None if it has gone, or sends what is no text."""

    async def close(self) -> None: ...


class PageLine:
    """Stands where a kernel's comm would: what the panel sends, from whatever thread, is kept in
    order for the page."""

    comm_id = "page"

    def __init__(self, said: Callable[[str], str] = str) -> None:
        self._said = said
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Queue[str | None] = asyncio.Queue()
        self.is_full = asyncio.Event()

    def send(self, data: Mapping[str, Any], **_buffers: object) -> None:
        if data["method"] == "custom":
            self._put(self._said(json.dumps(data["content"])))

    def on_msg(self, callback: object) -> None:
        """Nothing: the line calls `receive` itself."""

    def close(self) -> None:
        self._put(None)

    def _put(self, text: str | None) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._keep, text)

    def _keep(self, text: str | None) -> None:
        if self._waiting.qsize() < _MOST_WAITING:
            self._waiting.put_nowait(text)
        else:
            self.is_full.set()

    async def deliver(self, socket: Socket) -> None:
        while (text := await self._waiting.get()) is not None:
            await socket.send(text)


async def carry(
    socket: Socket,
    make: Callable[[], Panel],
    *,
    around: Callable[[object], AbstractContextManager[object]] = nullcontext,
    said: Callable[[str], str] = str,
    is_over: asyncio.Event | None = None,
) -> None:
    """Between the page and a panel of its own, until the page goes. Two pages never share one.

    Each message is answered within *around(message)*, and the line ends where that raises, or when
    *is_over* is set; *said* is what the page hears of the JSON that it is told.
    """
    try:
        panel = await run_sync(make)
    except NbtrackError as error:
        return await _refuse(socket, said(str(error)))
    panel.comm = line = PageLine(said)
    ends = (line.is_full, *([] if is_over is None else [is_over]))
    work = _hear(socket, panel, around), line.deliver(socket), *(each.wait() for each in ends)
    tasks = [asyncio.create_task(each) for each in work]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)  # the page has gone: all are told so
        await run_sync(panel.close)


async def _hear(
    socket: Socket,
    panel: Panel,
    around: Callable[[object], AbstractContextManager[object]],
) -> None:
    while (text := await socket.receive()) is not None:
        await run_sync(_take, panel, _message(text), around)


def _take(
    panel: Panel, message: object, around: Callable[[object], AbstractContextManager[object]]
) -> None:
    with around(message):
        receive(panel, message, [])


def _message(text: str) -> object:
    """None, which is no question, for what is no JSON."""
    with suppress(ValueError, RecursionError):
        return json.loads(text)
    return None


async def _refuse(socket: Socket, words: str) -> None:
    """The file of the project is broken, or held by another program."""
    await socket.send(json.dumps({"trouble": words}))
    await socket.close()
