"""`nbtrack.diff`: why is this run different?"""

from __future__ import annotations

from nbtrack.lookup.meant_runs import run_id_of
from nbtrack.provenance.difference import read_run_difference
from nbtrack.provenance.difference_view import DifferenceView
from nbtrack.recording.session import current_session


def diff(a: object, b: object) -> DifferenceView:
    """How the metrics of run *b* differ from those of *a*, and what explains it, likeliest first.

    A run is an id, the beginning of one, a name, or a run. What was only sampled, and what was not
    captured at all, is said. Raises NotFound, InvalidValue.
    """
    store = current_session().store
    before, after = (run_id_of(store, each) for each in (a, b))
    return DifferenceView(read_run_difference(store, before, after))
