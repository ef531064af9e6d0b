"""A database that another program has open."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb


def connected(database: Path) -> duckdb.DuckDBPyConnection:
    """As another program opens it: as soon as nobody is folding."""
    for _ in range(200):
        try:
            return duckdb.connect(str(database))
        except duckdb.IOException:
            time.sleep(0.02)
    raise TimeoutError(database)
