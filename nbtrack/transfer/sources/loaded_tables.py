"""The files of `nbtrack export --csv` or `--parquet` in a database of our own, on the disk: sorted
by run, so that one run of many is found without a look at all."""

from __future__ import annotations

import csv
import glob
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from nbtrack.base.databases import OFFLINE
from nbtrack.base.working_folder import WorkingFolder
from nbtrack.errors import InvalidValue
from nbtrack.transfer.exports.table_columns import COLUMNS, GUARDED_FORMULA, OF_RUNS

_LONGEST_LINE = 256 << 20  # a profile of a dataset, or a param of many lines
_ROWS_AT_ONCE = 50_000
_NEVER_EMPTY = {"metrics": ("key", "value", "step", "timestamp"), "model_metrics": ("value",)}


class LoadedTables:
    """Tables and columns that an older version does not write are empty. *broken* says of runs
    which cell of theirs is not what its column has."""

    def __init__(self, folder: Path, form: str) -> None:
        """Raises InvalidValue for files that are not what they are called."""
        import duckdb

        self._place = WorkingFolder("import")
        self._tables = duckdb.connect(str(self._place.path / "tables.duckdb"), config=OFFLINE)
        self._folder, self._form = folder, form
        self.broken: dict[str, str] = {}
        try:
            for name in COLUMNS:
                self._load(name)
        except (duckdb.Error, ValueError, csv.Error) as exc:
            self.close()
            raise InvalidValue(f"The tables in {str(folder)!r} cannot be read: {exc}") from exc

    def close(self) -> None:
        self._tables.close()
        self._place.cleanup()

    def records(self, table: str, *, order: str = "", **where: str) -> Iterator[dict[str, Any]]:
        """Rows, by the names of its columns; times as microseconds since 1970. *order* is a column
        or several."""
        names = COLUMNS[table]
        for row in self.rows(table, list(names), order=order, **where):
            yield dict(zip(names, row, strict=True))

    def rows(
        self, table: str, columns: Sequence[str], *, order: str = "", **where: str | list[str]
    ) -> Iterator[Sequence[Any]]:
        """*where* are the texts that columns have, or lists of some of them."""
        shown = (
            f"epoch_us({c})" if COLUMNS[table][c] == "timestamp" else f'"{c}"' for c in columns
        )
        sql = f"select {', '.join(shown)} from {table}"  # noqa: S608 - our own names
        asked = (
            f"{name} in (select unnest(?))" if isinstance(value, list) else f"{name} = ?"
            for name, value in where.items()
        )  # fmt: skip
        sql += f" where {' and '.join(asked)}" if where else ""
        sql += f" order by {order}" if order else ""
        cursor = self._tables.cursor().execute(sql, list(where.values()))
        while rows := cursor.fetchmany(_ROWS_AT_ONCE):
            yield from rows

    def counts(self, table: str) -> list[tuple[str, int]]:
        """How many rows each run has in it."""
        sql = f"select run_id, count(*) from {table} group by 1"  # noqa: S608 - our own names
        found: list[tuple[str, int]] = self._tables.execute(sql).fetchall()
        return found

    def _load(self, name: str) -> None:
        file = self._folder / f"{name}.{self._form}"
        columns, there = COLUMNS[name], self._columns_in(file)
        if not there:
            typed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
            self._tables.execute(f"create table {name} ({typed})")
            return
        shown = ", ".join(
            f'{self._value(column, kind, there)} as "{column}"' for column, kind in columns.items()
        )
        order = "order by run_id, key, step, timestamp" if name == "metrics" else ""
        order = order or ("order by run_id" if name in OF_RUNS else "")
        source = f"from {self._reading(there)}"
        parameters = [glob.escape(str(file))]
        self._tables.execute(f"create table {name} as select {shown} {source} {order}", parameters)
        if name in OF_RUNS and "run_id" in there:
            self._note_broken(name, f"{source} where", parameters, there)

    def _note_broken(
        self, name: str, source: str, parameters: Sequence[str], there: Sequence[str]
    ) -> None:
        for column, kind in COLUMNS[name].items():
            may_be_empty = column not in _NEVER_EMPTY.get(name, ())
            if column not in there or (kind == "varchar" and may_be_empty):
                continue
            wrong = f'try_cast("{column}" as {kind}) is null'
            wrong += f' and "{column}" is not null' if may_be_empty else ""
            sql = f'select run_id, any_value("{column}") {source} {wrong} group by run_id'
            for run_id, cell in self._tables.execute(sql, parameters).fetchall():
                what = "nothing" if cell is None else f"{cell!r:.80}"
                self.broken[str(run_id)] = f"its {column} in {name}.{self._form} is {what}"

    def _columns_in(self, file: Path) -> Sequence[str]:
        if not file.is_file():
            return ()
        if self._form == "csv":
            with open(file, encoding="utf-8-sig", newline="") as text:
                return next(csv.reader(text), ())
        sql = "select column_name from (describe select * from read_parquet(?))"
        return [name for (name,) in self._tables.execute(sql, [glob.escape(str(file))]).fetchall()]

    def _reading(self, there: Sequence[str]) -> str:
        if self._form == "parquet":
            return "read_parquet(?)"
        names = ", ".join(f"{_text(name)}: 'varchar'" for name in there)
        # Quoted and empty is a text, not quoted is none.
        return (
            f"read_csv(?, header = true, auto_detect = false, delim = ',', quote = '\"', "
            f"escape = '\"', columns = {{{names}}}, nullstr = '', allow_quoted_nulls = false, "
            f"max_line_size = {_LONGEST_LINE}, parallel = false)"
        )

    def _value(self, column: str, kind: str, there: Sequence[str]) -> str:
        if column not in there:
            return f"null::{kind}"
        if kind != "varchar":
            return f'try_cast("{column}" as {kind})'
        if self._form == "parquet":
            return f'"{column}"::varchar'
        guarded = f'regexp_matches("{column}", {_text(GUARDED_FORMULA)})'
        return f'case when {guarded} then "{column}"[2:] else "{column}" end'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
