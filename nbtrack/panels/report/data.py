"""The runs of a report for its script: all params, metrics and tags that people gave them, also
those that have no column. `page/report_types.d.ts` says what it looks like."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from nbtrack.display.markup import Html
from nbtrack.panels.runs.facts import RunRow, RunTable
from nbtrack.panels.shared.requests import speakable
from nbtrack.records.tags import FIT_TAG, NOTE_TAG, OWN_PREFIXES

_FEW = 0.5  # of the values of a column: so many different ones at most are written once


def runs_data(table: RunTable) -> Html:
    """An element that no browser runs or shows."""
    rows = table.rows
    told = {
        "ids": [row.run_id for row in rows],
        "names": _column([row.name for row in rows]),
        "statuses": _column([row.status for row in rows]),
        "users": _column([row.user for row in rows]),
        "errors": _column([row.error for row in rows]),
        "experiments": _column([row.experiment for row in rows]),
        "seconds": [row.duration_seconds for row in rows],
        "started": [row.start_time for row in rows],
        "metrics": _by_key(rows, lambda row: row.metrics, table.metric_keys, _numbers),
        "params": _by_key(rows, lambda row: row.params, table.param_keys, _column),
        "tags": _by_key(rows, _users_tags, (), _column),
    }
    text = json.dumps(speakable(told), ensure_ascii=False, separators=(",", ":"))
    safe = text.replace("<", r"\u003c")  # or a name of a run could end the element
    return Html(f'<script type="application/json" id="runs-data">{safe}</script>')


def _by_key(
    rows: Sequence[RunRow],
    values_of: Callable[[RunRow], Mapping[str, Any]],
    first: Iterable[str],
    written: Callable[[list[Any]], Any],
) -> list[tuple[str, Any]]:
    """*first* are the keys that have columns, in their order; all others follow, by name."""
    found = [values_of(row) for row in rows]
    known = {key for values in found for key in values}
    keys = dict.fromkeys([*first, *sorted(known)])
    return [(key, written([values.get(key) for values in found])) for key in keys]


def _users_tags(row: RunRow) -> dict[str, str]:
    """Of ours those that people read: what a word of a filter looks into, too."""
    return {
        key: text
        for key, text in row.tags.items()
        if key in (NOTE_TAG, FIT_TAG) or not key.startswith(OWN_PREFIXES)
    }


def _numbers(values: list[float | None]) -> list[float | int | None]:
    """Whole ones without their .0."""
    return [int(v) if v is not None and _is_short(v) else v for v in values]


def _is_short(value: float) -> bool:
    return math.isfinite(value) and value == int(value) and abs(value) < 1e15


def _column(values: list[str | None]) -> Any:
    different = list(dict.fromkeys(values))
    if len(different) > _FEW * len(values):
        return values
    place = {value: n for n, value in enumerate(different)}
    return {"all": different, "at": [place[value] for value in values]}
