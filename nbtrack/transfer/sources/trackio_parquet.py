"""The Parquet files that trackio keeps of a project on Spaces, as the database that it has on a
machine: the values of a row are columns there."""

from __future__ import annotations

import glob
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from nbtrack.base.databases import OFFLINE
from nbtrack.errors import InvalidValue

_FIXED = ("id", "run_id", "timestamp", "run_name", "step", "created_at", "log_id", "space_id")
_PARTS = {"metrics": "", "system_metrics": "_system", "configs": "_configs"}
_VALUES = {"metrics": "metrics", "system_metrics": "metrics", "configs": "config"}
_KEPT = ("run_id", "run_name", "timestamp", "step")
_ROWS_AT_ONCE = 1000


def databases_of_parquet(folder: Path, place: Path) -> list[Path]:
    """For each project of *folder*, one in *place*. Raises InvalidValue for what is no Parquet."""
    return [_database(files, place / f"{name}.db") for name, files in projects_in(folder).items()]


def projects_in(folder: Path) -> dict[str, Mapping[str, Path]]:
    """The files of each: `wine.parquet` and `wine_configs.parquet`, or, of a Space that only shows
    them, `metrics.parquet` and `aux/configs.parquet`."""
    if (folder / "aux").is_dir() and (folder / "metrics.parquet").is_file():
        others = {table: folder / "aux" / f"{table}.parquet" for table in _PARTS}
        return {folder.name: {**others, "metrics": folder / "metrics.parquet"}}
    names = [each.stem for each in sorted(folder.glob("*.parquet"))]
    parts = {f"{name}{end}" for name in names for end in _PARTS.values() if end}
    projects = [name for name in names if name not in parts]
    return {
        name: {table: folder / f"{name}{end}.parquet" for table, end in _PARTS.items()}
        for name in projects
    }


def _database(files: Mapping[str, Path], target: Path) -> Path:
    with closing(sqlite3.connect(target)) as made, made:
        for table, file in files.items():
            made.execute(
                f"create table {table} (id integer primary key, run_id, run_name, timestamp, step,"
                f" {_VALUES[table]})"
            )
            if file.is_file():
                _fill(made, table, file)
    return target


def _fill(made: sqlite3.Connection, table: str, file: Path) -> None:
    import duckdb

    sql = f"insert into {table} values (null, ?, ?, ?, ?, ?)"  # noqa: S608 - our own names
    try:
        with duckdb.connect(config=OFFLINE) as reading:
            found = reading.execute("select * from read_parquet(?)", [glob.escape(str(file))])
            names = [column[0] for column in found.description or ()]
            while rows := found.fetchmany(_ROWS_AT_ONCE):
                made.executemany(sql, [_row(dict(zip(names, row, strict=True))) for row in rows])
    except duckdb.Error as exc:
        raise InvalidValue(f"{str(file)!r} cannot be read: {exc}") from exc


def _row(found: Mapping[str, Any]) -> tuple[Any, ...]:
    values = {k: v for k, v in found.items() if k not in _FIXED and v is not None}
    return (*(found.get(name) for name in _KEPT), json.dumps(values, default=str))
