"""What the process that started this one had open: its store, its experiment, its run.

A process tells those that it will start in one environment variable, `NBTRACK_PARENT`, and never
reads there itself what it has told. Whoever starts a process and sets a variable for it that names
another place or experiment comes first: what such variables said in the parent is told too, and
where one says something else now, the parent does not count.

What a fork server starts has the variables of the time when the server was started, in an earlier
run maybe. It is told in what multiprocessing itself hands on to the processes that it starts.
"""

from __future__ import annotations

import json
import os
import sys
from functools import lru_cache
from types import FrameType
from typing import Any, NamedTuple

from nbtrack.base.imported import imported

VARIABLE = "NBTRACK_PARENT"
# Ours, and those of MLflow that count where none of ours is set.
_PLACE = ("NBTRACK_TRACKING_URI", "NBTRACK_DIR"), ("MLFLOW_TRACKING_URI",)
_EXPERIMENT = ("NBTRACK_EXPERIMENT",), ("MLFLOW_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_ID")


class ParentProcess(NamedTuple):
    store: str | None = None  # its URI
    experiment: str | None = None  # its name
    run: str | None = None  # its id


def parent_process() -> ParentProcess:
    """As far as nobody says otherwise."""
    heard = _heard_by(os.getpid())
    if not heard or heard["place"] != _said(*_PLACE):
        return ParentProcess()
    experiment = heard["experiment"] if heard["chosen"] == _said(*_EXPERIMENT) else None
    return ParentProcess(heard["store"], experiment, heard["run"])


def tell_children(what: ParentProcess) -> None:
    """Of the processes that are started from now on."""
    global _told
    if what == _told:
        return
    _told = what
    _heard_by(os.getpid())  # before it is written over
    said = {"place": _said(*_PLACE), "chosen": _said(*_EXPERIMENT)}
    os.environ[VARIABLE] = text = json.dumps({**what._asdict(), **said})
    if (process := _this_process()) is not None:
        process._config[VARIABLE] = text


@lru_cache(maxsize=1)
def _heard_by(_process: int, /) -> dict[str, Any]:
    process = _this_process()
    is_of_server = getattr(process, "_start_method", None) == "forkserver"
    return _read(process._config.get(VARIABLE, _inherited) if is_of_server else _inherited)


def _this_process() -> Any:
    """As multiprocessing knows it; what its `_config` holds, it hands on."""
    current_process = imported("multiprocessing.process", "current_process")
    found = None if current_process is None else current_process()
    return found if isinstance(getattr(found, "_config", None), dict) else None


def _said(ours: tuple[str, ...], mlflows: tuple[str, ...]) -> dict[str, str]:
    """By variables, of the place or of the experiment."""
    found = {name: os.environ[name] for name in ours if name in os.environ}
    return found or {name: os.environ[name] for name in mlflows if name in os.environ}


def is_reused() -> bool:
    """joblib's workers live on and take jobs of whoever comes: whose it is, they are not told."""
    return getattr(_this_process(), "name", "").startswith("LokyProcess")


def reused_workers_job() -> int | None:
    """The number of the job that such a worker does; None in a thread that a job started."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "_process_worker":
            number = getattr(frame.f_locals.get("call_item"), "work_id", None)
            return number if isinstance(number, int) else None
        frame = frame.f_back
    return None


def _read(text: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(text)
        return found if {*ParentProcess._fields, "place", "chosen"} <= found.keys() else {}
    except (ValueError, AttributeError):  # somebody else's
        return {}


_inherited = os.environ.get(VARIABLE, "")
_told = ParentProcess()
