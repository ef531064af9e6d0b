"""Show the runs of a project in a page of the browser, without a notebook.

It is the panel of `nbtrack.runs()`, shown by Voila, and seen by this machine alone: the address
carries a token.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from nbtrack.cli.console import port_number, say
from nbtrack.cli.place import Place, find_place
from nbtrack.errors import require

_HOST = "127.0.0.1"
_NOTEBOOK = "nbtrack.ipynb"
_PAGES = Path(__file__).parent / "pages"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", metavar="PATH", help="the project; the same as --store")
    parser.add_argument("--port", "-p", type=port_number, default=0, help="default: any free one")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")


def run(arguments: argparse.Namespace) -> int:
    require("voila", extra="ui")
    place = find_place(arguments.path or arguments.store)
    port, token = arguments.port or _free_port(), secrets.token_urlsafe(16)
    with tempfile.TemporaryDirectory(prefix="nbtrack-ui-") as folder:
        notebook = Path(folder) / _NOTEBOOK
        notebook.write_text(_notebook(place), encoding="utf-8")
        # Not as an argument: all who are on this machine see those.
        (Path(folder) / "voila.json").write_text(json.dumps({"Voila": {"token": token}}))
        say(f"{place.name} is shown at http://{_HOST}:{port}/?token={token} (Ctrl-C ends it)")
        sys.stdout.flush()
        command = _voila(notebook, port=port, opens=not arguments.no_browser)
        return _serve(command, Path(folder))


def _serve(command: list[str], folder: Path) -> int:
    """Until the server ends, by itself or with us: terminated, it ends its kernels first."""
    with subprocess.Popen(command, cwd=folder, env=_with_our_page()) as server:
        signal.signal(signal.SIGTERM, lambda *_: server.terminate())
        try:
            return server.wait()
        finally:
            server.terminate()  # after Ctrl-C; of no effect on one that has ended
            server.wait()


def _voila(notebook: Path, *, port: int, opens: bool) -> list[str]:
    return [
        sys.executable, "-m", "voila", str(notebook), f"--port={port}", f"--Voila.ip={_HOST}",
        "--Voila.port_retries=0", "--Voila.log_level=ERROR", "--template=nbtrack",
        *([] if opens else ["--no-browser"]),
    ]  # fmt: skip


def _with_our_page() -> dict[str, str]:
    """Voila's own page asks another machine for two stylesheets."""
    before = os.environ.get("JUPYTER_PATH")
    return {**os.environ, "JUPYTER_PATH": os.pathsep.join(filter(None, [str(_PAGES), before]))}


def _notebook(place: Place) -> str:
    source = [
        "import nbtrack\n",
        f"nbtrack.set_tracking_uri({place.uri!r})\n",
        "nbtrack.runs(experiment='all')",
    ]
    cell = {"cell_type": "code", "id": "runs", "metadata": {}, "source": source}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return json.dumps(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {"kernelspec": kernel, "title": f"nbtrack · {place.title}"},
            "cells": [{**cell, "outputs": [], "execution_count": None}],
        }
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])
