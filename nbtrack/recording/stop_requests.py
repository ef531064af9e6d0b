"""A user's wish that what trains in a run ends: a small file in the project, named after the run.

Any process can make it, a kernel that is busy with the training included, and whoever trains looks
for it. It says when it was asked: a run that is resumed later is not meant.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.journal.lines import now_us
from nbtrack.stores.opening import folder_of

if TYPE_CHECKING:
    from nbtrack.recording.active_run import ActiveRun
    from nbtrack.stores.store import Store

_FOLDER = "stop"


def ask_to_stop(store: Store, run_id: str) -> None:
    """What is trained in it and in the runs below it."""
    place = _place(store, run_id)
    place.parent.mkdir(exist_ok=True)
    new = place.with_suffix(f".{os.getpid()}")
    new.write_text(str(now_us()))
    new.replace(place)  # a reader finds all of it, or nothing


def asked_to_stop(run: ActiveRun, *, started_in: str | None = None) -> list[ActiveRun]:
    """*run* and those around it, out to the one that was asked to stop; empty: none was.

    *started_in* is the run of another process that this one was started in, if any.
    """
    chain = list(_outwards(run))
    if started_in is not None and _is_asked(run.store, started_in, since_us=chain[-1].began_us):
        return chain
    asked = [place for place, each in enumerate(chain) if _is_asked_of(each)]
    return chain[: asked[-1] + 1] if asked else []


def _outwards(run: ActiveRun | None) -> Iterator[ActiveRun]:
    while run is not None:  # a part of a run is within one that has its id
        yield run
        run = run.parent


def forgetting(run: ActiveRun) -> Callable[[], None]:
    """To be called when *run* has ended."""
    return partial(_place(run.store, run.run_id).unlink, missing_ok=True)


def _is_asked_of(run: ActiveRun) -> bool:
    return _is_asked(run.store, run.run_id, since_us=run.began_us)


def _is_asked(store: Store, run_id: str, *, since_us: int) -> bool:
    with suppress(FileNotFoundError, NotADirectoryError, ValueError):
        return int(_place(store, run_id).read_text()) > since_us
    return False


def _place(store: Store, run_id: str) -> Path:
    return folder_of(store.uri) / _FOLDER / run_id
