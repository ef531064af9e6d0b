"""What a view of the runs table asks to see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from nbtrack.errors import InvalidValue
from nbtrack.lookup.run_order import quoted
from nbtrack.panels.shared.requests import number_of, text_of, texts_of

PAGE_SIZE = 25
KINDS = ("params", "metrics", "tags")
ATTRIBUTES = {
    "run_name": "name",
    "status": "status",
    "start_time": "started",
    "duration": "duration",
    "experiment_id": "experiment",
    "end_time": "ended",
    "user_id": "user",
    "run_id": "id",
}
_MOST_SORT_KEYS = 6


class SortKey(NamedTuple):
    column: str
    is_descending: bool

    @property
    def clause(self) -> str:
        return f"{filter_key(self.column)} {'DESC' if self.is_descending else 'ASC'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableState:
    """Columns are named by id: an attribute (`run_name`), or `params.lr`, `metrics.f1`, `tags.x`.

    *experiments* None means all, *columns* None those that tell the runs apart. *unfolded* says
    of runs how many of their children stand below them; where the order is flat they stand
    wherever it puts them: *flat* None is so of an order by a metric.
    """

    experiments: tuple[str, ...] | None
    filter: str = ""
    quick: Mapping[str, str] = field(default_factory=dict)
    sort: tuple[SortKey, ...] = ()
    page: int = 0
    group: str = ""
    columns: tuple[str, ...] | None = None
    unfolded: Mapping[str, int] = field(default_factory=dict)
    flat: bool | None = None
    deleted: bool = False  # the bin instead of what is alive
    room: int = 0  # how many params and metrics fit on the page; 0: not known

    @property
    def is_flat(self) -> bool:
        """The best run may be a child: who sorts by a metric wants to see it."""
        if self.flat is not None:
            return self.flat
        return bool(self.sort) and kind_of(self.sort[0].column) == "metrics"


def read_state(arguments: Mapping[str, Any]) -> TableState:
    """Raises InvalidValue."""
    experiments, columns = arguments.get("experiments"), arguments.get("columns")
    return TableState(
        experiments=None if experiments is None else tuple(texts_of(arguments, "experiments")),
        filter=text_of(arguments, "filter").strip(),
        quick=_quick(arguments.get("quick") or {}),
        sort=tuple(_sort_key(each) for each in arguments.get("sort") or ())[:_MOST_SORT_KEYS],
        page=max(0, number_of(arguments, "page")),
        group=text_of(arguments, "group"),
        columns=None if columns is None else tuple(map(known, texts_of(arguments, "columns"))),
        unfolded=_counts(arguments.get("unfolded") or {}),
        flat=None if arguments.get("flat") is None else bool(arguments["flat"]),
        deleted=bool(arguments.get("deleted")),
        room=max(0, number_of(arguments, "room")),
    )


def as_message(state: TableState) -> dict[str, Any]:
    """As `read_state` reads it."""
    return {
        "experiments": None if state.experiments is None else list(state.experiments),
        "filter": state.filter,
        "quick": dict(state.quick),
        "sort": [list(key) for key in state.sort],
        "page": state.page,
        "group": state.group,
        "columns": None if state.columns is None else list(state.columns),
        "unfolded": dict(state.unfolded),
        "flat": state.flat,
        "deleted": state.deleted,
        "room": state.room,
    }


def known(column: str) -> str:
    """The id of a column as it came in. Raises InvalidValue."""
    kind, dot, key = column.partition(".")
    if column in ATTRIBUTES or (dot and key and kind in KINDS):
        return column
    raise InvalidValue(f"No column {column!r}; there are params.x, metrics.x, tags.x, status, …")


def kind_of(column: str) -> str:
    """`params`, `metrics`, `tags` or `attributes`."""
    return "attributes" if column in ATTRIBUTES else column.partition(".")[0]


def key_of(column: str) -> str:
    return column if column in ATTRIBUTES else column.partition(".")[2]


def filter_key(column: str) -> str:
    """As filters and orders write it."""
    return column if column in ATTRIBUTES else f"{kind_of(column)}.{quoted(key_of(column))}"


def _quick(found: object) -> dict[str, str]:
    if not isinstance(found, Mapping):
        raise InvalidValue(f"quick is {found!r}; the panel sends texts by column there.")
    return {known(str(column)): str(text).strip() for column, text in found.items() if text}


def _counts(found: object) -> dict[str, int]:
    if not isinstance(found, Mapping):
        raise InvalidValue(f"unfolded is {found!r}; the panel sends numbers by run there.")
    return {str(run_id): number_of(found, run_id) for run_id in found}


def _sort_key(found: object) -> SortKey:
    if not isinstance(found, list | tuple) or len(found) != 2:
        raise InvalidValue(f"A sort key is {found!r}; the panel sends [column, descending].")
    return SortKey(known(str(found[0])), bool(found[1]))
