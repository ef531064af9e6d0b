"""How the Jupyter server finds us: config/jupyter_server_config.d names this module."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.jupyter.handlers import handlers

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "nbtrack.jupyter.extension"}]


def _load_jupyter_server_extension(server: ServerApp) -> None:
    base = server.web_app.settings["base_url"]
    ours = handlers(base, root=Path(server.root_dir))
    server.web_app.add_handlers(".*$", ours)  # type: ignore[no-untyped-call]
