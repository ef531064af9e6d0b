"""Which logged model this thread measures, and which one it made last; per thread, as in MLflow."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbtrack.stores.store import Store


class _OfThread(threading.local):
    active: str | None = None
    last: tuple[Store, str] | None = None


here = _OfThread()  # asked at each point: a function around it would cost as much again


def active_model_id() -> str | None:
    return here.active


def set_active_model_id(model_id: str | None) -> None:
    here.active = model_id


def last_model() -> tuple[Store, str] | None:
    """Its store and id."""
    return here.last


def note_last_model(store: Store, model_id: str) -> None:
    here.last = (store, model_id)
