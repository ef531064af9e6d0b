"""What goes between the Charts tab and the page."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from nbtrack.panels.shared.questions import Nothing, Question, Spoken


class Layout(TypedDict):
    """`shown` are the metrics that have a chart, null: those with most to show. Of each list in
    `together` the first metric has the chart, and the others are on it."""

    x: Literal["step", "relative", "time"]
    log: bool
    smoothing: float
    shown: list[str] | None
    together: list[list[str]]


class LayoutKept(TypedDict):
    """What an experiment is to remember; null: nothing."""

    experiment: str
    layout: Layout | None


class LinesAsked(TypedDict):
    """`places` are the colours of runs; `layout` null is as the experiment remembers it; `only` is
    the one metric that is to be seen now, "" for those of the layout."""

    layout: Layout | None
    only: str
    zoom: tuple[float, float] | None
    runs: list[str]
    places: dict[str, int]


class ChartedRun(TypedDict):
    id: str
    label: str
    place: int
    colour: str
    dash: list[int]


class ChartedMetric(TypedDict):
    key: str
    curve: bool


class CodedColumn(TypedDict):
    """Texts: each code is a place among `values`."""

    values: list[str]
    codes: list[int]


class PackedRows(TypedDict):
    length: int
    columns: dict[str, list[str | Spoken | None] | CodedColumn]


class Beside(TypedDict):
    """Another metric on a chart, and how its lines are dashed."""

    key: str
    dash: list[int]


class MetricChart(TypedDict):
    """`spec` is null, or left out, where the page has one of that `form`."""

    key: str
    kind: Literal["lines", "bars", "none"]
    form: str
    spec: NotRequired[dict[str, Any] | None]
    rows: PackedRows | list[Any]
    beside: list[Beside]
    description: str
    note: str


class Charts(TypedDict):
    view: NotRequired[str]
    runs: list[ChartedRun]
    metrics: list[ChartedMetric]
    charts: list[MetricChart]
    layout: Layout
    words: str
    note: str


class ScatterAsked(TypedDict):
    """What is left out the kernel chooses; `colour` "" is by run."""

    x: NotRequired[str]
    y: NotRequired[str]
    colour: NotRequired[str]
    places: dict[str, int]


class ParallelAsked(TypedDict):
    axes: NotRequired[list[str]]
    places: dict[str, int]


class ImportanceAsked(TypedDict):
    metric: NotRequired[str]
    places: dict[str, int]


class ScatterChosen(TypedDict):
    x: str
    y: str
    colour: str


class ParallelChosen(TypedDict):
    axes: list[str]


class ImportanceChosen(TypedDict):
    metric: str


class Scatter(TypedDict):
    form: str
    spec: dict[str, Any]
    rows: PackedRows
    note: str
    chosen: ScatterChosen


class Parallel(TypedDict):
    form: str
    spec: dict[str, Any]
    rows: PackedRows
    note: str
    chosen: ParallelChosen


class Importance(TypedDict):
    form: str
    spec: dict[str, Any]
    rows: PackedRows
    note: str
    chosen: ImportanceChosen
    n: int
    r2: float | None
    method: str


Bounds = list[float] | list[str]  # low and high, or the names of categories


class BrushAsked(TypedDict):
    """Of a scatter `ranges` by column; of parallel coordinates the rest; nothing: no brush."""

    ranges: NotRequired[dict[str, Bounds]]
    axes: NotRequired[list[str]]
    x: NotRequired[Bounds]
    y: NotRequired[Bounds]


class Brushed(TypedDict):
    ids: list[str]
    value: dict[str, Bounds]


QUESTIONS = {
    "charts": Question(LinesAsked, Charts),
    "charts_layout": Question(LayoutKept, None),
    "charts_off": Question(Nothing, None),
    "charts_soon": Question(Nothing, None),
    "vega": Question(Nothing, str),
    "scatter": Question(ScatterAsked, Scatter),
    "parallel": Question(ParallelAsked, Parallel),
    "importance": Question(ImportanceAsked, Importance),
    "brush": Question(BrushAsked, Brushed),
}
PUSHES = {"charts": Charts}
