"""`nbtrack.live()` and `%%track --live`: the metrics of the running cell, drawn while it runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from nbtrack.base.guard import guarded, tried, warn_once
from nbtrack.charts.drawing_process import drawing_process
from nbtrack.charts.vega_bundle import vega_bundle
from nbtrack.errors import InvalidValue
from nbtrack.panels.live.feed import LiveFeed
from nbtrack.panels.shared.assets import script, styles
from nbtrack.panels.shared.panel import PLACEHOLDER, Handler, Panel
from nbtrack.recording.active_run import ActiveRun
from nbtrack.recording.session import current_session
from nbtrack.recording.stop_requests import ask_to_stop
from nbtrack.records.views import Axis, MetricSeries

BUCKETS = 300
PICTURE_SECONDS = 8.0
AXES: tuple[Axis, ...] = ("step", "relative")


def live(*, total: int | None = None, metrics: Sequence[str] | None = None) -> LivePanel | None:
    """Show the metrics of the run that is open, under this cell, until the cell ends.

    *total* is how many steps there will be: then the time that is left is told (a tqdm bar tells
    it, too). *metrics* names the ones to draw; without it, all. Outside of a notebook nothing
    happens. Raises InvalidValue if no run is open.
    """
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        warn_once("nbtrack.live() draws in notebooks; here it does nothing.")
        return None
    if total is not None and total < 1:
        raise InvalidValue(f"total is {total}; give the number of steps, from 1.")
    run = _run_to_show()
    shown = _shown.get(run.run_id)
    if shown is None:
        shown = _shown[run.run_id] = LivePanel(run, total=total, metrics=metrics)
        _when_the_cell_ends(shell, shown.finish)
        shown._ipython_display_()
    return shown


_shown: dict[str, LivePanel] = {}  # by run id, while its cell runs


class LivePanel(Panel):
    """`.run_id` is what it shows. It ends with its cell, and leaves a picture."""

    _esm = script("live/page/live_panel.js")
    _css = styles("live/page/live_panel.js")
    handlers: ClassVar[Mapping[str, Handler]] = {
        "vega": lambda _panel, _arguments: vega_bundle(),
        "state": lambda panel, _arguments: panel._state(),
        "stop": lambda panel, _arguments: ask_to_stop(panel.store, panel.run_id),
    }

    def __init__(
        self, run: ActiveRun, *, total: int | None = None, metrics: Sequence[str] | None = None
    ) -> None:
        super().__init__(run.store)
        self.run_id = run.run_id
        self._run = run
        self._feed = LiveFeed(run, push=self.push, total=total, metrics=metrics)
        self._specs: dict[str, Any] = {}
        self._picture: Any = None  # the handle of the output that holds it

    def finish(self) -> None:
        """The cell has ended: the last state to the page, and a picture for the saved notebook."""
        _shown.pop(self.run_id, None)
        self._feed.stop(str(self._run.info.status))
        # If the database is busy, what was seen on the way.
        series = tried(self._read_all, on_fault=lambda _: self._feed.records())
        with guarded("finish the live chart"):
            self._feed.push_end(series)
        drawn = [each for each in series if len(each.x) > 1]
        artist = threading.Thread(target=self._leave_picture, args=(drawn,), daemon=True)
        artist.start()
        artist.join(PICTURE_SECONDS)  # a saved notebook is to have it; if it takes longer: later

    def _ipython_display_(self) -> None:
        """Once, when it begins; a later time would be another cell's."""
        if self._picture is not None:
            return
        from IPython.display import display

        # Filled at the end.
        self._picture = display(PLACEHOLDER, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        self._twins = 1
        display(self._repr_mimebundle_(), raw=True)  # type: ignore[no-untyped-call]
        self._feed.start()
        threading.Thread(target=self._prepare, name="nbtrack-live-prepare", daemon=True).start()

    def _prepare(self) -> None:
        """What the page needs besides points; both take a second, the first time in a process."""
        process = drawing_process()
        process.start()  # it imports Altair while the bundle is made
        with guarded("prepare the live chart"):
            # Unasked: a kernel that is busy with the cell may not hear a page that asks.
            self.push("vega", vega_bundle())
            self._specs = process.specs()
            self.push("specs", self._specs)

    def _state(self) -> dict[str, Any]:
        return {"specs": self._specs, "points": self._feed.whole()}

    def _read_all(self) -> list[MetricSeries]:
        """From the store, where every point counts. Raises StoreBusy."""
        self._feed.add_runs(self.store.read_child_runs(self.run_id, order_by=()))
        ids, axes = list(self._feed.names), self._feed.axes()
        found: list[MetricSeries] = []
        for axis in AXES:
            if keys := [key for key in axes if axes[key] == axis]:
                found += self.store.read_series(ids, keys, x=axis, buckets=BUCKETS)
        order = {key: place for place, key in enumerate(axes)}
        return sorted(found, key=lambda each: order[each.key])

    def _leave_picture(self, series: list[MetricSeries]) -> None:
        if not series or self._picture is None:
            return
        with guarded("draw the live chart for the saved notebook"):
            bundle = drawing_process().picture(
                series,
                names={run_id: name or run_id[:8] for run_id, name in self._feed.names.items()},
                charts=self._feed.charts({each.key for each in series}),
                x=self._feed.axes(),
                title=str(self._run.info.run_name),
            )
            self._picture.update(bundle, raw=True)


def _run_to_show() -> ActiveRun:
    session = current_session()
    run = session.cell_run or session.active_run() or session.open_cell_run()
    if run is None:
        raise InvalidValue(
            "nbtrack.live() shows the run that is open, and none is. Begin the cell with "
            "%%track --live, or call live() after nbtrack.start_run()."
        )
    return run


def _when_the_cell_ends(shell: Any, finish: Callable[[], None]) -> None:
    """The extension knows which end is the cell's; without it, the first one that comes is."""
    if current_session().stack.when_cell_ends(finish):
        return

    def ended(_result: Any) -> None:
        shell.events.unregister("post_run_cell", ended)
        finish()

    shell.events.register("post_run_cell", ended)
