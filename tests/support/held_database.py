"""A database that another program has open, or this one beside us."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb

# Which of them there are, varies by the version of DuckDB.
_HELD = (duckdb.IOException, getattr(duckdb, "ResourceInUseException", duckdb.IOException))


def connected(database: Path, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """As another program opens it: as soon as nobody is folding."""
    for _ in range(500):
        try:
            return duckdb.connect(str(database), read_only=read_only)
        except _HELD:
            time.sleep(0.02)
    raise TimeoutError(database)
