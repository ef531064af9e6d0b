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


def show_best_child(
    run: ActiveRun, trace: RunTrace, declared: Mapping[str, Direction]
) -> BestChild | None:
    """Of two or more; what the run has itself stays as it is. Of a search its hook has told."""
    children = {key: child for key, child in trace.children.items() if not child.is_candidate}
    if len(children) < 2 or run.is_deleted:
        return None
    ended = {key: _data(child) for key, child in children.items() if not child.is_unsuccessful}
    best = best_child(ended, declared=declared)
    if best is not None:
        best = best.without(
            params=own_values(trace.params, trace.origins.params),
            metrics=own_values(trace.metrics, trace.origins.metrics),
        )
        run.log_params(best.params)
        run.log_metrics(best.metrics)
        run.note_origins(best.noted)
        facts = {BEST_CHILD_TAG: best.run_id, BEST_BY_TAG: best.metric}
        run.set_tags({**facts, BEST_OF_TAG: len(children)})
    return best


def _data(child: RunTrace) -> RunData:
    tags = {ORIGINS_TAG: origins_text(child.origins)}
    return RunData(params=child.params, metrics=child.values(), tags=tags)
