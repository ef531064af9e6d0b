"""Questions about executions of cells to a snapshot, and their answers as records."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nbtrack.records.executions import Execution

if TYPE_CHECKING:
    from nbtrack.stores.connection import Connection


def read_executions(connection: Connection, run_id: str) -> list[Execution]:
    """Those of the run's kernel up to the run's own, which is the last; none if not recorded."""
    rows = connection.execute(
        "select e.kernel, e.number, e.facts from current.executions e, ("
        "select kernel, max(number) as number from stored.executions where run_id = $run_id"
        " group by kernel order by max(t) desc limit 1) its"
        " where e.kernel = its.kernel and e.number <= its.number order by e.number",
        {"run_id": run_id},
    ).fetchall()
    return [Execution.of_facts(kernel, n, json.loads(facts)) for kernel, n, facts in rows]


def read_texts(connection: Connection, digests: Sequence[str]) -> dict[str, str]:
    """By digest; of one that nobody kept, nothing."""
    return dict(
        connection.execute(
            "select digest, text from current.texts where list_contains($digests, digest)",
            {"digests": list(digests)},
        ).fetchall()
    )
