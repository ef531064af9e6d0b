"""What a table of runs says: rows in order, columns, caption. Made once for HTML and for text."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nbtrack.display.markup import clipped, first_line
from nbtrack.display.number_format import (
    MISSING,
    format_age,
    format_column,
    format_duration,
    format_moment,
    format_texts,
)
from nbtrack.panels.runs.facts import RunRow, RunTable

ID_GROUP = ""  # the last column has no head of its own: names say more than ids
NAME_LIMIT, KEY_LIMIT, VALUE_LIMIT, ERROR_LIMIT = 40, 28, 24, 200
_MOST_COLUMNS = 8  # of params and metrics: a saved notebook carries every cell of them
_FEWEST_KEPT = 2  # of those that were asked for, params and metrics each
_MOST_CONSTANTS = 30
# Own names of the sortable columns of the group Run, and what MLflow calls them.
_SORT_NAMES = {
    "run_name": "name",
    "start_time": "started",
    "age": "started",
    "end_time": "ended",
    "user_id": "user",
    "run_id": "id",
    "experiment_id": "experiment",
}
_KINDS = ("metrics", "params", "attributes", "tags")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """*cells* in the order of the rows; *shares*, only of metrics, are 0..1 or None for no bar."""

    key: str
    head: str = ""  # "" for the key
    group: str  # Run, Tags, Params, Metrics or ID_GROUP
    cells: Sequence[str]
    is_number: bool = False
    shares: Sequence[float | None] = ()
    sorted_as: str | None = None  # ascending or descending
    is_best_by: bool = False

    @property
    def is_kept(self) -> bool:
        """What the caption speaks of is shown, however narrow the page."""
        return self.is_best_by or self.sorted_as is not None

    @property
    def arrow(self) -> str:
        return {"ascending": " ▲", "descending": " ▼"}.get(self.sorted_as or "", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableContent:
    rows: Sequence[tuple[RunRow, int]]  # with the depth below their parent
    columns: Sequence[Column]
    constants: Sequence[tuple[str, str]]
    summary: Sequence[str]
    left_out: int  # columns


def table_content(table: RunTable, *, is_dated: bool = False) -> TableContent:
    """*is_dated*: with times in place of ages, for whoever reads it another day."""
    placed = _placed(table)
    rows = [row for row, _ in placed]
    sorted_by = _sort_target(table)
    wanted = {*table.choice.wanted, ".".join(sorted_by)}
    constants = _constants(rows, [k for k in table.param_keys if f"params.{k}" not in wanted])
    varying = [key for key in table.param_keys if key not in constants]
    chosen = (*table.choice.pinned, *(table.choice.shown or ()))
    kept = [_starred_by(table), sorted_by[1], *(each.partition(".")[2] for each in chosen)]
    room = max(_MOST_COLUMNS - len(varying), _MOST_COLUMNS // 2)
    metrics = _shown(table.metric_keys, [row.metrics for row in rows], kept=kept, most=room)
    room = _MOST_COLUMNS - len(metrics)
    params = _shown(varying, [row.params for row in rows], kept=kept, most=room)
    return TableContent(
        rows=placed,
        columns=[
            *_run_columns(rows, table, is_dated=is_dated),
            *_tag_columns(rows, table),
            *(_metric_column(key, rows, table) for key in metrics),
            *(_param_column(key, rows, table) for key in params),
            _id_column(rows, table),
        ],
        constants=list(constants.items()),
        summary=_summary(table),
        left_out=len(varying) - len(params) + len(table.metric_keys) - len(metrics) + table.folded,
    )


def run_label(row: RunRow) -> str:
    return row.name or row.run_id[:8]


def status_word(row: RunRow) -> str:
    return clipped(row.status.lower(), KEY_LIMIT)


def nothing_found(table: RunTable) -> str:
    where = f" in {clipped(table.experiment, NAME_LIMIT)}" if table.experiment else ""
    if table.filter_text:
        words = f"No runs{where} match {clipped(table.filter_text, ERROR_LIMIT)}"
        return f"{words}. {table.why_nothing}" if table.why_nothing else words
    words = f"No runs{where} yet"
    words += f" (looked in {clipped(table.place, ERROR_LIMIT)})" if table.place else ""
    if table.elsewhere:
        words += f"; --all shows {_runs(table.elsewhere)} of other experiments"
    return words


def hidden_words(columns: int) -> str:
    return f"{columns:,} column{'' if columns == 1 else 's'} not shown"


def constants_line(constants: Sequence[tuple[str, str]]) -> str:
    pieces = (
        f"{clipped(k, KEY_LIMIT)}={clipped(v, VALUE_LIMIT)}" for k, v in constants[:_MOST_CONSTANTS]
    )
    more = len(constants) - _MOST_CONSTANTS
    return "same for all: " + " · ".join(pieces) + (f" · +{more} more" if more > 0 else "")


def error_line(row: RunRow) -> str:
    return clipped(first_line(row.error or ""), ERROR_LIMIT)


def _placed(table: RunTable) -> list[tuple[RunRow, int]]:
    """Rows with their depth: the order that was asked for is flat, else families stay together."""
    return [(row, 0) for row in table.rows] if table.sort_key else _families(table.rows)


def _families(rows: Sequence[RunRow]) -> list[tuple[RunRow, int]]:
    """Parent first; a family stands where its first member stood."""
    by_id = {row.run_id: row for row in rows}
    children: dict[str, list[RunRow]] = {}
    for row in rows:
        if row.parent_id in by_id:
            children.setdefault(row.parent_id or "", []).append(row)
    placed: dict[str, tuple[RunRow, int]] = {}
    for row in rows:
        _place(_eldest(row, by_id), 0, children, placed)
    return list(placed.values())


def _eldest(row: RunRow, by_id: Mapping[str, RunRow]) -> RunRow:
    seen: set[str] = set()  # damaged data may name each other as parents
    while row.parent_id in by_id and row.run_id not in seen:
        seen.add(row.run_id)
        row = by_id[row.parent_id or ""]
    return row


def _place(
    row: RunRow,
    depth: int,
    children: Mapping[str, Sequence[RunRow]],
    placed: dict[str, tuple[RunRow, int]],
) -> None:
    if row.run_id in placed:
        return
    placed[row.run_id] = (row, depth)
    for child in children.get(row.run_id, ()):
        _place(child, depth + 1, children, placed)


def _constants(rows: Sequence[RunRow], keys: Sequence[str]) -> dict[str, str]:
    """Params that every row has with one value; of a single row nothing can be said."""
    if len(rows) < 2:
        return {}
    first = rows[0].params
    return {
        key: first[key]
        for key in keys
        if key in first and all(row.params.get(key) == first[key] for row in rows)
    }


def _shown(
    keys: Sequence[str],
    values: Sequence[Mapping[str, object]],
    *,
    kept: Sequence[str | None],
    most: int,
) -> list[str]:
    """As many as there is room for: those *kept*, then those that most runs have."""
    having = Counter(key for each in values for key in each)
    places = {key: place for place, key in reversed([*enumerate(kept)])}
    wanted = sorted(keys, key=lambda key: (places.get(key, len(kept)), -having[key]))
    wanted = wanted[: max(most, min(_FEWEST_KEPT, sum(key in places for key in keys)))]
    return [key for key in keys if key in wanted]


def _run_columns(rows: Sequence[RunRow], table: RunTable, *, is_dated: bool) -> Iterator[Column]:
    cells = {
        "name": [run_label(row) for row in rows],
        "status": [status_word(row) for row in rows],
        "experiment": [row.experiment or MISSING for row in rows],
        "started": [_when(row.start_time, row.age_seconds, is_dated=is_dated) for row in rows],
        "ended": [_when(row.end_time, _ended(row), is_dated=is_dated) for row in rows],
        "duration": [format_duration(row.duration_seconds) for row in rows],
        "user": [row.user or MISSING for row in rows],
    }
    unasked = {"ended", "user"} | ({"experiment"} if len(_experiments(table)) < 2 else set())
    for key, written in cells.items():
        sorted_as = _sorted_as(key, "attributes", table)
        if sorted_as is not None or key not in unasked:
            yield Column(
                key=key,
                head=f"{key} (UTC)" if is_dated and key in ("started", "ended") else "",
                group="Run",
                cells=written,
                is_number=key in ("started", "ended", "duration"),
                sorted_as=sorted_as,
            )


def _when(milliseconds: int | None, age: float | None, *, is_dated: bool) -> str:
    if not is_dated:
        return format_age(age)
    return MISSING if milliseconds is None else format_moment(milliseconds)


def _ended(row: RunRow) -> float | None:
    if row.age_seconds is None or row.duration_seconds is None:
        return None
    return row.age_seconds - row.duration_seconds


def _experiments(table: RunTable) -> set[str | None]:
    return {row.experiment for row in table.rows}


def _tag_columns(rows: Sequence[RunRow], table: RunTable) -> Iterator[Column]:
    """Only the one that the table is sorted by."""
    kind, key = _sort_target(table)
    if kind == "tags":
        cells = [row.tags.get(key, MISSING) for row in rows]
        sorted_as = _sorted_as(key, "tags", table)
        yield Column(key=key, group="Tags", cells=cells, sorted_as=sorted_as)


def _id_column(rows: Sequence[RunRow], table: RunTable) -> Column:
    cells = [clipped(row.run_id[:8], 8) for row in rows]
    sorted_as = _sorted_as("id", "attributes", table)
    return Column(key="id", group=ID_GROUP, cells=cells, sorted_as=sorted_as)


def _param_column(key: str, rows: Sequence[RunRow], table: RunTable) -> Column:
    cells = [row.params.get(key, MISSING) for row in rows]
    is_number = all(_is_number(cell) for cell in cells if cell != MISSING)
    return Column(
        key=key,
        group="Params",
        cells=format_texts(cells) if is_number else cells,
        is_number=is_number,
        sorted_as=_sorted_as(key, "params", table),
    )


def _metric_column(key: str, rows: Sequence[RunRow], table: RunTable) -> Column:
    values = [row.metrics.get(key) for row in rows]
    return Column(
        key=key,
        group="Metrics",
        cells=format_column(values),
        is_number=True,
        shares=_shares(values),
        sorted_as=_sorted_as(key, "metrics", table),
        is_best_by=key == _starred_by(table),
    )


def _shares(values: Sequence[float | None]) -> list[float | None]:
    """Where each value stands between the column's lowest and highest; None if it cannot."""
    finite = [v for v in values if v is not None and math.isfinite(v)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    span = high / 2 - low / 2  # halved: the difference may be past the largest float
    if not span:
        return [None] * len(values)
    return [
        (v / 2 - low / 2) / span if v is not None and math.isfinite(v) else None for v in values
    ]


def _sorted_as(key: str, kind: str, table: RunTable) -> str | None:
    """A bare sort key names a column of the group Run, else a metric, else a param."""
    wanted_kind, wanted = _sort_target(table)
    if (kind, key) != (wanted_kind, wanted):
        return None
    return "descending" if table.sort_descending else "ascending"


def _sort_target(table: RunTable) -> tuple[str, str]:
    kind, dot, key = (table.sort_key or "").partition(".")
    if dot and kind in _KINDS:
        key = key.strip('`"')
        return kind, _SORT_NAMES.get(key, key) if kind == "attributes" else key
    bare = (table.sort_key or "").strip('`"')
    if bare in table.metric_keys:
        return "metrics", bare
    if bare in table.param_keys:
        return "params", bare
    return "attributes", _SORT_NAMES.get(bare, bare)


def _summary(table: RunTable) -> list[str]:
    names = {table.experiment} if table.experiment else _experiments(table)
    words = [clipped(name, NAME_LIMIT) for name in names if name] if len(names) == 1 else []
    words.append(_count(table))
    if table.filter_text:
        words.append(f"where {clipped(table.filter_text, ERROR_LIMIT)}")
    if table.ticked:
        words.append(f"✓ {table.ticked:,} ticked")
    if table.sort_key:
        order = "highest first" if table.sort_descending else "lowest first"
        kind, key = _sort_target(table)
        if kind == "attributes" and key in ("started", "ended"):
            order = "newest first" if table.sort_descending else "oldest first"
        words.append(f"by {clipped(key, KEY_LIMIT)}, {order}")
    if metric := _starred_by(table):
        words.append(f"★ best by {clipped(metric, KEY_LIMIT)}")
    return [*words, f"⚠ {table.absence}"] if table.absence else words


def _starred_by(table: RunTable) -> str | None:
    """The best run may be on a later page; then there is no star to explain."""
    return table.best_by if any(row.is_best for row in table.rows) else None


def _count(table: RunTable) -> str:
    shown = len(table.rows)
    if table.total is not None and table.total > shown:
        return f"{shown:,} of {table.total:,} runs"
    return _runs(shown)


def _runs(count: int) -> str:
    return f"{count:,} run{'' if count == 1 else 's'}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
