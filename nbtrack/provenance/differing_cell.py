"""Where a difference begins: the first cell of a slice of which something recorded is not so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nbtrack.provenance.comparing import compare_families
from nbtrack.provenance.pins import pins_of
from nbtrack.provenance.rerun import Rerun
from nbtrack.provenance.upstream import Upstream
from nbtrack.records.executions import Execution
from nbtrack.records.runs import Run
from nbtrack.stores.store import Store


def where_it_begins(store: Store, upstream: Upstream, rerun: Rerun) -> str:
    """A sentence; "" where nothing tells."""
    return ""
