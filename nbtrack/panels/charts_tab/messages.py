"""What goes between the Charts tab and the page."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from nbtrack.panels.shared.questions import Nothing, Question, Spoken


class LinesAsked(TypedDict):
    """`places` are the colours of runs; `metrics` null are the first that have curves."""

    x: Literal["step", "relative", "time"]
    log: bool
    smoothing: float
    metrics: list[str] | None
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


class MetricChart(TypedDict):
    """`spec` is null, or left out, where the page has one of that `form`."""

    key: str
    kind: Literal["lines", "bars", "none"]
    form: str
    spec: NotRequired[dict[str, Any] | None]
    rows: PackedRows | list[Any]
    description: str
    note: str


class Charts(TypedDict):
    view: NotRequired[str]
    runs: list[ChartedRun]
    metrics: list[ChartedMetric]
    charts: list[MetricChart]
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
    "charts_off": Question(Nothing, None),
    "charts_soon": Question(Nothing, None),
    "vega": Question(Nothing, str),
    "scatter": Question(ScatterAsked, Scatter),
    "parallel": Question(ParallelAsked, Parallel),
    "importance": Question(ImportanceAsked, Importance),
    "brush": Question(BrushAsked, Brushed),
}
PUSHES = {"charts": Charts}
