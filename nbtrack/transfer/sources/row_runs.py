"""Reading a CSV of runs that somebody made, or another tracker wrote: a run is a row.

The rows wait in a database on the disk: what their columns are is known after the last one.
"""

from __future__ import annotations

import csv
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from nbtrack.base.working_folder import WorkingFolder
from nbtrack.errors import InvalidValue
from nbtrack.records.ids import is_run_id
from nbtrack.transfer.sources.derived_ids import experiment_called, run_id_of
from nbtrack.transfer.sources.key_names import renamed_notes
from nbtrack.transfer.sources.row_columns import (
    Column,
    Columns,
    is_number,
    said,
    status_in,
    time_in,
)
from nbtrack.transfer.sources.runs_only import RunsOnly
from nbtrack.transfer.sources.source_records import (
    BrokenRecord,
    Points,
    SourceExperiment,
    SourceRun,
)

_LONGEST_CELL = 1 << 28


class RowsReader(RunsOnly):
    def __init__(
        self, file: Path, *, kind: str = "csv", experiment: str | None = None,
        params: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """Runs go to *experiment*, by default that of their row, else one called as the file.
        Raises InvalidValue if *file* is no table with a header, or has no column of *params*."""
        self.kind, self.title = kind, str(file)
        self._joined, self._experiment = experiment, experiment or file.stem
        self._place = WorkingFolder("import")
        self._rows = sqlite3.connect(self._place.path / "rows.db")
        self._rows.execute("create table rows (number integer primary key, cells text)")
        try:
            self._columns = self._read(file, params)
        except (UnicodeDecodeError, csv.Error) as exc:
            self.close()
            raise InvalidValue(
                f"{str(file)!r} is no CSV in UTF-8 ({exc}). Save it as that, and import it again."
            ) from exc
        except InvalidValue:
            self.close()
            raise
        self._columns.decide()
        self._renamed = self._columns.rename()
        self._odd: dict[str, str] = {}
        self._undated = 0
        self._same: Counter[tuple[str, tuple[str, str]]] = Counter()
        self._numbers = self._ids()

    def close(self) -> None:
        self._rows.close()
        self._place.cleanup()

    def notes(self) -> Sequence[str]:
        roles = {column.role for column in self._columns.all}
        rows, undated = len(self._numbers), self._undated
        notes = [*self._columns.notes(), *renamed_notes(self._renamed)]
        if undated:
            notes.append(
                f"{undated:,} of {rows:,} rows have no time in a column start_time: that they "
                "began in 1970 means that nothing says it"
            )
        if "id" not in roles:
            notes.append(f"no column run_id: a run is known by {self._known_by()}")
        if self._joined is not None:
            notes.append(
                f"a run is also known by its experiment, {self._joined!r}: from this file without "
                "that, it is another run"
            )
        return notes

    def leftovers(self) -> Mapping[str, str]:
        return self._odd

    # --- runs

    def experiments(self) -> Iterator[SourceExperiment | BrokenRecord]:
        found: dict[str, SourceExperiment] = {}
        for number in self._numbers.values():
            each = self._experiment_of(self._facts(self._cells(number)))
            found[each.experiment_id] = each
        yield from found.values()

    def run_ids(self) -> Sequence[str]:
        return list(self._numbers)

    def run(self, run_id: str) -> SourceRun:
        number = self._numbers[run_id]
        cells = self._cells(number)
        if len(cells) > len(self._columns.all):
            columns = len(self._columns.all)
            raise BrokenRecord(f"it has {len(cells)} cells, and there are {columns} columns")
        if not is_run_id(run_id):
            raise BrokenRecord("another row has its run_id")
        facts = self._facts(cells)
        tags = self._texts(cells, "tag")
        return SourceRun(
            run_id=run_id,
            experiment_id=self._experiment_of(facts).experiment_id,
            name=facts.get("name") or tags.get("mlflow.runName", ""),
            status=status_in(facts.get("status", "")),
            user=facts.get("user", ""),
            start=time_in(facts.get("start", "")),
            end=time_in(facts.get("end", "")),
            is_deleted=False,
            artifact_uri="",
            params=self._texts(cells, "param"),
            tags=tags,
        )

    def points(self, run_id: str) -> Iterator[Points]:
        cells = self._cells(self._numbers[run_id])
        facts = self._facts(cells)
        when = time_in(facts.get("end", "")) or time_in(facts.get("start", "")) or 0
        for key, cell in sorted(self._texts(cells, "metric").items()):
            yield Points(key, [float(cell)], [0], [when], is_single=True)

    def _texts(self, cells: Sequence[str], role: str) -> dict[str, str]:
        """A param or a tag stays as it is written, `None` too."""
        pairs = [(c.key, cell) for c, cell in zip(self._columns.all, cells) if c.role == role]
        if role == "metric":
            return {key: cell for key, cell in pairs if is_number(cell.strip())}
        return {key: cell for key, cell in pairs if cell.strip()}

    def _experiment_of(self, facts: Mapping[str, str]) -> SourceExperiment:
        said = facts.get("experiment") or facts.get("experiment_id")
        place = "" if said or self._joined else self.title
        return experiment_called(said or self._experiment, joined=self._joined, place=place)

    # --- rows

    def _read(self, file: Path, params: Sequence[str]) -> Columns:
        with open(file, encoding="utf-8-sig", newline="") as text:
            delimiter = _delimiter_in(text.readline())
            text.seek(0)
            rows = _rows_in(text, delimiter)
            columns = Columns(next(rows, []), params)
            _check(columns.all, params, file)
            for number, row in enumerate(rows, start=2):
                if any(cell.strip() for cell in row):
                    columns.see(row)
                    self._rows.execute("insert into rows values (?, ?)", (number, json.dumps(row)))
        return columns

    def _ids(self) -> dict[str, int]:
        """The number of the row of each run; one that cannot be a run is called by its number."""
        found: dict[str, int] = {}
        for (number,) in list(self._rows.execute("select number from rows order by 1")):
            cells = self._cells(number)
            self._note_odd(number, cells)
            run_id = self._id_of(cells)
            found[f"in row {number}" if run_id in found else run_id] = number
        return found

    def _id_of(self, cells: Sequence[str]) -> str:
        """It depends on no other name in the file: else all would be new as soon as one came."""
        facts = self._facts(cells)
        experiment = self._experiment_of(facts).name
        if said := facts.get("id", ""):
            return said if is_run_id(said) else run_id_of(self.kind, "id", experiment, said)
        how = ("name", facts["name"]) if facts.get("name") else ("row", json.dumps(cells))
        self._same[experiment, how] += 1
        return run_id_of(self.kind, *how, experiment, self._same[experiment, how])

    def _note_odd(self, number: int, cells: Sequence[str]) -> None:
        for column, cell in zip(self._columns.all, cells):
            if trouble := column.trouble_in(cell):
                self._odd[f"{column.name} of row {number}, {cell.strip()!r:.80}"] = trouble
        self._undated += not time_in(self._facts(cells).get("start", ""))

    def _known_by(self) -> str:
        if any(how == "row" for _, (how, _) in self._same):
            return "its name, and one without a name by its row, which is a new one if changed"
        if max(self._same.values(), default=1) > 1:
            return "its name, and those of one name by which of them it is: keep their order"
        return "its name"

    def _facts(self, cells: Sequence[str]) -> dict[str, str]:
        pairs = zip(self._columns.all, cells)
        return {column.role: said(cell) for column, cell in pairs if column.role not in _MANY}

    def _cells(self, number: int) -> list[str]:
        sql = "select cells from rows where number = ?"
        (cells,) = self._rows.execute(sql, (number,)).fetchone()
        found: list[str] = json.loads(cells)
        return found


_MANY = ("param", "metric", "tag", "nothing")


def _rows_in(text: Iterator[str], delimiter: str) -> Iterator[list[str]]:
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        yield from csv.reader(text, delimiter=delimiter, strict=True)
    finally:
        csv.field_size_limit(before)


def _delimiter_in(line: str) -> str:
    """A spreadsheet of somebody who writes 0,5 has semicolons between."""
    return max(",;\t", key=line.count)


def _check(columns: Sequence[Column], params: Sequence[str], file: Path) -> None:
    names = [column.name for column in columns]
    if not any(name.strip() for name in names):
        raise InvalidValue(f"{str(file)!r} is empty: its first row has to name the columns.")
    for name in params:
        if name not in names:
            raise InvalidValue(f"No column is called {name!r}; there are {', '.join(names)[:300]}.")
