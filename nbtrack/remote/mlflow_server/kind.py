"""Whether at an address is a server of MLflow's, and none of ours: found out once, and kept."""

from __future__ import annotations

import json
import os
import re
import threading
from contextlib import suppress
from pathlib import Path

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
        if version and exc.status in _UNKNOWN:
            return version
        if exc.status in _UNKNOWN:
            if _has(line, "POST", f"{ROOT}/{QUESTIONS}/version", b"{}", of=("answer", str)):
                return None
            if _has(line, "GET", ANY_EXPERIMENT, of=("experiments", list)):
                return ""
    raise StoreBusy(f"{line.uri} does not say what it is.")


def _has(
    line: _Anybody, method: str, address: str, body: bytes | None = None, *, of: tuple[str, type]
) -> bool:
    """MLflow 1 does not say which it is, nor does any server behind a proxy that passes its API
    alone: whether it answers JSON with that name and kind of value. Raises StoreBusy, also for
    anything but that there is no such address."""
    try:
        found = line.request(method, address, body, timeout=SECONDS).json()
        return isinstance(found[of[0]], of[1])
    except _Refused as exc:
        if exc.status not in _UNKNOWN:
            raise StoreBusy(f"{line.uri} does not say what it is.") from exc
    except (ValueError, KeyError, TypeError):
        pass
    return False


class _Refused(Exception):
    def __init__(self, status: int) -> None:
        self.status = status


class _Anybody(Line):
    root = ""

    @property
    def uri(self) -> str:
        return self._uri

    def _error(self, status: int, body: bytes) -> Exception:  # noqa: ARG002 - whatever it says
        return _Refused(status)
