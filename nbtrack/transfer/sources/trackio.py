"""Reading trackio's folder: a database of SQLite for each project, or Parquet, and the media."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nbtrack.artifact_store.paths import stays_within
from nbtrack.base.working_folder import WorkingFolder
from nbtrack.errors import InvalidValue
from nbtrack.records.ids import is_run_id
from nbtrack.transfer.sources.derived_ids import experiment_called, run_id_of
from nbtrack.transfer.sources.key_names import renamed_notes
from nbtrack.transfer.sources.logged_run import Key, LoggedRun
from nbtrack.transfer.sources.row_columns import time_in
from nbtrack.transfer.sources.runs_only import (
    LastRead,
    RunsOnly,
    WrittenFiles,
    path_of,
    without_place,
)
from nbtrack.transfer.sources.source_files import stamp_of
from nbtrack.transfer.sources.source_records import (
    BrokenRecord,
    FoundFiles,
    Points,
    SourceExperiment,
    SourceRun,
)
from nbtrack.transfer.sources.sqlite_files import columns_of, open_sqlite
from nbtrack.transfer.sources.trackio_parquet import databases_of_parquet

_OWN_CONFIG = {"_Username": "user", "_Group": "group"}
_LEFT = {"traces": "traces", "alerts": "alerts", "artifact_versions": "versions of artifacts"}


class TrackioReader(RunsOnly):
    kind = "trackio"

    def __init__(self, place: Path, *, experiment: str | None = None) -> None:
        """*place* is its folder, or the file of a project; runs go to *experiment*, by default one
        called as the project. Raises InvalidValue if there is no project."""
        self.title = str(place)
        self._joined = experiment
        self._media = (place if place.is_dir() else place.parent) / "media"
        self._written = WrittenFiles()
        self._read = LastRead(self._read_all)
        self._left: Counter[str] = Counter()
        self._renamed: dict[str, str] = {}
        self._place = WorkingFolder("import")
        self._projects: list[_Project] = []
        try:
            self._projects += map(_Project, self._databases(place))
        except InvalidValue:
            self.close()
            raise
        self._copies: dict[str, str] = {}
        self._runs: dict[str, tuple[_Project, str]] = {}
        for each in self._projects:
            self._add_runs(each)
        if not self._runs:
            self.close()
            raise InvalidValue(f"There is no run of trackio in {str(place)!r}: no file PROJECT.db.")

    def close(self) -> None:
        for each in self._projects:
            each.connection.close()
        self._written.clear()
        self._place.cleanup()

    def notes(self) -> Sequence[str]:
        ends = "trackio does not say how a run ended: all are FINISHED"
        return [ends, *renamed_notes(self._renamed)]

    def leftovers(self) -> Mapping[str, str]:
        left = self._left + sum((each.left_out() for each in self._projects), Counter())
        return {**self._copies, **without_place(left)}

    def experiments(self) -> Iterator[SourceExperiment | BrokenRecord]:
        found = (self._experiment(project) for project in self._projects)
        yield from {each.experiment_id: each for each in found}.values()

    def run_ids(self) -> Sequence[str]:
        return list(self._runs)

    def run(self, run_id: str) -> SourceRun:
        experiment = self._experiment(self._runs[run_id][0])
        return self._read(run_id).source_run(run_id, experiment.experiment_id)

    def points(self, run_id: str) -> Iterator[Points]:
        yield from self._read(run_id).points

    def files(self, artifact_uri: str, owner: str) -> FoundFiles:
        _ = artifact_uri
        run, files = self._read(owner), {}
        tables = {path: self._written.write(table) for path, table in run.tables.items()}
        for path in run.paths:
            files[f"media/{path_of(path.partition('/')[2])}"] = self._media_file(path)
        stamp = self._written.found(tables).stamp + stamp_of(files)
        return FoundFiles(files={**files, **tables}, stamp=stamp)

    def _add_runs(self, project: _Project) -> None:
        for key in project.keys:
            first, _ = self._runs.setdefault(project.run_id_of(key), (project, key))
            if first is not project:
                self._copies[f"run {key} of {project.name}.db"] = f"{first.name}.db has it, too"

    def _media_file(self, path: str) -> Path | str:
        file = self._media / path
        if file.is_symlink() or not stays_within(file, self._media):
            return "it is not in the folder of trackio's media"
        return file if file.is_file() else "it is not there"

    def _databases(self, place: Path) -> list[Path]:
        if place.is_file():
            return [place]
        found = sorted(place.glob("*.db"))
        return found or databases_of_parquet(place, self._place.path)

    def _experiment(self, project: _Project) -> SourceExperiment:
        return experiment_called(project.name, joined=self._joined)

    def _read_all(self, run_id: str) -> LoggedRun:
        self._written.clear()
        project, key = self._runs[run_id]
        return project.read(key, self._left, self._renamed)


class _Project:
    """*keys* are those of its runs: ids, or the names that they had before trackio had ids."""

    def __init__(self, file: Path) -> None:
        self.name = file.stem
        self.connection = open_sqlite(file)
        self._columns = columns_of(self.connection)
        if "metrics" not in self._columns:
            self.connection.close()
            raise InvalidValue(
                f"{str(file)!r} is no project of trackio: it has no table of metrics."
            )
        tables = [t for t in ("metrics", "configs", "system_metrics") if t in self._columns]
        sql = " union ".join(f"select {self._key_in(t)} from {t}" for t in tables)  # noqa: S608 - our own names
        try:
            self.keys = [str(key) for (key,) in self.connection.execute(f"{sql} order by 1") if key]
        except sqlite3.DatabaseError as exc:
            self.connection.close()
            raise InvalidValue(f"{str(file)!r} is damaged: {exc}.") from exc

    def run_id_of(self, key: str) -> str:
        return key if is_run_id(key) else run_id_of("trackio", self.name, key)

    def _key_in(self, table: str) -> str:
        """Rows of before trackio had ids stay without one."""
        names = [name for name in ("run_id", "run_name") if name in self._columns[table]]
        return f"coalesce({', '.join(names)}, null)"

    def left_out(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for table, what in _LEFT.items():
            if table in self._columns:
                (number,) = self.connection.execute(f"select count(*) from {table}").fetchone()  # noqa: S608 - our own names
                found[what] += number
        return +found

    def read(self, key: str, left: Counter[str], renamed: dict[str, str]) -> LoggedRun:
        run = LoggedRun(left=left, renamed=renamed, kind="trackio", state="finished")
        for config, name in self._rows("configs", "config, run_name", key):
            self._take_config(_object(config), run)
            run.facts["name"] = name
        for metrics, step, timestamp, name in self._rows(
            "metrics", "metrics, step, timestamp, run_name", key
        ):
            run.log({**_values(metrics), ("_timestamp",): _time(timestamp) / 1000}, step)
            run.facts["name"] = name
        for metrics, timestamp in self._rows("system_metrics", "metrics, timestamp", key):
            run.log_system(_values(metrics), _time(timestamp))
        return run

    def _take_config(self, config: Mapping[str, Any], run: LoggedRun) -> None:
        run.config = {(k,): v for k, v in config.items() if not k.startswith("_")}
        run.facts |= {fact: config[own] for own, fact in _OWN_CONFIG.items() if config.get(own)}
        run.start = time_in(str(config.get("_Created")))

    def _rows(self, table: str, columns: str, key: str) -> sqlite3.Cursor | list[Any]:
        if table not in self._columns:
            return []
        sql = f"select {columns} from {table} where {self._key_in(table)} = ? order by id"  # noqa: S608 - our own names
        return self.connection.execute(sql, (key,))


def _values(text: str | bytes) -> dict[Key, Any]:
    return {(key,): value for key, value in _object(text).items()}


def _object(text: str | bytes) -> Mapping[str, Any]:
    """Raises BrokenRecord."""
    found = json.loads(text)
    if not isinstance(found, dict):
        raise BrokenRecord(f"a row of it is {text[:80]!r}")
    return found


def _time(text: str) -> int:
    """Milliseconds. Raises BrokenRecord."""
    if (found := time_in(text)) is None:
        raise BrokenRecord(f"a row of it is of {text!r:.80}, which is no time")
    return found
