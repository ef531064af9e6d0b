"""Thousands of runs in a few reads of the store."""

from __future__ import annotations

from collections.abc import Sequence

from nbtrack.panels.runs.quick_filters import quoted_text
from nbtrack.records.runs import Run, RunQuery, ViewType
from nbtrack.stores.store import Store

_AT_ONCE = 1000


def runs_with(
    store: Store,
    key: str,
    values: Sequence[str],
    *,
    view_type: ViewType = ViewType.ACTIVE_ONLY,
) -> list[Run]:
    """Those where *key*, as filters write it, is one of *values*; in no order."""
    found: list[Run] = []
    for start in range(0, len(values), _AT_ONCE):
        some = ", ".join(map(quoted_text, values[start : start + _AT_ONCE]))
        query = RunQuery(filter_string=f"{key} IN ({some})", view_type=view_type)
        found += store.read_run_page(query, folded=False).runs
    return found
