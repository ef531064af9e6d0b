"""The small server at work, until SIGINT or SIGTERM."""

from __future__ import annotations

import socket

import uvicorn

from nbtrack.recording.session import current_session
from nbtrack.web.app import make_app

_STOP_SECONDS = 1  # pages hold their lines open for as long as they are let


def serve(uri: str, opened: socket.socket, *, project: str, token: str) -> None:
    app = make_app(current_session().store_for(uri), project=project, token=token)
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=_STOP_SECONDS)
    uvicorn.Server(config).run(sockets=[opened])
