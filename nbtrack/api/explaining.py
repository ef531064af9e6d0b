"""`nbtrack.diff` and `nbtrack.bisect`: why is this run different, and since when?"""

from __future__ import annotations

from nbtrack.lookup.meant_runs import run_id_of
from nbtrack.provenance.bisection.bisection import Bisection, find_bisection
from nbtrack.provenance.bisection.proof import Proof
from nbtrack.provenance.bisection.view import BisectionView
from nbtrack.provenance.differences.difference import read_run_difference
from nbtrack.provenance.differences.view import DifferenceView
from nbtrack.recording.session import current_session
from nbtrack.stores.store import Store


def diff(a: object, b: object) -> DifferenceView:
    """How the metrics of run *b* differ from those of *a*, and what explains it, likeliest first.

    A run is an id, the beginning of one, a name, or a run. What was only sampled, and what was not
    captured at all, is said. Raises NotFound, InvalidValue.
    """
    store = current_session().store
    before, after = (run_id_of(store, each) for each in (a, b))
    return DifferenceView(read_run_difference(store, before, after))


def bisect(
    good: object, bad: object, *, metric: str, run: bool = False, timeout: float | None = None
) -> BisectionView:
    """The attempt at which *metric* moved, from run *good* to run *bad*, and what changed with it.

    The way goes over attempts at the same cell and runs of the same names; of the steps across the
    point half-way between both values the largest counts. With *run* the cells before and after it
    run again in fresh kernels, one change at a time, until one is proven to move the metric; each
    slice for at most *timeout* seconds. Raises NotFound, InvalidValue, and with *run* NotCaptured.
    """
    store = current_session().store
    ids = [run_id_of(store, each) for each in (good, bad)]
    found = find_bisection(store, *ids, metric=metric)
    return BisectionView(found, proof=_proof(store, found, timeout) if run else None)


def _proof(store: Store, found: Bisection, timeout: float | None) -> Proof:
    from nbtrack.display.progress import shown_progress
    from nbtrack.provenance.bisection.proving import prove  # kernels, 0.2 s

    with shown_progress() as progress:
        return prove(store, found, timeout=timeout, progress=progress)
