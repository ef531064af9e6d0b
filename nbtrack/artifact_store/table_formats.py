"""Tables as log_table stores them: JSON `{"columns": [...], "data": [[...], ...]}` or Parquet.

The JSON layout is pandas' "split" without an index, which MLflow reads and writes. Numbers keep
every digit, a missing value is null, an infinity is 1e999 (JSON has no word for it, and every
reader takes that for infinity).
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from nbtrack.artifact_store.alike_cells import are_alike
from nbtrack.base.imported import imported
from nbtrack.base.plain_values import PLAIN, plain
from nbtrack.errors import InvalidValue, require

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

# The column names that pandas.read_json, and so MLflow, takes for dates.
DATE_NAME = re.compile(r".*(_at|_time)|timestamp.*|modified|date", re.IGNORECASE)
ISO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")


def encode_table(data: Any, path: str, *, previous: bytes | None = None) -> bytes:
    """The table *previous* with the rows of *data* below it; columns are those of both.

    *data* is a DataFrame, or a dict of columns (a dict of single values is one row).
    """
    if _kind(path) == "parquet":
        return _encode_parquet(data, path, previous)
    columns, rows = _as_rows(data)
    if previous is not None:
        columns, rows = _joined(_read_json(previous, path), (columns, rows))
    return _json_text(columns, rows).encode("utf-8", "backslashreplace")


def joined_tables(tables: Sequence[bytes], path: str) -> bytes:
    """The rows of one below those of the other; columns are those of all."""
    if _kind(path) == "parquet":
        return _joined_parquet([_read_parquet(each, path) for each in tables], path)
    whole: tuple[list[Any], Rows] = [], []
    for each in tables:
        whole = _joined(whole, _read_json(each, path))
    return _json_text(*whole).encode("utf-8", "backslashreplace")


def begins_with(table: bytes, first: bytes, path: str) -> bool:
    """Whether the rows of *table* are those of *first*, and maybe more: also as MLflow's client
    writes them again."""
    (columns, rows), known = (_as_lists(each, path) for each in (table, first))
    beginning, known_rows = rows[: len(known[1])], _widened(known, columns)
    is_whole = set(columns).issuperset(known[0]) and len(beginning) == len(known_rows)
    return is_whole and are_alike(beginning, known_rows)


def other_rows(table: bytes, first: bytes, path: str) -> bytes | None:
    """The rows of *table* that come behind those of *first*, or all if it does not begin with
    them. None if none come behind."""
    if not begins_with(table, first, path):
        return table
    if _kind(path) == "parquet":
        whole, beginning = (_read_parquet(each, path) for each in (table, first))
        rest = whole.slice(beginning.num_rows)
        return _parquet_bytes(rest) if rest.num_rows else None
    columns, rows = _read_json(table, path)
    behind = rows[len(_read_json(first, path)[1]) :]
    return _json_text(columns, behind).encode("utf-8", "backslashreplace") if behind else None


def _as_lists(data: bytes, path: str) -> tuple[list[Any], Rows]:
    if _kind(path) == "json":
        return _read_json(data, path)
    table = _read_parquet(data, path)
    cells = (column.to_pylist() for column in table.columns)
    return table.column_names, [list(row) for row in zip(*cells)]


def _kind(path: str) -> str:
    for kind in ("json", "parquet"):
        if path.lower().endswith(f".{kind}"):
            return kind
    raise InvalidValue(f"Table file {path!r}: its name must end in .json or .parquet.")


Rows = list[list[Any]]


def _as_rows(data: Any) -> tuple[list[Any], Rows]:
    columns = columns_of(data)
    rows = zip(*columns.values(), strict=True)
    return list(columns), [[_cell(value) for value in row] for row in rows]


def columns_of(data: Any) -> dict[Any, list[Any]]:
    """By name, equally long. Raises InvalidValue for what is no table."""
    return _columns_of_frame(data) if is_frame(data) else _columns_of_dict(data)


def is_frame(data: Any) -> bool:
    kind = imported("pandas", "DataFrame")
    return kind is not None and isinstance(data, kind)


def check_frame(frame: pd.DataFrame) -> None:
    """Raises InvalidValue where two columns have one name, or a column has several."""
    if frame.columns.nlevels > 1 or not frame.columns.is_unique:
        raise InvalidValue(
            f"A table needs one name for each column; this one has {list(frame.columns)}. "
            "Rename them before logging."
        )


def _columns_of_frame(frame: pd.DataFrame) -> dict[Any, list[Any]]:
    check_frame(frame)
    names = [plain(name) for name in frame.columns]
    return {name: frame.iloc[:, place].tolist() for place, name in enumerate(names)}


def _columns_of_dict(data: Any) -> dict[Any, list[Any]]:
    if not isinstance(data, Mapping):
        raise InvalidValue(
            f"log_table takes a pandas DataFrame or a dict of columns, not {type(data).__name__}. "
            "Other frames have a to_pandas()."
        )
    lists = plain(dict.fromkeys(data))  # raises for names that become one
    lists = {name: _as_list(data[key]) for name, key in zip(lists, data)}
    lengths = {name: len(values) for name, values in lists.items() if values is not None}
    if len(set(lengths.values())) > 1:
        raise InvalidValue(f"The columns of a table are equally long; these are not: {lengths}.")
    length = next(iter(lengths.values()), 1)
    return {
        name: [data[key]] * length if values is None else values
        for (name, values), key in zip(lists.items(), data)
    }


def _as_list(values: Any) -> list[Any] | None:
    """*values* as a list; None for a single value, which every row repeats."""
    if isinstance(values, list | tuple | range):
        return list(values)
    if hasattr(values, "tolist") and getattr(values, "ndim", 1) > 0:
        return list(values.tolist())
    return None


def is_image(value: Any) -> bool:
    """A Pillow image or `nbtrack.Image`; see `table_images`."""
    return all(hasattr(value, name) for name in ("save", "resize", "size"))


def _cell(value: Any) -> Any:
    if type(value) in PLAIN:
        return None if value != value else value
    if value is imported("pandas", "NaT") or value is imported("pandas", "NA"):
        return None
    value = plain(value, _iso_or_text)
    return None if isinstance(value, float) and value != value else value


def _iso_or_text(value: Any) -> str:
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)


def _joined(
    first: tuple[list[Any], Rows], second: tuple[list[Any], Rows]
) -> tuple[list[Any], Rows]:
    columns = list(dict.fromkeys(first[0] + second[0]))
    return columns, [*_widened(first, columns), *_widened(second, columns)]


def _widened(table: tuple[list[Any], Rows], columns: Sequence[Any]) -> Rows:
    names, rows = table
    if names == columns:
        return rows
    places = {name: place for place, name in enumerate(names)}
    return [[row[places[name]] if name in places else None for name in columns] for row in rows]


def _json_text(columns: list[Any], rows: Rows) -> str:
    try:
        data = json.dumps(rows, ensure_ascii=False, allow_nan=False)
    except ValueError:  # an infinity, which is rare: item by item is much slower
        data = _json_with_infinities(rows)
    return f'{{"columns": {json.dumps(columns, ensure_ascii=False)}, "data": {data}}}'


def _json_with_infinities(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_json_with_infinities, value))}]"
    if isinstance(value, dict):
        items = (f"{json.dumps(str(k))}: {_json_with_infinities(v)}" for k, v in value.items())
        return f"{{{', '.join(items)}}}"
    if isinstance(value, float) and not isfinite(value):
        return "null" if value != value else "1e999" if value > 0 else "-1e999"
    return json.dumps(value, ensure_ascii=False)


def decode_table(data: bytes, path: str) -> pd.DataFrame:
    """The stored table. Texts stay texts ("007"), but for times in columns with a date's name."""
    import pandas as pd

    if _kind(path) == "parquet":
        frame: pd.DataFrame = _read_parquet(data, path).to_pandas()
        return frame
    columns, rows = _read_json(data, path)
    frame = pd.DataFrame(rows, columns=columns)
    for name in columns:
        if DATE_NAME.fullmatch(str(name)) and _are_times(frame[name].dropna().tolist()):
            frame[name] = pd.to_datetime(frame[name], format="ISO8601")
    return frame


def _are_times(values: list[Any]) -> bool:
    """Whether all are ISO times, with one and the same offset: pandas has one for a column."""
    matches = [ISO_TIME.fullmatch(value) if isinstance(value, str) else None for value in values]
    return bool(matches) and None not in matches and len({m[2] for m in matches if m}) == 1


def _read_json(data: bytes, path: str) -> tuple[list[Any], Rows]:
    try:
        table = json.loads(data)
        columns, rows = table["columns"], table["data"]
        if _is_list(columns) and all(_is_list(row) and len(row) == len(columns) for row in rows):
            dict.fromkeys(columns)  # raises for what is no name
            return columns, rows
    except (ValueError, KeyError, TypeError, RecursionError) as exc:
        raise _NotATable(path) from exc
    raise _NotATable(path)


def _is_list(value: object) -> bool:
    return isinstance(value, list)


class _NotATable(InvalidValue):
    def __init__(self, path: str) -> None:
        super().__init__(
            f"Artifact {path!r} holds no table as log_table writes it. Use another file name."
        )


def _encode_parquet(data: Any, path: str, previous: bytes | None) -> bytes:
    tables = [] if previous is None else [_read_parquet(previous, path)]
    return _joined_parquet(tables, path, data)


def _joined_parquet(tables: list[pa.Table], path: str, *more: Any) -> bytes:
    pa, _ = _arrow()
    try:
        tables += map(_as_arrow, more)
        whole = pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowException as exc:
        raise InvalidValue(f"The table for {path!r} does not fit into Parquet: {exc}") from exc
    return _parquet_bytes(whole)


def _parquet_bytes(table: pa.Table) -> bytes:
    _, parquet = _arrow()
    buffer = io.BytesIO()
    parquet.write_table(table, buffer)
    return buffer.getvalue()


def _as_arrow(data: Any) -> pa.Table:
    pa, _ = _arrow()
    if not is_frame(data):
        columns = _columns_of_dict(data)
        names = [str(name) for name in columns]  # all that Parquet has: of 1 and "1" only one
        if len(set(names)) < len(names):
            raise InvalidValue(f"Columns {list(columns)} have one name in Parquet. Rename one.")
        return pa.table(dict(zip(names, columns.values())))
    check_frame(data)
    return pa.Table.from_pandas(data, preserve_index=False)


def _read_parquet(data: bytes, path: str) -> pa.Table:
    pa, parquet = _arrow()
    try:
        return parquet.read_table(io.BytesIO(data))
    except (pa.ArrowException, OSError) as exc:  # OSError: it begins as one and is cut off
        raise _NotATable(path) from exc


def _arrow() -> tuple[Any, Any]:
    return require("pyarrow", extra="parquet"), require("pyarrow.parquet", extra="parquet")
