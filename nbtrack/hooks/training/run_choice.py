"""Which run a training is recorded on; "fit" is any training here.

The first fit in the active run is recorded on that run, as in MLflow; each further one gets a
child run of its own, so that two models never mix. With the second fit of a tracked cell the first
becomes a child too: none of them is "the" model of the cell. Without an active run the notebook may
make the cell a run (`%track on`); else the fit gets a run that ends with it.
"""

from __future__ import annotations

import weakref
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from nbtrack.base import background
from nbtrack.base.guard import guarded
from nbtrack.errors import StoreError
from nbtrack.hooks.measured.metric_log import divide_log, write_log
from nbtrack.recording.run_files import LOOK_SECONDS
from nbtrack.recording.run_part import RunPart
from nbtrack.recording.session import Session, current_session
from nbtrack.recording.system_metrics import sample_machine
from nbtrack.records.tags import AUTOLOG_TAG, FIT_TAG

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbtrack.hooks.flags import CommonFlags
    from nbtrack.hooks.library import Library
    from nbtrack.recording.active_run import ActiveRun

NAME_TAG, CLASS_TAG = "estimator_name", "estimator_class"


def names_of(trained: Any) -> dict[str, str]:
    """The tags by which a run says what was fitted."""
    kind = type(trained)
    return {NAME_TAG: kind.__name__, CLASS_TAG: f"{kind.__module__}.{kind.__name__}"}


class FitRun(NamedTuple):
    run: ActiveRun
    ends_with_fit: bool


_lock = Lock()
_taken: weakref.WeakSet[ActiveRun] = weakref.WeakSet()  # a fit is recorded on them
_parts: dict[ActiveRun, RunPart] = {}  # of running cells, by their runs


class Kin:
    """Which runs are about the same thing as a fit that begins: none, if a hook knows no better."""

    def is_of(self, run: ActiveRun) -> bool:  # noqa: ARG002 - for who knows
        """Whether the fit goes on with what *run* tells of."""
        return False

    def child_of(self, run: ActiveRun) -> ActiveRun | None:  # noqa: ARG002
        """A child of *run* that `is_of` this."""
        return None


_NO_KIN = Kin()


def choose_run(
    session: Session, *, name: str, flavor: str, flags: CommonFlags, kin: Kin = _NO_KIN
) -> FitRun | None:
    """None: not to be recorded. A run that is made here is the active one until it ends."""
    active = session.active_run()
    if flags.exclusive and active is not None and not active.opened_by_hook:
        return None
    tags = {AUTOLOG_TAG: flavor, **(flags.extra_tags or {})}
    if active is None and (active := session.open_cell_run()) is not None:
        active.set_tags(tags)
        active.opened_by_hook = True
    if active is not None:
        found = _in_active(session, active, kin, name=name, tags=tags)
        if found is not None:
            return found
    made = session.start_run(name=name, tags=tags, nested=True)
    made.opened_by_hook = True
    if active is None:
        sample_machine(made)
    _taken.add(made)
    return FitRun(made, ends_with_fit=True)


def run_of_evaluation(library: Library) -> ActiveRun | None:
    """Where it goes that *library* evaluates a model which no run trained: it is no reason to open
    one."""
    if library.flags.exclusive or not library.switch.records_here:
        return None
    session = current_session()
    return session.active_run() or session.open_cell_run()


def first_fit_of(run: ActiveRun) -> ActiveRun:
    """Of a tracked cell's run the part that the first fit is; any other run is all of it."""
    return _parts.get(run, run)


def has_ended(run: ActiveRun) -> bool:
    """Whether the outermost run around it is closed: then the user is done for now."""
    while run.parent is not None:
        run = run.parent
    return not run.is_open


def _in_active(
    session: Session, active: ActiveRun, kin: Kin, *, name: str, tags: Mapping[str, str]
) -> FitRun | None:
    """None: it is another fit in the active run."""
    if _take(active):
        if not active.is_cell:
            return FitRun(active, ends_with_fit=False)
        return FitRun(_begin_part(session, active, name=name, tags=tags), ends_with_fit=True)
    first = first_fit_of(active)
    if kin.is_of(first):
        return FitRun(first, ends_with_fit=first is not active)
    if isinstance(first, RunPart) and not first.is_child:
        _make_child(first)
    child = kin.child_of(active)
    return None if child is None else FitRun(child, ends_with_fit=False)


def _begin_part(
    session: Session, cell: ActiveRun, *, name: str, tags: Mapping[str, str]
) -> RunPart:
    part = _parts[cell] = RunPart(session, cell, name=name, tags=tags)

    def end_with_cell() -> None:
        del _parts[cell]
        part.stay()

    if not session.stack.when_cell_ends(end_with_cell):
        end_with_cell()  # a thread goes on after its cell
    return part


def _make_child(first: RunPart) -> None:
    with guarded("make the first fit of the cell a child of it"):
        write_log(first.whole.run_id)
        if first.become_child():
            divide_log(first.whole, first)
            background.hand_over(first.whole.run_id, first.run_id)
            first.whole.drop_tag(FIT_TAG)


def _take(run: ActiveRun) -> bool:
    """Whether nothing was fitted in *run* before: then it is taken now."""
    with _lock:
        is_first = run not in _taken
        _taken.add(run)
    return is_first and not (run.is_resumed and _has_a_fit(run))


def _has_a_fit(run: ActiveRun) -> bool:
    try:
        return CLASS_TAG in run.store.get_run(run.run_id, timeout=LOOK_SECONDS).data.tags
    except StoreError:  # somebody holds the database: a child of its own is right in any case
        return True
