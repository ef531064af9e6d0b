"""The layout of charts that an experiment keeps, as the Charts tab finds it and leaves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.base.values import check_experiment_id
from nbtrack.lookup.chart_layout import (
    CHARTS_TAG,
    USUAL_LAYOUT,
    ChartLayout,
    layout_of,
    layout_text,
    read_layout,
)
from nbtrack.panels.runs.run_scope import read_experiments
from nbtrack.panels.shared.requests import text_of
from nbtrack.recording.experiments import keep_text
from nbtrack.stores.store import Store

if TYPE_CHECKING:
    from nbtrack.panels.runs.state import HasRunsState


def remembered_layout(store: Store, experiment_ids: Sequence[str] | None) -> ChartLayout:
    """Of one experiment; several may want different things."""
    if experiment_ids is None or len(experiment_ids) != 1:
        return USUAL_LAYOUT
    found = read_experiments(store, experiment_ids)
    return layout_of(found[0].tags) if found else USUAL_LAYOUT


def keep(panel: HasRunsState, arguments: Mapping[str, Any]) -> None:
    """What the page chose. Raises InvalidValue, ExperimentNotFound."""
    wanted = arguments.get("layout")
    text = "" if wanted is None else layout_text(read_layout(wanted))
    keep_text(panel.store, check_experiment_id(text_of(arguments, "experiment")), CHARTS_TAG, text)
