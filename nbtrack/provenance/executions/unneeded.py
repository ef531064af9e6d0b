"""Records of cells that no run came from: what `nbtrack gc` may drop."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from nbtrack.provenance.slices import slice_of
from nbtrack.records.executions import Execution
from nbtrack.stores.store import Store

_LINKS = "select kernel, number, run_id, needs from executions {of} order by kernel, number"
_QUIET = (
    "where kernel in (select kernel from executions group by kernel"
    " having coalesce(max(start_time) < $since, true))"
)


def unneeded_executions(
    store: Store, *, runs: Collection[str], alive: Collection[str], quiet_since: datetime | None
) -> Mapping[str, list[int]]:
    """By kernel, numbers that are in no slice of *runs*; kernels stay that have one of the runs
    that are *alive*, and those that have run a cell after *quiet_since* (in UTC, without a zone;
    None: *alive* says all). Raises StoreError."""
    kernels: dict[str, list[Execution]] = {}
    asked = _LINKS.format(of="" if quiet_since is None else _QUIET)
    found_links = store.query(asked, None if quiet_since is None else {"since": quiet_since})
    for kernel, number, run_id, needs in found_links.itertuples(index=False):
        linked = Execution(
            kernel=kernel,
            number=int(number),
            source="",
            run_id=run_id if isinstance(run_id, str) else None,
            needs=tuple(int(each) for each in needs) if hasattr(needs, "__len__") else (),
        )
        kernels.setdefault(kernel, []).append(linked)
    found = {
        kernel: _unneeded(executions, runs)
        for kernel, executions in kernels.items()
        if not any(each.run_id in alive for each in executions)
    }
    return {kernel: numbers for kernel, numbers in found.items() if numbers}


def _unneeded(executions: list[Execution], runs: Collection[str]) -> list[int]:
    needed: set[int] = set()
    for each in executions:
        if each.run_id in runs and each.number not in needed:
            needed |= {one.number for one in slice_of(executions, each.number)}
    return [each.number for each in executions if each.number not in needed]
