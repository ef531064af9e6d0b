"""Reading the tables that an MLflow server keeps in a database, of MLflow 1 to 3.

They are the same in SQLite and PostgreSQL. Tables and columns that an older version does not have
are taken for empty. The database is opened for reading only, and no statement is made of what is
in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, Protocol

from nbtrack.errors import InvalidValue
from nbtrack.transfer.sources.mlflow_words import (
    input_facts,
    left_out_traces,
    model_status,
    neighbours,
    settled_links,
)
from nbtrack.transfer.sources.source_files import MlflowReader
from nbtrack.transfer.sources.source_records import (
    BrokenRecord,
    ModelLink,
    ModelPoint,
    Points,
    SourceExperiment,
    SourceModel,
    SourceRegisteredModel,
    SourceRun,
    SourceVersion,
)

_CHUNK = 50_000  # points at a time
_NAN = float("nan")
_DELETED_VERSION = "Deleted_Internal"
_TABLES_OF_MLFLOW = {"experiments", "runs", "metrics", "params", "tags"}
_INPUTS = """
    select i.input_uuid, d.name, d.digest, d.dataset_source_type, d.dataset_source,
        d.dataset_schema, d.dataset_profile
    from inputs i join datasets d on d.dataset_uuid = i.source_id
    where i.destination_id = ? and i.source_type = 'DATASET' and i.destination_type = 'RUN'
    order by i.input_uuid
"""
_LINKS = """
    select destination_id, case when source_type = 'RUN_OUTPUT' then 'output' else 'input' end,
        {step}
    from inputs where source_id = ? and source_type in ('RUN_OUTPUT', 'RUN_INPUT') order by 1
"""
_MODEL_POINTS = """
    select model_id, metric_name, metric_value, metric_step, metric_timestamp_ms, dataset_name,
        dataset_digest
    from logged_model_metrics where run_id = ? and metric_value is not null order by 1, 2, 4, 5
"""


class Database(Protocol):
    """In SQL, a value stands as `?`, of whatever database."""

    @property
    def columns(self) -> Mapping[str, set[str]]:
        """Those of each table."""

    def rows(self, sql: str, *values: object) -> Sequence[tuple[Any, ...]]: ...

    def named(self, sql: str, *values: object) -> Sequence[dict[str, Any]]:
        """The same, by the names of their columns."""

    def points(self, run_id: str) -> Iterator[tuple[str | bytes, float | None, int, int]]:
        """(key, value, step, time) in the order of the bytes of the keys; None is NaN. As many as
        there are, without all of them in memory."""

    def close(self) -> None: ...


class DatabaseReader(MlflowReader):
    """*folder* is where the server ran, for files that it says are beside it."""

    def __init__(self, database: Database, *, title: str, folder: str) -> None:
        """Raises InvalidValue if it is no database of MLflow, and closes it."""
        self.title, self._folder = title, folder
        self._database, self._columns = database, database.columns
        if not self._columns.keys() >= _TABLES_OF_MLFLOW:
            self.close()
            raise InvalidValue(f"{title!r} is no database of MLflow: it has no table of runs.")

    def close(self) -> None:
        self._database.close()

    def _near(self, artifact_uri: str, owner: str) -> Iterable[str]:
        _ = owner  # the address names it
        return neighbours(artifact_uri, self._folder, ("mlruns", "mlartifacts"))

    # --- experiments and runs

    def experiments(self) -> Iterator[SourceExperiment | BrokenRecord]:
        for row in self._rows("experiments", order="experiment_id"):
            experiment_id = str(row["experiment_id"])
            yield SourceExperiment(
                experiment_id=experiment_id,
                name=_text(row["name"]),
                artifact_location=_text(row["artifact_location"]),
                is_deleted=row["lifecycle_stage"] == "deleted",
                created=row.get("creation_time"),
                tags=self._texts("experiment_tags", "experiment_id", row["experiment_id"]),
            )

    def run_ids(self) -> Sequence[str]:
        found = self._database.rows("select run_uuid from runs order by start_time, run_uuid")
        return [_text(run_id) for (run_id,) in found]

    def run(self, run_id: str) -> SourceRun:
        row = next(iter(self._rows("runs", where="run_uuid", value=run_id)), None)
        if row is None:
            raise BrokenRecord(f"run {run_id!r} is not in the table of runs any more")
        tags = self._texts("tags", "run_uuid", run_id)
        return SourceRun(
            run_id=run_id,
            experiment_id=str(row["experiment_id"]),
            # MLflow 1 keeps it as a tag, and an empty text here.
            name=tags.get("mlflow.runName") or _text(row["name"]),
            status=_text(row["status"]),
            user=tags.get("mlflow.user") or _text(row["user_id"]),
            start=row["start_time"],
            end=row["end_time"],
            is_deleted=row["lifecycle_stage"] == "deleted",
            artifact_uri=_text(row["artifact_uri"]),
            params=self._texts("params", "run_uuid", run_id),
            tags=tags,
            inputs=self._inputs(run_id),
            links=self._links(run_id),
            model_points=self._model_points(run_id),
        )

    def points(self, run_id: str) -> Iterator[Points]:
        for name, rows in groupby(self._database.points(run_id), key=itemgetter(0)):
            key = name if isinstance(name, str) else name.decode("utf-8", "replace")
            while chunk := list(islice(rows, _CHUNK)):
                _, values, steps, times = zip(*chunk)
                if None in values:
                    values = tuple(_NAN if v is None else v for v in values)
                yield Points(key, values, steps, times)

    def _inputs(self, run_id: str) -> list[Mapping[str, str]]:
        if "inputs" not in self._columns or "datasets" not in self._columns:
            return []
        return [
            input_facts(dataset, self._input_tags(input_id))
            for input_id, *dataset in self._database.rows(_INPUTS, run_id)
        ]

    def _input_tags(self, input_id: str) -> dict[str, str]:
        rows = self._rows("input_tags", where="input_uuid", value=input_id)
        return {_text(row["name"]): _text(row["value"]) for row in rows}

    def _links(self, run_id: str) -> list[ModelLink]:
        if "logged_models" not in self._columns:
            return []
        sql = _LINKS.format(step="step" if "step" in self._columns["inputs"] else "0")
        return settled_links(ModelLink(*row) for row in self._database.rows(sql, run_id))

    def _model_points(self, run_id: str) -> list[ModelPoint]:
        if "logged_model_metrics" not in self._columns:
            return []
        return [ModelPoint(*row) for row in self._database.rows(_MODEL_POINTS, run_id)]

    # --- models

    def logged_models(self) -> Iterator[SourceModel | BrokenRecord]:
        for row in self._rows("logged_models", order="creation_timestamp_ms"):
            params = self._texts("logged_model_params", "model_id", row["model_id"], "param_")
            tags = self._texts("logged_model_tags", "model_id", row["model_id"], "tag_")
            yield SourceModel(
                model_id=_text(row["model_id"]),
                experiment_id=str(row["experiment_id"]),
                name=_text(row["name"]),
                artifact_uri=_text(row["artifact_location"]),
                status=model_status(row["status"]),
                is_deleted=row["lifecycle_stage"] == "deleted",
                model_type=row["model_type"],
                source_run_id=row["source_run_id"],
                params=params,
                tags=tags,
            )

    def registered_models(self) -> Iterator[SourceRegisteredModel | BrokenRecord]:
        for row in self._rows("registered_models", order="creation_time"):
            name = row["name"]
            aliases = self._rows("registered_model_aliases", where="name", value=name)
            yield SourceRegisteredModel(
                name=_text(name),
                created=row["creation_time"],
                description=row["description"],
                tags=self._texts("registered_model_tags", "name", name),
                aliases={_text(each["alias"]): int(each["version"]) for each in aliases},
                versions=self._versions(name),
            )

    def _versions(self, name: str) -> list[SourceVersion]:
        rows = self._rows("model_versions", where="name", value=name, order="version")
        tags = [
            (row["version"], _text(row["key"]), _text(row["value"]))
            for row in self._rows("model_version_tags", where="name", value=name)
        ]
        return [
            SourceVersion(
                version=int(row["version"]),
                stage=_text(row["current_stage"]) or "None",
                sources=[each for each in (row["source"], row.get("storage_location")) if each],
                run_id=row["run_id"] or None,
                run_link=row.get("run_link") or None,
                user=row["user_id"],
                created=row["creation_time"],
                description=row["description"],
                tags={key: value for version, key, value in tags if version == row["version"]},
            )
            for row in rows
            if row["current_stage"] != _DELETED_VERSION
        ]

    def leftovers(self) -> Mapping[str, str]:
        if "trace_info" not in self._columns:
            return {}
        ((traces,),) = self._database.rows("select count(*) from trace_info")
        return left_out_traces(traces)

    # --- rows

    def _rows(
        self, table: str, *, where: str = "", value: object = None, order: str = ""
    ) -> Sequence[dict[str, Any]]:
        """*table*, *where* and *order* are names that this module knows."""
        if table not in self._columns:
            return []
        sql = f"select * from {table}"  # noqa: S608  # names of this module, no texts from anybody
        sql += f" where {where} = ?" if where else ""
        sql += f" order by {order}" if order in self._columns[table] else ""
        return self._database.named(sql, *([value] if where else []))

    def _texts(self, table: str, column: str, owner: object, prefix: str = "") -> dict[str, str]:
        rows = self._rows(table, where=column, value=owner, order=f"{prefix}key")
        return {_text(row[f"{prefix}key"]): _text(row[f"{prefix}value"]) for row in rows}


def _text(value: object) -> str:
    return "" if value is None else str(value)
