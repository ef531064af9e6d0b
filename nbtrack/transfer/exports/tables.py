"""Runs as tables, a file each, and their artifacts beside them.

A table is put together in a database of its own on the disk, part by part, so that millions of
points need no memory; the file appears when it is whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.artifact_store.store import ArtifactStore
from nbtrack.base.databases import OFFLINE
from nbtrack.stores.store import Store
from nbtrack.transfer.exports.choosing import Choice
from nbtrack.transfer.exports.mlflow_models import leaving_models
from nbtrack.transfer.exports.mlflow_registry import leaving_versions
from nbtrack.transfer.exports.outcome import Exported
from nbtrack.transfer.exports.project_records import experiments_of, in_parts, paths_on_disk
from nbtrack.transfer.exports.written_files import ExportFolder, export_folder, renew_file
from nbtrack.transfer.imports.checking import count_here
from nbtrack.transfer.imports.marks import MARK

if TYPE_CHECKING:
    import duckdb

Progress = Callable[[int, int, str], None]
_RUNS_AT_ONCE = 200


class _Table(NamedTuple):
    """A public view with a column run_id, *order*, and the SQL types of its columns."""

    view: str
    order: str
    columns: Mapping[str, str]


def _texts(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "varchar")


_POINT = {"value": "double", "step": "bigint", "timestamp": "timestamp"}
TABLES = {
    "runs": _Table(
        "runs",
        "start_time, run_id",
        _texts("run_id", "run_name", "experiment_id", "experiment", "status")
        | {"start_time": "timestamp", "end_time": "timestamp", "duration_seconds": "double"}
        | _texts("user_id", "lifecycle_stage", "parent_run_id"),
    ),
    "params": _Table("params", "run_id, key", _texts("run_id", "key", "value")),
    "tags": _Table("tags", "run_id, key", _texts("run_id", "key", "value")),
    "metrics": _Table("metrics", "run_id, key, step, timestamp", _texts("run_id", "key") | _POINT),
    "datasets": _Table(
        "inputs",
        "run_id, name",
        _texts("run_id", "name", "digest", "source_type", "source", "schema", "profile")
        | _texts("context", "tags"),
    ),
    "artifacts": _Table(
        "artifacts",
        "run_id, path",
        {"run_id": "varchar", "path": "varchar", "size": "bigint", "sha256": "varchar"},
    ),
    "model_metrics": _Table(
        "logged_model_metrics",
        "model_id, key, step",
        _texts("model_id", "run_id", "key") | _POINT | _texts("dataset_name", "dataset_digest"),
    ),
}
_EXPERIMENT_COLUMNS = ("experiment_id", "name", "lifecycle_stage")
_MODEL_COLUMNS = ("model_id", "name", "experiment_id", "source_run_id", "status", "model_type")
_VERSION_COLUMNS = (
    "name", "version", "current_stage", "aliases", "description", "run_id", "source", "digest",
)  # fmt: skip
# What a spreadsheet takes for a formula; numbers are none. Quotes before it are counted in, so
# that taking one away gives back what was there.
_FORMULA = r"^'*[=+\-@\t\r\n|%＝＋－＠]"
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

    def all(self) -> Exported:
        import duckdb

        with duckdb.connect(str(self._work / "tables.duckdb"), config=OFFLINE) as tables:
            for name, table in TABLES.items():
                _create(tables, name, table.columns)
            self._collect(tables)
            self._collect_models(tables)
            for name in [*TABLES, "experiments", "models", "versions"]:
                self._write(tables, name)
        self._outcome.new = len(self._choice.run_ids)
        return self._outcome

    def _collect(self, tables: duckdb.DuckDBPyConnection) -> None:
        total, done = len(self._choice.run_ids), 0
        for ids in in_parts(self._choice.run_ids, _RUNS_AT_ONCE):
            self._progress(done, total, "runs")
            count_here(self._store, self._outcome.here, ids)
            for name, table in TABLES.items():
                rows = self._store.query(_question(table), {"ids": list(ids)})
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

    def _collect_models(self, tables: duckdb.DuckDBPyConnection) -> None:
        experiments = experiments_of(self._store)
        told = [[_text_of(e, name) for name in _EXPERIMENT_COLUMNS] for e in experiments.values()]
        _fill(tables, "experiments", _EXPERIMENT_COLUMNS, told)
        rows: list[Sequence[str | None]] = []
        for model in leaving_models(self._store, self._choice, list(experiments)):
            rows.append([_text_of(model, name) for name in _MODEL_COLUMNS])
            if not model.path:
                known = self._store.list_model_files(model.model_id)
                place = open_artifacts(model.artifact_location, run_id=model.model_id)
                target = self._folder / "models" / model.model_id
                self._copy(place, known, target, f"model {model.model_id}")
        _fill(tables, "models", _MODEL_COLUMNS, rows)
        versions = [
            [_text_of(each, name) for name in _VERSION_COLUMNS]
            for some in leaving_versions(self._store, self._choice).values()
            for each in some
        ]
        _fill(tables, "versions", _VERSION_COLUMNS, versions)
        self._outcome.models, self._outcome.versions = len(rows), len(versions)

    def _write(self, tables: duckdb.DuckDBPyConnection, name: str) -> None:
        made = self._work / f"{name}.{self._form}"
        target = str(made).replace("'", "''")
        if self._form == "parquet":
            tables.execute(f"copy {name} to '{target}' (format parquet, compression zstd)")
        else:
            tables.execute(_guarded(tables, name), {"formula": _FORMULA})
            tables.execute(f"copy shown to '{target}' (format csv, header)")
            tables.execute("drop table shown")
        os.replace(made, self._folder / made.name)


def _create(tables: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, str]) -> None:
    typed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
    tables.execute(f"create table {name} ({typed})")


def _question(table: _Table) -> str:
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


def _fill(
    tables: duckdb.DuckDBPyConnection, name: str, columns: Sequence[str],
    rows: Sequence[Sequence[str | None]],
) -> None:  # fmt: skip
    _create(tables, name, dict.fromkeys(columns, "varchar"))
    if rows:
        marks = ", ".join("?" * len(columns))
        tables.executemany(f"insert into {name} values ({marks})", rows)  # noqa: S608 - our own names


def _guarded(tables: duckdb.DuckDBPyConnection, name: str) -> str:
    columns = ", ".join(
        _GUARDED.format(column) if kind == "VARCHAR" else f'"{column}"'
        for column, kind, *_ in tables.execute(f"describe {name}").fetchall()
    )
    return f"create temp table shown as select {columns} from {name}"  # noqa: S608 - our own names


def _text_of(record: object, name: str) -> str | None:
    value = getattr(record, name)
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return None if value is None else str(value)
