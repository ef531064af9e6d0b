"""Whether at an address is a server of MLflow's, and none of ours: found out once, and kept."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from nbtrack.base.locks import make_shared_folder
from nbtrack.errors import MlflowException, NotAllowed, NotIdentified, StoreBusy
from nbtrack.remote.line import Line
from nbtrack.remote.protocol import QUESTIONS

OURS = "project.id"  # a file that `RemoteStore` makes: the server has answered as ours
NOTE = "mlflow.json"
SECONDS = 2.0
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
    try:
        Line(uri).ask(f"/{QUESTIONS}/version", {}, timeout=SECONDS)
    except (NotIdentified, NotAllowed):
        return None  # it knows us
    except (StoreBusy, MlflowException):
        return _version(_Anybody(uri))
    return None


def _version(line: Line) -> str | None:
    try:
        told: Any = line.request("GET", "/version", timeout=SECONDS).data
    except (StoreBusy, MlflowException):
        return None
    text = bytes(told[:64]).decode("ascii", "replace").strip()
    return text if _VERSION.fullmatch(text) else None


class _Anybody(Line):
    root = ""
