"""What goes between the live panel and its page."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from nbtrack.panels.charts_tab.messages import Beside
from nbtrack.panels.shared.questions import Nothing, Question, Spoken


class LivePart(TypedDict):
    """Of one metric of one run; what is not `whole` is added to what came before."""

    run: str
    key: str
    axis: Literal["step", "relative"]
    whole: bool
    x: list[float]
    low: list[float | None]
    high: list[float | None]
    last: list[Spoken]


class LiveRun(TypedDict):
    id: str
    label: str
    colour: str


class LiveChart(TypedDict):
    """Metrics that are drawn together: the one it is called after, and the others."""

    key: str
    beside: list[Beside]


class Progress(TypedDict):
    text: str
    share: float | None


class Points(TypedDict):
    """What is new, or all of it. `count` grows by one, so that a page sees what it missed."""

    count: int
    series: list[LivePart]
    runs: list[LiveRun]
    charts: list[LiveChart]
    status: str
    progress: Progress
    left_out: int
    whole: NotRequired[bool]


class Specs(TypedDict):
    """By axis; empty until Altair is ready."""

    step: NotRequired[dict[str, Any]]
    relative: NotRequired[dict[str, Any]]


class LiveState(TypedDict):
    specs: Specs
    points: Points


QUESTIONS = {
    "vega": Question(Nothing, str),
    "state": Question(Nothing, LiveState),
    "stop": Question(Nothing, None),
}
PUSHES = {"points": Points, "specs": Specs, "vega": str}
