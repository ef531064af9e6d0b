"""Whether at an address is a server of MLflow's, and none of ours: found out once, and kept."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from nbtrack.base.guard import guarded
from nbtrack.base.locks import make_shared_folder
from nbtrack.errors import StoreBusy
from nbtrack.remote.line import Line
from nbtrack.remote.mlflow_server.rest import ANY_EXPERIMENT
from nbtrack.remote.protocol import QUESTIONS, ROOT, SERVER

OURS = "project.id"  # a file that `RemoteStore` makes: the server has answered as ours
NOTE = "kind.json"  # which version of MLflow it has, "": it does not say; null: it is ours
SECONDS = 5.0  # for an answer
PATIENT_SECONDS = 2 * SECONDS
_UNKNOWN = (404, 405)  # there is no such address
_VERSION = re.compile(r"\d+\.\d+[\w.+-]{0,30}")


def is_mlflows(uri: str, folder: Path, *, wait_seconds: float = PATIENT_SECONDS) -> bool:
    """False also while nobody answers: lines wait in the same way for either. *folder* is where
    this machine keeps what it logs to *uri*; an answer that is later than *wait_seconds* is noted
    there, for the next who asks."""
    if (folder / OURS).exists():
        return False
    if (known := _noted(folder)) is not None:
        return known
    asking = threading.Thread(
        target=_find_out, args=(_Anybody(uri), folder), name="nbtrack-kind", daemon=True
    )
    asking.start()
    asking.join(wait_seconds)
    return bool(_noted(folder))


def kind_words(uri: str) -> str:
    """Asked now. Raises StoreBusy if it does not answer, or as no server does."""
    version = _version_of_mlflow(_Anybody(uri))
    if version is None:
        return "a server of nbtrack's"
    return f"a server of MLflow's, {version or 'which does not say its version'}"


def _noted(folder: Path) -> bool | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        return json.loads((folder / NOTE).read_bytes())["version"] is not None
    return None


def _find_out(line: _Anybody, folder: Path) -> None:
    uri = line.uri
    with guarded(f"ask what {uri} is", outcome="what is logged waits"), suppress(StoreBusy):
        version = _version_of_mlflow(line)
        make_shared_folder(folder)
        temporary = folder / f"{NOTE}-{os.getpid()}-{threading.get_ident()}"
        temporary.write_text(json.dumps({"version": version}))
        temporary.replace(folder / NOTE)


def _version_of_mlflow(line: _Anybody) -> str | None:
    """None: it is ours; "": MLflow's, and does not say. Raises StoreBusy unless all answers are
    either's: one that is late, or none, tells nothing."""
    version = ""
    try:
        said = line.request("GET", "/version", timeout=SECONDS)
        if SERVER in said.headers:
            return None
        version = bytes(said.data[:64]).decode("ascii", "replace").strip()
        if _VERSION.fullmatch(version):
            line.request("POST", f"{ROOT}/{QUESTIONS}/version", b"{}", timeout=SECONDS)
            return None  # it has answered what only ours does
    except _Refused as exc:
        if exc.status in _UNKNOWN:
            if version or (is_theirs := is_mlflows_by_answers(line.json_of)):
                return version
            if is_theirs is False:
                return None
    raise StoreBusy(f"{line.uri} does not say what it is.")


def is_mlflows_by_answers(ask: Callable[[str, str, bytes | None], Any]) -> bool | None:
    """MLflow 1 does not say which it is, nor does any server behind a proxy that passes its API
    alone: told by what it answers to *ask*, JSON or anything else. None: it is neither."""
    if _has(ask("POST", f"{ROOT}/{QUESTIONS}/version", b"{}"), "answer", str):
        return False
    return True if _has(ask("GET", ANY_EXPERIMENT, None), "experiments", list) else None


def _has(told: Any, name: str, kind: type) -> bool:
    return isinstance(told, dict) and isinstance(told.get(name), kind)


class _Refused(Exception):
    def __init__(self, status: int) -> None:
        self.status = status


class _Anybody(Line):
    root = ""

    @property
    def uri(self) -> str:
        return self._uri

    def json_of(self, method: str, address: str, body: bytes | None) -> Any:
        """None if there is no such address, or the answer is none. Raises StoreBusy."""
        try:
            return self.request(method, address, body, timeout=SECONDS).json()
        except _Refused as exc:
            if exc.status not in _UNKNOWN:
                raise StoreBusy(f"{self.uri} does not say what it is.") from exc
        except ValueError:
            pass
        return None

    def _error(self, status: int, body: bytes) -> Exception:  # noqa: ARG002 - whatever it says
        return _Refused(status)
