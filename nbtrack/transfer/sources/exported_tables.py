"""Reading what `nbtrack export --csv` or `--parquet` wrote: runs, models and the registry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.transfer.sources.loaded_tables import LoadedTables
from nbtrack.transfer.sources.runs_ahead import RunsAhead
from nbtrack.transfer.sources.source_files import is_linked, list_files
from nbtrack.transfer.sources.source_records import (
    BrokenRecord,
    FoundFiles,
    ModelLink,
    ModelPoint,
    Points,
    SourceExperiment,
    SourceModel,
    SourceRegisteredModel,
    SourceRun,
    SourceVersion,
)

_POINTS_AT_ONCE = 50_000
_INPUT_FACTS = ("name", "digest", "source_type", "source", "schema", "profile", "context", "tags")
_POINT_FACTS = (
    "model_id", "key", "value", "step", "timestamp", "dataset_name", "dataset_digest"
)  # fmt: skip


class TablesReader:
    def __init__(self, folder: Path, form: str) -> None:
        """*form* is csv or parquet. Raises InvalidValue for what no export of ours wrote."""
        if not (folder / f"runs.{form}").is_file():
            raise InvalidValue(
                f"{str(folder)!r} is no export of runs: it has no runs.{form}. "
                f"`nbtrack export --{form} DIR` writes one."
            )
        self.kind = form
        self.title = str(folder)
        self._folder = folder
        self._tables = LoadedTables(folder, form)
        rows = self._tables.rows("runs", ["run_id"], order="start_time, run_id")
        self._ids = list(dict.fromkeys(_said(run_id) for (run_id,) in rows))
        self._ahead = RunsAhead(self._tables, self._ids)

    def close(self) -> None:
        self._tables.close()

    def notes(self) -> Sequence[str]:
        return ()

    def leftovers(self) -> Mapping[str, str]:
        return {}

    # --- experiments and runs

    def experiments(self) -> Iterator[SourceExperiment | BrokenRecord]:
        known = set()
        for row in self._tables.records("experiments"):
            known.add(row["experiment_id"])
            yield SourceExperiment(
                experiment_id=_said(row["experiment_id"]),
                name=_said(row["name"]),
                artifact_location="",
                is_deleted=row["lifecycle_stage"] == "deleted",
                created=_whole(row["creation_time"]),
                tags=self._texts("experiment_tags", experiment_id=_said(row["experiment_id"])),
            )
        yield from self._unnamed(known)

    def _unnamed(self, known: set[str]) -> Iterator[SourceExperiment]:
        """Those that the table of runs alone tells of."""
        for experiment_id, name in self._tables.rows("runs", ["experiment_id", "experiment"]):
            if experiment_id not in known:
                known.add(experiment_id)
                yield SourceExperiment(
                    experiment_id=_said(experiment_id), name=_said(name), artifact_location="",
                    is_deleted=False, created=None,
                )  # fmt: skip

    def run_ids(self) -> Sequence[str]:
        return self._ids

    def run(self, run_id: str) -> SourceRun:
        if run_id in self._tables.broken:
            raise BrokenRecord(self._tables.broken[run_id])
        row, *more = self._ahead.records("runs", run_id)
        if more:
            raise BrokenRecord(f"the table of runs has it {len(more) + 1} times")
        return SourceRun(
            run_id=run_id,
            experiment_id=_said(row["experiment_id"]),
            name=row["run_name"] or "",
            status=_said(row["status"]),
            user=row["user_id"] or "",
            start=_milliseconds(row["start_time"]),
            end=_milliseconds(row["end_time"]),
            is_deleted=row["lifecycle_stage"] == "deleted",
            artifact_uri="",
            params=self._texts_of_run("params", run_id),
            tags=self._texts_of_run("tags", run_id),
            inputs=self._inputs(run_id),
            links=[
                ModelLink(row["model_id"], row["role"], row["step"] or 0)
                for row in self._ahead.records("model_links", run_id)
            ],
            model_points=list(self._model_points(run_id)),
        )

    def points(self, run_id: str) -> Iterator[Points]:
        rows: Iterable[Sequence[Any]] | None = self._ahead.points(run_id)
        if rows is None:
            columns, order = ["run_id", "key", "value", "step", "timestamp"], "key, step, timestamp"
            rows = self._tables.rows("metrics", columns, order=order, run_id=run_id)
        for key, found in groupby(rows, key=itemgetter(1)):
            while some := list(islice(found, _POINTS_AT_ONCE)):
                _, _, values, steps, times = zip(*some)
                yield Points(key, values, steps, [time // 1000 for time in times])

    def _inputs(self, run_id: str) -> list[dict[str, str]]:
        return [
            {name: row[name] for name in _INPUT_FACTS if row[name] is not None}
            for row in self._ahead.records("datasets", run_id)
        ]

    def _model_points(self, run_id: str) -> Iterator[ModelPoint]:
        for row in self._ahead.records("model_metrics", run_id):
            model_id, key, value, step, time, *data = (row[name] for name in _POINT_FACTS)
            yield ModelPoint(model_id, key, value, step, time // 1000, *data)

    def files(self, artifact_uri: str, owner: str) -> FoundFiles:
        """Those of a run, of a logged model, or of a model in a run, which *artifact_uri* says."""
        if artifact_uri:
            run_id, _, path = artifact_uri.partition("/")
            return self._files_below(self._folder / "artifacts" / run_id, path)
        room = "models" if owner.startswith("m-") else "artifacts"
        found = self._files_below(self._folder / room / owner, "")
        said = set()
        if room == "artifacts":
            said = {row["path"] for row in self._ahead.records("artifacts", owner)}
        missing = dict.fromkeys(sorted(said - (found.files or {}).keys()), "it is not there")
        return FoundFiles(files={**(found.files or {}), **missing})

    def _files_below(self, folder: Path, path: str) -> FoundFiles:
        if is_linked(folder):
            return FoundFiles(trouble=f"{str(folder)!r} is a link")
        found = dict(list_files(folder)) if folder.is_dir() else {}
        start = f"{path}/" if path else ""
        return FoundFiles(
            files={p.removeprefix(start): f for p, f in found.items() if p.startswith(start)}
        )

    # --- models

    def logged_models(self) -> Iterator[SourceModel | BrokenRecord]:
        for row in self._tables.records("models"):
            model_id, run_id = _said(row["model_id"]), row["source_run_id"]
            yield SourceModel(
                model_id=model_id,
                experiment_id=_said(row["experiment_id"]),
                name=_said(row["name"]),
                artifact_uri=f"{run_id}/{row['path']}" if run_id and row["path"] else "",
                status=_said(row["status"]),
                is_deleted=row["lifecycle_stage"] == "deleted",
                model_type=row["model_type"],
                source_run_id=run_id,
                params=self._texts("model_params", model_id=model_id),
                tags=self._texts("model_tags", model_id=model_id),
            )

    def registered_models(self) -> Iterator[SourceRegisteredModel | BrokenRecord]:
        for row in self._tables.records("registered_models"):
            name = _said(row["name"])
            versions = list(self._tables.records("versions", name=name))
            yield SourceRegisteredModel(
                name=name,
                created=_whole(row["creation_timestamp"]),
                description=row["description"],
                tags=self._texts("registered_model_tags", name=name),
                aliases={
                    alias: int(version["version"])
                    for version in versions
                    for alias in filter(None, (version["aliases"] or "").split(", "))
                },
                versions=[self._version(version) for version in versions],
            )

    def _version(self, row: Mapping[str, Any]) -> SourceVersion:
        return SourceVersion(
            version=int(row["version"]),
            stage=row["current_stage"] or "None",
            sources=[each for each in (row["files"],) if each],
            run_id=row["run_id"],
            run_link=row["run_link"],
            user=row["user_id"],
            created=_whole(row["creation_timestamp"]),
            description=row["description"],
            tags=self._texts("version_tags", name=row["name"], version=row["version"]),
        )

    def _texts_of_run(self, table: str, run_id: str) -> dict[str, str]:
        found = self._ahead.records(table, run_id)
        return {_said(row["key"]): _said(row["value"]) for row in found}

    def _texts(self, table: str, **where: str) -> dict[str, str]:
        rows = self._tables.rows(table, ["key", "value"], order="key", **where)
        return {_said(key): _said(value) for key, value in rows}


def _said(text: str | None) -> str:
    return text or ""


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.lstrip("-").isdecimal() else None


def _milliseconds(microseconds: int | None) -> int | None:
    return None if microseconds is None else microseconds // 1000
