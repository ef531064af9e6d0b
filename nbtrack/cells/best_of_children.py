"""What a cell's run shows of the best of its children, so that tables find, sort and filter it."""

from __future__ import annotations

from collections.abc import Mapping

from nbtrack.lookup.best_child import BestChild, best_child
from nbtrack.lookup.metric_direction import Direction
from nbtrack.lookup.own_values import own_values
from nbtrack.recording.active_run import ActiveRun
from nbtrack.records.origins import ORIGINS_TAG, origins_text
from nbtrack.records.runs import RunData
from nbtrack.records.tags import BEST_BY_TAG, BEST_CHILD_TAG, BEST_OF_TAG
from nbtrack.records.traces import RunTrace


def best_of_children(trace: RunTrace, declared: Mapping[str, Direction]) -> BestChild | None:
    """Of two or more, what the run has not itself. Of a search its hook has told."""
    children = _children(trace)
    if len(children) < 2:
        return None
    ended = {key: _data(child) for key, child in children.items() if not child.is_unsuccessful}
    best = best_child(ended, declared=declared)
    return best and best.without(
        params=own_values(trace.params, trace.origins.params),
        metrics=own_values(trace.metrics, trace.origins.metrics),
    )


def show_best(run: ActiveRun, best: BestChild, trace: RunTrace) -> None:
    """As values of the *run*, of which *trace* tells."""
    if not run.is_deleted:
        run.log_params(best.params)
        run.log_metrics(best.metrics)
        run.note_origins(best.noted)
        facts = {BEST_CHILD_TAG: best.run_id, BEST_BY_TAG: best.metric}
        run.set_tags({**facts, BEST_OF_TAG: len(_children(trace))})


def _children(trace: RunTrace) -> dict[str, RunTrace]:
    return {key: child for key, child in trace.children.items() if not child.is_candidate}


def _data(child: RunTrace) -> RunData:
    tags = {ORIGINS_TAG: origins_text(child.origins)}
    return RunData(params=child.params, metrics=child.values(), tags=tags)
