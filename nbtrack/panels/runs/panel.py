"""What `nbtrack.runs()` and `%runs` give in a notebook: the table of runs, alive."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from nbtrack.panels.artifacts.answers import ARTIFACT_HANDLERS
from nbtrack.panels.charts_tab import answers as chart_answers
from nbtrack.panels.charts_tab.memory import ChartMemory
from nbtrack.panels.charts_tab.twin import ChartTwin
from nbtrack.panels.compare.answers import COMPARE_HANDLERS
from nbtrack.panels.registry.answers import REGISTRY_HANDLERS
from nbtrack.panels.runs.allowed import allowed
from nbtrack.panels.runs.chosen_columns import choose
from nbtrack.panels.runs.families import children
from nbtrack.panels.runs.glance import NUMBER as GLANCE
from nbtrack.panels.runs.glance import glance, is_worth_it
from nbtrack.panels.runs.key_offers import keys_message
from nbtrack.panels.runs.known_errors import KnownErrors
from nbtrack.panels.runs.known_keys import KnownKeys
from nbtrack.panels.runs.read_ahead import ReadAhead
from nbtrack.panels.runs.remembered_columns import as_remembered
from nbtrack.panels.runs.run_code import code
from nbtrack.panels.runs.run_csv import csv_answer
from nbtrack.panels.runs.run_details import details
from nbtrack.panels.runs.run_edits import delete, edit, restore, tag
from nbtrack.panels.runs.sparklines import sparklines, sparklines_of_page
from nbtrack.panels.runs.state import RunsState
from nbtrack.panels.runs.table_page import Asked, ask_with, columns_of, table_page
from nbtrack.panels.runs.table_state import (
    SortKey,
    TableState,
    as_message,
    key_of,
    kind_of,
    read_state,
)
from nbtrack.panels.runs.table_twin import TableTwin
from nbtrack.panels.shared.assets import script, styles
from nbtrack.panels.shared.panel import PLACEHOLDER, Handler
from nbtrack.panels.shared.requests import text_of, texts_of
from nbtrack.panels.shared.still_panel import StillPanel
from nbtrack.records.runs import RunQuery
from nbtrack.records.views import Axis
from nbtrack.stores.store import Store

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

    from nbtrack.panels.runs.view import RunsView


class RunsPanel(StillPanel):
    """`.df` is what is shown, `.sql` the same as a query, `.selected` the ids that are ticked.

    Everywhere else it is what `RunsView` is: `.table`, `len`, the text and the static table.
    """

    handlers: ClassVar[Mapping[str, Handler]] = {}
    follows_store = True

    _esm = script("runs/page/runs_panel.js")
    _css = styles("runs/page/runs_panel.js")

    def __init__(
        self, store: Store, view: RunsView, *, top: int | None, has_picture: bool = False
    ) -> None:
        super().__init__(store, view)
        self.table = view.table
        self._first = _first_state(view)
        self.state = RunsState(
            store=store, known_keys=KnownKeys(store), newest=self._first, lock=self.lock, top=top
        )
        self._errors = KnownErrors(store)
        self._read_ahead = ReadAhead(self.state, self._errors, asked_at=lambda: self.asked_at)
        self._seen: dict[str, int] = {}  # by view, the number of the keys it has
        self._is_read = False
        self._glanced: TableState | None = None  # what was answered at a glance just now
        self._has_picture = has_picture
        self.chart_memory = ChartMemory()
        self.chart_twin = ChartTwin(
            self.state, self.chart_memory, update=lambda bundle: self.update_twin(-1, bundle),
            is_there=self._has_twins,
        )  # fmt: skip
        self.table_twin = TableTwin(
            self.state, view.table, update=lambda bundle: self.update_twin(0, bundle),
            is_there=self._has_twins,
        )  # fmt: skip

    # --- back to Python

    @property
    def selected(self) -> list[str]:
        """The ids of the runs that are ticked, in the order in which they were."""
        return list(self.state.selected)

    @selected.setter
    def selected(self, run_ids: Iterable[str]) -> None:
        self.state.selected = [str(each) for each in run_ids]
        self.push("selected", self.state.selected)
        self.table_twin.write_soon()

    @property
    def value(self) -> dict[str, list[Any]]:
        """What is brushed in a chart: [low, high], or names, by column; {} without a brush."""
        return {column: list(bounds) for column, bounds in self.chart_memory.brushed.items()}

    def chart(self, metric: str, *, x: Axis = "step") -> alt.TopLevelMixin:
        """The chart of a metric, with its data: of the ticked runs, else of the first ones."""
        from nbtrack.panels.charts_tab.user_chart import user_chart

        with self.lock:
            return user_chart(self.state, metric, x=x)

    @property
    def df(self) -> pd.DataFrame:
        """The runs that are shown, on all pages, in that order; columns as of `search_runs`."""
        from nbtrack.lookup.run_frame import run_frame

        return run_frame(self.store.search_run_columns(self.query))

    @property
    def query(self) -> RunQuery:
        """What the view asks for, as `Store` takes it."""
        return self.state.query

    @property
    def sql(self) -> str:
        """A query for `nbtrack.sql` that gives the same runs, with the columns that are shown."""
        from nbtrack.stores.filters.shown_sql import run_select

        with self.lock:
            columns = columns_of(self.state.ask(self.state.newest))
        values = [c.id for c in columns if kind_of(c.id) != "attributes"]
        return run_select(self.query, [(kind_of(each), key_of(each)) for each in values])

    # --- as a panel

    def static_bundles(self) -> list[dict[str, Any]]:
        picture = self.chart_twin.first_picture(self._first) if self._has_picture else None
        return [self.table_twin.bundle(), picture or PLACEHOLDER]

    def _has_twins(self) -> bool:
        return bool(self.twin_outputs)

    def refresh(self) -> None:
        for view, table in list(self.state.views.items()):
            page = self._page(self.state.ask(table), view)
            self.push("page", {"view": view, **page})
            if page.get("rows"):
                self.push("sparklines", sparklines_of_page(self.store, page))
        chart_answers.push_charts(self)

    def view_closed(self, view: str) -> None:
        self.state.views.pop(view, None)
        self.chart_memory.forget(view)
        self._seen.pop(view, None)

    def show(self, table: TableState, view: str) -> dict[str, Any]:
        """The page that a view asks for, and what `df` and `sql` are from now on."""
        table = as_remembered(self.store, table, before=self.state.views.get(view))
        asked = self._ask(table)
        if asked.wrong["filter"]:
            return {"wrong": asked.wrong}  # the page stays as it is
        kept = {c: text for c, text in table.quick.items() if c not in asked.wrong["quick"]}
        self.state.views[view] = self.state.newest = replace(table, quick=kept)
        self.table_twin.write_soon()
        self._read_ahead.soon(asked)
        return self._page(asked, view)

    def _ask(self, table: TableState) -> Asked:
        """Of a large project, neither the very first page nor that of a new filter waits for the
        inventory of keys: the page asks for the same once more."""
        is_as_it_began = replace(table, room=0) == self._first
        is_first = not self._is_read and is_as_it_began and is_worth_it(self.table)
        self._is_read = True
        if not is_first:
            asked = self.state.ask(table, soon=table != self._glanced)
            self._glanced = table if asked.known.number == GLANCE else None
            return asked
        every = RunQuery(experiment_ids=table.experiments)
        all_runs = self.store.count_runs(every) if table.filter else self.table.total or 0
        known = glance(self.table, self.store.search_experiments(), all_runs=all_runs)
        return ask_with(self.store, known, table)._replace(top=self.state.top)

    def _page(self, asked: Asked, view: str) -> dict[str, Any]:
        """With the keys that there are, if the view has not seen them."""
        page = table_page(self.store, asked, self._errors)
        page["isGlance"] = asked.known.number == GLANCE
        page.update(allowed(self.rights, page.get("rows", ()), asked.state.experiments))
        if self._seen.get(view) != asked.known.number:
            self._seen[view] = asked.known.number
            page["keys"] = keys_message(asked.known)
        return page

    def start_message(self) -> dict[str, Any]:
        """What a new view begins with: where the last one was."""
        from nbtrack.charts.run_styles import DASHES, PALETTE

        return {
            "state": as_message(self.state.newest),
            "selected": self.state.selected,
            "palette": list(PALETTE),
            "dashes": [list(each) for each in DASHES],
        }


def _start(panel: RunsPanel, _: Mapping[str, Any]) -> dict[str, Any]:
    return panel.start_message()


def _page(panel: RunsPanel, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return panel.show(read_state(arguments), text_of(arguments, "view"))


def _select(panel: RunsPanel, arguments: Mapping[str, Any]) -> None:
    panel.state.selected = list(dict.fromkeys(texts_of(arguments, "runs")))
    panel.table_twin.write_soon()


RunsPanel.handlers = {
    "start": _start,
    "page": _page,
    "columns": choose,
    "select": _select,
    "details": details,
    "children": children,
    "sparklines": sparklines,
    "edit": edit,
    "tag": tag,
    "csv": csv_answer,
    "delete": delete,
    "restore": restore,
    "code": code,
    **ARTIFACT_HANDLERS,
    **COMPARE_HANDLERS,
    **REGISTRY_HANDLERS,
    **chart_answers.HANDLERS,
}


def _first_state(view: RunsView) -> TableState:
    table = view.table
    return TableState(
        experiments=view.query.experiment_ids,
        filter=table.filter_text or "",
        sort=_first_sort(table.sort_key, is_descending=table.sort_descending),
        columns=table.choice.shown,
    )


def _first_sort(key: str | None, *, is_descending: bool) -> tuple[SortKey, ...]:
    if key is None:
        return ()
    column = key.removeprefix("attributes.")
    return (SortKey(column, is_descending),)
