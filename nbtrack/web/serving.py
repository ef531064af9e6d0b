"""The small server at work, until SIGINT or SIGTERM."""

from __future__ import annotations

import socket

import uvicorn

from nbtrack.recording.session import current_session
from nbtrack.web.app import make_app

_STOP_SECONDS = 1  # pages hold their lines open for as long as they are let


def serve(uri: str, opened: socket.socket, *, project: str, token: str, secret: str) -> None:
    """See `make_app`."""
    store = current_session().store_for(uri)
    app = make_app(store, project=project, token=token, secret=secret)
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=_STOP_SECONDS)
    uvicorn.Server(config).run(sockets=[opened])
