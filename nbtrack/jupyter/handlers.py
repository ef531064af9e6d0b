"""What JupyterLab's page asks of its server: which project a folder has, the side panel's script
and style, and a line to a panel.

All of it is for who may run code on this server: with a panel one changes and removes runs.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anyio.to_thread import run_sync
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from jupyter_server.utils import url_path_join
from tornado import web
from tornado.ioloop import IOLoop
from tornado.websocket import WebSocketClosedError, WebSocketHandler

if TYPE_CHECKING:
    from nbtrack.jupyter.project import Project
    from nbtrack.panels.shared.panel import Panel

_MOST_WAITING = 100  # questions of a page


def handlers(base: str, root: Path) -> list[tuple[str, type[JupyterHandler], dict[str, Any]]]:
    """Below the *base* of the server's addresses; *root* is the folder of its notebooks."""
    at = {"root": root}
    return [
        (url_path_join(base, "nbtrack", "project"), ProjectHandler, at),
        (url_path_join(base, "nbtrack", r"side\.(js|css)"), PageHandler, {}),
        (url_path_join(base, "nbtrack", "line"), LineHandler, at),
    ]


class ProjectHandler(APIHandler):
    auth_resource = "kernels"

    def initialize(self, root: Path) -> None:
        self._root = root

    @web.authenticated
    @authorized(action="execute")  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """The project of the folder `?of=`: its title, and the folder that notebooks are below."""
        project = await _asked_project(self, self._root)
        # Not the address of a server itself: it may have a password in it.
        key = str(project.folder or project.title)
        root = str(self._root.resolve())
        await self.finish({"title": project.title, "key": key, "root": root})


class PageHandler(JupyterHandler):
    auth_resource = "kernels"

    @web.authenticated
    @authorized(action="execute")  # type: ignore[untyped-decorator]
    async def get(self, kind: str) -> None:
        text = await run_sync(_page, kind)
        self.set_header("Content-Type", f"text/{'javascript' if kind == 'js' else 'css'}")
        self.set_header("Cache-Control", "no-cache")  # asked again, and answered 304
        await self.finish(text)


class LineHandler(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """To a panel of its own, until the page goes."""

    def initialize(self, root: Path) -> None:
        self._root = root
        self._socket = TornadosSocket(self)

    def set_default_headers(self) -> None:
        """None: they are for pages."""

    async def get(self, *args: Any, **kwargs: Any) -> None:
        if not self.current_user:
            raise web.HTTPError(403)
        await self._open_if_allowed(*args, **kwargs)

    @authorized(action="execute", resource="kernels")  # type: ignore[untyped-decorator]
    async def _open_if_allowed(self, *args: Any, **kwargs: Any) -> None:
        self._project = await _asked_project(self, self._root)
        await super().get(*args, **kwargs)

    def open(self, *args: Any, **kwargs: Any) -> None:
        super().open(*args, **kwargs)
        self._work = asyncio.create_task(_carry(self._socket, self._project))
        IOLoop.current().add_future(self._work, lambda work: work.result())  # logs what it raised

    def on_message(self, message: str | bytes) -> None:
        self._socket.take(message if isinstance(message, str) else None)

    def on_close(self) -> None:
        super().on_close()
        self._socket.take(None)


class TornadosSocket:
    """What tornado tells by calls, as the line asks for it."""

    def __init__(self, handler: WebSocketHandler) -> None:
        self._handler = handler
        self._heard: asyncio.Queue[str | None] = asyncio.Queue()

    def take(self, text: str | None) -> None:
        """None: it has gone. So has who asks and asks, and does not wait for answers."""
        self._heard.put_nowait(text if self._heard.qsize() < _MOST_WAITING else None)

    async def send(self, text: str) -> None:
        with suppress(WebSocketClosedError):
            await self._handler.write_message(text)

    async def receive(self) -> str | None:
        return await self._heard.get()

    async def close(self) -> None:
        self._handler.close()


# What follows imports more, DuckDB too: not before somebody looks, nor on the loop of the server.


async def _asked_project(handler: JupyterHandler, root: Path) -> Project:
    return await run_sync(_project_of, root, handler.get_query_argument("of", ""))


def _project_of(root: Path, folder: str) -> Project:
    from nbtrack.errors import NbtrackError
    from nbtrack.jupyter.project import project_of

    try:
        return project_of(root, folder)
    except NbtrackError as error:
        raise web.HTTPError(400, str(error)) from error


async def _carry(socket: TornadosSocket, project: Project) -> None:
    try:
        line = await run_sync(import_module, "nbtrack.web.line")
        await line.carry(socket, lambda: _panel(project))
    finally:
        await socket.close()  # tornado does not; the page hears of it, and comes back


def _page(kind: str) -> str:
    from nbtrack.panels.side.panel import SidePanel

    return str(SidePanel._esm if kind == "js" else SidePanel._css)


def _panel(project: Project) -> Panel:
    """Raises StoreError."""
    from nbtrack.errors import InvalidValue
    from nbtrack.panels.runs.view import all_runs
    from nbtrack.panels.side.panel import SidePanel
    from nbtrack.recording.session import current_session

    if project.folder is None:
        raise InvalidValue(f"The runs of this folder are on {project.title}.")
    store = current_session().store_for(project.folder.as_uri())
    return SidePanel(store, all_runs(store), top=None)
