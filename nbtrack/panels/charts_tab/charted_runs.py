"""Which runs the Charts tab is about, what they are called and how they look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nbtrack.charts.run_styles import RunStyle, run_labels, style_of
from nbtrack.lookup.key_facts import meaning_of_runs
from nbtrack.lookup.metric_direction import direction
from nbtrack.lookup.own_values import without_moved
from nbtrack.lookup.run_order import quoted
from nbtrack.lookup.salience import Meaning, best_metric
from nbtrack.panels.charts_tab.request import MOST_RUNS, LinesRequest
from nbtrack.panels.runs.known_keys import Wishes
from nbtrack.panels.runs.many_runs import runs_with
from nbtrack.panels.runs.table_state import PAGE_SIZE, TableState
from nbtrack.records.runs import Run, RunQuery
from nbtrack.records.tags import BEST_OF_TAG

if TYPE_CHECKING:
    from nbtrack.panels.runs.state import RunsState
    from nbtrack.panels.runs.table_page import Asked

# A parent shows what its best child has: the two together would be one model drawn twice.
NOT_A_CHILDS = f"tags.`{BEST_OF_TAG}` IS NULL"
_MOST_RUNNING = 3
UNTICKED = 10  # so many of the view, where none is ticked; the table gives colours to as many


@dataclass(frozen=True, slots=True, kw_only=True)
class Charted:
    """By run id, in one order; labels are distinct. *left_out* are ticked, but one too many."""

    latest: Mapping[str, Mapping[str, float]]  # metrics
    labels: Mapping[str, str]
    places: Mapping[str, int]
    meaning: Meaning
    best_by: str | None = None  # what made them be chosen
    left_out: int = 0

    @property
    def ids(self) -> list[str]:
        return list(self.latest)

    @property
    def styles(self) -> dict[str, RunStyle]:
        return {run_id: style_of(place) for run_id, place in self.places.items()}

    def as_message(self) -> list[dict[str, Any]]:
        styles = self.styles
        return [
            {
                "id": run_id,
                "label": self.labels[run_id],
                "place": self.places[run_id],
                "colour": styles[run_id].colour,
                "dash": list(styles[run_id].dash),
            }
            for run_id in self.latest
        ]


def charted_runs(state: RunsState, table: TableState, request: LinesRequest) -> Charted:
    """The ticked runs that still exist; else those of the first ten rows where the view is sorted
    or has no more, and otherwise the ten best."""
    asked = state.ask(table)
    ranking = None if request.runs else _ranking(asked)
    if request.runs:
        found = _ticked(state, request.runs)
    else:
        found = _first(state, asked) if ranking is None else _best(state, asked, ranking)
    found = list(map(without_moved, found))
    latest = {run.info.run_id: run.data.metrics for run in found}
    names = {run.info.run_id: run.info.run_name for run in found}
    return Charted(
        latest=latest,
        labels=run_labels(list(latest), names),
        places=places_after(request.places, list(latest)),
        meaning=_meaning(found, asked),
        best_by=ranking,
        left_out=max(0, len(request.runs) - MOST_RUNS),
    )


def _meaning(runs: Sequence[Run], asked: Asked) -> Meaning:
    """Of these runs; what comes first among equals is as in the table."""
    known = asked.known.meaning
    wishes: Wishes = {"pinned": known.pinned, "declared": known.declared}
    return replace(meaning_of_runs([run.data for run in runs], **wishes), logged=known.logged)


def places_after(before: Mapping[str, int], run_ids: Sequence[str]) -> dict[str, int]:
    """A run keeps its place; the others take the lowest free ones (as in page/colours.js)."""
    kept = {run_id: before[run_id] for run_id in run_ids if run_id in before}
    taken = set(kept.values())
    free = (place for place in range(len(run_ids) + len(taken)) if place not in taken)
    return {run_id: kept[run_id] if run_id in kept else next(free) for run_id in run_ids}


def _ticked(state: RunsState, run_ids: Sequence[str]) -> list[Run]:
    wanted = run_ids[:MOST_RUNS]
    by_id = {run.info.run_id: run for run in runs_with(state.store, "run_id", wanted)}
    return [by_id[run_id] for run_id in wanted if run_id in by_id]


def _first(state: RunsState, asked: Asked) -> list[Run]:
    table = asked.state
    bounded = replace(asked.query, offset=table.page * PAGE_SIZE, max_results=UNTICKED)
    return state.store.read_run_page(bounded, folded=not table.is_flat).runs


def _best(state: RunsState, asked: Asked, metric: str) -> list[Run]:
    """Those that train now, to be seen at it, and the best of all the others, children too."""
    way = direction(metric, asked.known.meaning.declared)
    order = (f"metrics.{quoted(metric)} {'ASC' if way == 'lower' else 'DESC'}",)
    running = narrowed(asked.query, "status = 'RUNNING'", most=_MOST_RUNNING, order=())
    having = f"metrics.{quoted(metric)} IS NOT NULL and {NOT_A_CHILDS}"
    best = narrowed(asked.query, having, most=UNTICKED, order=order)
    found = [
        run
        for query in (running, best)
        for run in state.store.read_run_page(query, folded=False).runs
    ]
    return list({run.info.run_id: run for run in found}.values())[:UNTICKED]


def narrowed(query: RunQuery, condition: str, *, most: int, order: tuple[str, ...]) -> RunQuery:
    both = f"({query.filter_string}) and {condition}" if query.filter_string else condition
    return replace(query, filter_string=both, order_by=order, max_results=most, offset=0)


def _ranking(asked: Asked) -> str | None:
    """The metric that says which runs to draw where nobody ticked or sorted any."""
    known = asked.known
    if asked.state.sort or known.runs <= UNTICKED:
        return None
    return best_metric(known.inventory.metrics, known.meaning)
