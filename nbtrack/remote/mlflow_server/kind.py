"""Whether at an address is a server of MLflow's, and none of ours: found out once, and kept."""

from __future__ import annotations

import json
import re
from pathlib import Path

from nbtrack.base.locks import make_shared_folder
from nbtrack.errors import StoreBusy
from nbtrack.remote.line import Line
from nbtrack.remote.protocol import QUESTIONS, ROOT, SERVER

OURS = "project.id"  # a file that `RemoteStore` makes: the server has answered as ours
NOTE = "mlflow.json"
SECONDS = 5.0  # for an answer, once for each server
_UNKNOWN = (404, 405)  # there is no such address
_VERSION = re.compile(r"\d+\.\d+[\w.+-]{0,30}")


def is_mlflows(uri: str, folder: Path) -> bool:
    """False also while nobody answers: lines wait in the same way for either. *folder* is where
    this machine keeps what it logs to *uri*."""
    if (folder / OURS).exists():
        return False
    if (folder / NOTE).exists():
        return True
    version = _version_of_mlflow(uri)
    if version is not None:
        make_shared_folder(folder)
        (folder / NOTE).write_text(json.dumps({"version": version}))
    return version is not None


def _version_of_mlflow(uri: str) -> str | None:
    """None unless both answers are MLflow's: one that is late, or none, tells nothing."""
    line, version = _Anybody(uri), ""
    try:
        said = line.request("GET", "/version", timeout=SECONDS)
        version = bytes(said.data[:64]).decode("ascii", "replace").strip()
        if SERVER in said.headers or not _VERSION.fullmatch(version):
            return None
        line.request("POST", f"{ROOT}/{QUESTIONS}/version", b"{}", timeout=SECONDS)
    except _Refused as exc:
        return version or None if exc.status in _UNKNOWN else None
    except StoreBusy:
        return None
    return None  # it has answered what only ours does


class _Refused(Exception):
    def __init__(self, status: int) -> None:
        self.status = status


class _Anybody(Line):
    root = ""

    def _error(self, status: int, body: bytes) -> Exception:  # noqa: ARG002 - whatever it says
        return _Refused(status)
