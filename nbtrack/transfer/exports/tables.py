"""Runs as tables, a file each, and their artifacts beside them.

A table is put together in a database of its own on the disk, part by part, so that millions of
points need no memory; the file appears when it is whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.artifact_store.store import ArtifactStore
from nbtrack.base.databases import OFFLINE
from nbtrack.stores.store import Store
from nbtrack.transfer.exports.answers import Answers
from nbtrack.transfer.exports.choosing import Choice
from nbtrack.transfer.exports.model_tables import ModelTables, Row
from nbtrack.transfer.exports.outcome import Exported
from nbtrack.transfer.exports.project_records import in_parts, paths_on_disk
from nbtrack.transfer.exports.table_columns import COLUMNS, FORMULA, OF_RUNS, Table
from nbtrack.transfer.exports.written_files import ExportFolder, export_folder, renew_file
from nbtrack.transfer.imports.checking import count_here
from nbtrack.transfer.imports.marks import MARK

if TYPE_CHECKING:
    import duckdb

Progress = Callable[[int, int, str], None]
_RUNS_AT_ONCE = 200
_GUARDED = (
    """case when regexp_matches("{0}", $formula) and try_cast("{0}" as double) is null """
    """then '''' || "{0}" else "{0}" end as "{0}" """
)


def export_tables(
    store: Store, choice: Choice, folder: Path, *, form: str, progress: Progress
) -> Exported:
    """*form* is parquet or csv. Raises InvalidValue if *folder* has something else in it."""
    folder = folder.expanduser().absolute()
    with export_folder(folder) as place:
        return _Export(store, choice, place, form, progress).all()


class _Export:
    def __init__(
        self, store: Store, choice: Choice, place: ExportFolder, form: str, progress: Progress
    ) -> None:
        self._store, self._choice, self._form, self._progress = store, choice, form, progress
        self._folder, self._work = place.folder, place.new_folder()
        self._outcome = Exported(place=str(place.folder))
        self._answers = Answers(store)

    def all(self) -> Exported:
        import duckdb

        with duckdb.connect(str(self._work / "tables.duckdb"), config=OFFLINE) as tables:
            for name, columns in COLUMNS.items():
                _create(tables, name, columns)
            self._collect(tables)
            others = ModelTables(self._store, self._choice, self._copy_model, self._outcome)
            others.collect()
            for name, rows in others.rows.items():
                _fill(tables, name, rows)
            self._answers.check("no table was written. Export again when it does")
            for name in COLUMNS:
                self._write(tables, name)
        self._outcome.new = len(self._choice.run_ids)
        return self._outcome

    def _collect(self, tables: duckdb.DuckDBPyConnection) -> None:
        total, done = len(self._choice.run_ids), 0
        for ids in in_parts(self._choice.run_ids, _RUNS_AT_ONCE):
            self._progress(done, total, "runs")
            count_here(self._choice.records, self._outcome.here, ids)
            for name, table in OF_RUNS.items():
                rows = self._choice.records.query(_question(table), {"ids": list(ids)})
                tables.register("rows", rows)
                tables.execute(_insertion(name, table.columns))
                tables.unregister("rows")
            for run_id in ids:
                self._copy_files(run_id)
            done += len(ids)

    def _copy_files(self, run_id: str) -> None:
        uri = self._store.get_run(run_id).info.artifact_uri
        known = {f.path: f.sha256 for f in self._store.list_artifact_records(run_id)}
        artifacts = open_artifacts(uri, run_id=run_id)
        self._copy(artifacts, known, self._folder / "artifacts" / run_id, f"run {run_id}")

    def _copy(
        self, artifacts: ArtifactStore, known: Mapping[str, str | None], target: Path, owner: str
    ) -> None:
        for path in dict.fromkeys([*known, *paths_on_disk(artifacts)]):
            why = renew_file(artifacts, path, target.joinpath(*path.split("/")), known.get(path))
            if why:
                self._outcome.left_out[f"file {path!r} of {owner}"] = why

    def _copy_model(
        self, model_id: str, artifacts: ArtifactStore, known: Mapping[str, str | None]
    ) -> None:
        target = self._folder / "models" / model_id
        self._copy(artifacts, known, target, f"model {model_id}")

    def _write(self, tables: duckdb.DuckDBPyConnection, name: str) -> None:
        made = self._work / f"{name}.{self._form}"
        target = str(made).replace("'", "''")
        if self._form == "parquet":
            tables.execute(f"copy {name} to '{target}' (format parquet, compression zstd)")
        else:
            tables.execute(_guarded(tables, name), {"formula": FORMULA})
            tables.execute(f"copy shown to '{target}' (format csv, header)")
            tables.execute("drop table shown")
        os.replace(made, self._folder / made.name)


def _create(tables: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, str]) -> None:
    typed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
    tables.execute(f"create table {name} ({typed})")


def _question(table: Table) -> str:
    columns = ", ".join(f'"{name}"' for name in table.columns)
    own = f" and key <> '{MARK}'" if table.view == "tags" else ""
    return (
        f"select {columns} from {table.view} where run_id in (select unnest($ids)){own}"  # noqa: S608 - our own names
        f" order by {table.order}"
    )


def _insertion(name: str, columns: Mapping[str, str]) -> str:
    """A value of a point is never missing: pandas has no other word for NaN."""
    nan = """coalesce("value"::double, 'nan')"""
    typed = (
        nan if (column, kind) == ("value", "double") else f'"{column}"::{kind}'
        for column, kind in columns.items()
    )
    return f"insert into {name} select {', '.join(typed)} from rows"  # noqa: S608 - our own names


def _fill(tables: duckdb.DuckDBPyConnection, name: str, rows: Sequence[Row]) -> None:
    if rows:
        marks = ", ".join("?" * len(COLUMNS[name]))
        tables.executemany(f"insert into {name} values ({marks})", rows)  # noqa: S608 - our own names


def _guarded(tables: duckdb.DuckDBPyConnection, name: str) -> str:
    columns = ", ".join(
        _GUARDED.format(column) if kind == "VARCHAR" else f'"{column}"'
        for column, kind, *_ in tables.execute(f"describe {name}").fetchall()
    )
    return f"create temp table shown as select {columns} from {name}"  # noqa: S608 - our own names
