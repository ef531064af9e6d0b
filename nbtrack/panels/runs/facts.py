"""What the caller knows about a list of runs, ready for `run_table_html` and `run_table_text`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nbtrack.lookup.column_choice import NO_CHOICE, ColumnChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    run_id: str
    name: str | None
    status: str  # a RunStatus
    age_seconds: float | None = None  # since the start
    duration_seconds: float | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    parent_id: str | None = None  # indented below that run if it is in the table
    experiment: str | None = None  # its name
    start_time: int | None = None  # milliseconds since 1970 UTC
    end_time: int | None = None
    user: str = ""
    is_best: bool = False
    is_ticked: bool = False
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTable:
    """*rows* come sorted; without a *sort_key* the table moves children to below their parent.

    Keys come in the order in which they matter.
    """

    rows: Sequence[RunRow]
    param_keys: Sequence[str] = ()
    metric_keys: Sequence[str] = ()
    choice: ColumnChoice = NO_CHOICE
    folded: int = 0  # params and metrics that are not among these keys: they mean little
    total: int | None = None  # how many runs there are; None when these are all
    sort_key: str | None = None  # metrics.f1, params.lr, start_time; or a bare metric or param
    sort_descending: bool = True
    best_by: str | None = None  # the metric that made a run the best
    experiment: str | None = None  # None when several were asked for
    ticked: int = 0  # runs, of which some may stand on other pages
    filter_text: str | None = None
    why_nothing: str = ""  # where no run matches, and a key of the filter is why
    place: str | None = None  # the folder that was looked into
    absence: str = ""  # why this may not be all
    elsewhere: int = 0  # runs of other experiments; asked for where this one has none
