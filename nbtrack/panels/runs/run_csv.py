"""Ticked runs as a table for other programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from nbtrack.display.number_format import iso_moment
from nbtrack.errors import InvalidValue
from nbtrack.lookup.run_times import seconds_of
from nbtrack.panels.runs.many_runs import runs_with
from nbtrack.panels.runs.state import HasRunsState
from nbtrack.panels.runs.table_columns import Kind, in_order
from nbtrack.panels.shared.requests import texts_of
from nbtrack.records.runs import Run, ViewType
from nbtrack.records.tags import OWN_PREFIXES
from nbtrack.stores.store import Store

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a cell begins that a spreadsheet computes
_FACTS = ("run_id", "run_name", "status", "start_time", "end_time", "duration")


def csv_answer(panel: HasRunsState, arguments: Mapping[str, Any]) -> dict[str, str]:
    """Raises InvalidValue, RunNotFound."""
    runs = _ticked(panel.store, texts_of(arguments, "runs"))
    if not runs:
        raise InvalidValue("No run is ticked: tick those that are to be in the file.")
    return {"name": "runs.csv", "text": runs_csv(runs, first=_keys_in_order(panel))}


def runs_csv(runs: Sequence[Run], *, first: Sequence[str] = ()) -> str:
    """Facts, metrics, params, tags of the user's; those named in *first* before others."""
    values = [dict(_values_of(run)) for run in runs]
    rest = sorted({column for each in values for column in each})
    known = dict.fromkeys([*(c for c in first if c in rest), *rest])
    columns = sorted(known, key=lambda column: not column.startswith("metrics."))
    written = io.StringIO()
    sheet = csv.writer(written)
    sheet.writerow(map(_harmless, [*_FACTS, *columns]))
    for run, each in zip(runs, values):
        cells = [*_facts_of(run), *(each.get(column, "") for column in columns)]
        sheet.writerow(map(_harmless, cells))
    return written.getvalue()


def _ticked(store: Store, run_ids: Sequence[str]) -> list[Run]:
    """Those of the bin too. Raises RunNotFound."""
    found = runs_with(store, "run_id", run_ids, view_type=ViewType.ALL)
    by_id = {run.info.run_id: run for run in found}
    return [by_id.get(run_id) or store.get_run(run_id) for run_id in run_ids]


def _keys_in_order(panel: HasRunsState) -> list[str]:
    """What matters first."""
    known = panel.state.ask(panel.state.newest).known
    kinds: tuple[Kind, ...] = ("metrics", "params")
    return [f"{kind}.{each.key}" for kind in kinds for each in in_order(known, kind)]


def _facts_of(run: Run) -> Iterable[str]:
    info = run.info
    seconds = seconds_of(info)
    times = [_moment(info.start_time), _moment(info.end_time), "" if seconds is None else seconds]
    return map(str, [info.run_id, info.run_name or "", info.status, *times])


def _values_of(run: Run) -> Iterator[tuple[str, str]]:
    for key, number in run.data.metrics.items():
        yield f"metrics.{key}", str(number)
    for key, text in run.data.params.items():
        yield f"params.{key}", text
    for key, text in run.data.tags.items():
        if not key.startswith(OWN_PREFIXES):
            yield f"tags.{key}", text


def _moment(milliseconds: int | None) -> str:
    if milliseconds is None:
        return ""
    return iso_moment(milliseconds)


def _harmless(text: str) -> str:
    """Spreadsheets run what looks like a formula, whoever logged it; numbers stay numbers."""
    return f"'{text}" if text.startswith(_FORMULA) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text[0] in "+-"
