"""The server at work: it listens until it is told to end."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Sequence

import uvicorn

from nbtrack.base.guard import guarded
from nbtrack.server.app import make_app
from nbtrack.server.log_lines import set_up_logs
from nbtrack.server.nbtrack_protocol.registry import sweep
from nbtrack.server.served import Served

SWEEP_SECONDS = 3600.0
STOP_SECONDS = 10  # for requests that are being answered


def serve(
    served: Served,
    opened: socket.socket,
    *,
    is_open: bool,
    names: Sequence[str],
    is_behind_proxy: bool = False,
    log_format: str = "text",
) -> None:
    """Until SIGINT or SIGTERM; what is being answered then is answered. See `make_app`.

    *is_behind_proxy*: what comes from this machine says in X-Forwarded-For for whom, and is right.
    *log_format* is one of `log_lines.FORMATS`.
    """
    set_up_logs(log_format)
    threading.Thread(target=served.warm_up, name="nbtrack-warm-up", daemon=True).start()
    threading.Thread(target=_sweep, args=(served,), name="nbtrack-sweep", daemon=True).start()
    app = make_app(served, is_open=is_open, names=names)
    config = uvicorn.Config(
        app,
        log_config=None,
        timeout_graceful_shutdown=STOP_SECONDS,
        proxy_headers=is_behind_proxy,
        forwarded_allow_ips="127.0.0.1",
    )
    uvicorn.Server(config).run(sockets=[opened])


def _sweep(served: Served) -> None:
    """Now, and each hour."""
    while True:
        with guarded("clear up in its registry", outcome="it is done an hour later"):
            sweep(served)
        time.sleep(SWEEP_SECONDS)
