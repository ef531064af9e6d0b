"""Which logged model this thread measures, and which one it made last; per thread, as in MLflow."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from nbtrack.base.guard import warn_once
from nbtrack.recording.measured import is_model_id
from nbtrack.settings import forget_mlflows_model_id, mlflows_model_id

if TYPE_CHECKING:
    from nbtrack.stores.store import Store


class _OfThread(threading.local):
    """Each thread begins with the model that MLflow's variable names."""

    def __init__(self) -> None:
        self.active = _named_by_variable()
        self.last: tuple[Store, str] | None = None


def _named_by_variable() -> str | None:
    model_id = mlflows_model_id()
    if model_id is not None and not is_model_id(model_id):
        warn_once(f"nbtrack: MLFLOW_ACTIVE_MODEL_ID is {model_id!r}, which is no model; none is.")
        return None
    return model_id


here = _OfThread()  # asked at each point: a function around it would cost as much again


def active_model_id() -> str | None:
    return here.active


def set_active_model_id(model_id: str | None) -> None:
    here.active = model_id


def clear_active_model_id() -> None:
    """Also for the threads and processes that are yet to be started, as in MLflow."""
    here.active = None
    forget_mlflows_model_id()


def last_model() -> tuple[Store, str] | None:
    """Its store and id."""
    return here.last


def note_last_model(store: Store, model_id: str) -> None:
    here.last = (store, model_id)
