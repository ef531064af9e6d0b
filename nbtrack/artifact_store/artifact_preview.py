"""The beginning of an artifact, as something to look at: plain values, ready for JSON.

What an artifact holds is untrusted: nothing here runs it, and whoever shows it shows text as text
and a page in a frame that may do nothing.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from math import isfinite
from pathlib import Path
from typing import Any, Literal

from nbtrack.artifact_store.store import ArtifactStore
from nbtrack.base.databases import OFFLINE

Kind = Literal["image", "text", "json", "table", "page", "notebook", "none"]

MOST_TEXT_BYTES = 200_000
MOST_IMAGE_BYTES = 8 << 20
MOST_PARSED_BYTES = 8 << 20  # of JSON and notebooks, which must be read whole
MOST_ROWS, MOST_COLUMNS, MOST_CELLS, MOST_CHARACTERS = 100, 60, 200, 200
_IMAGES = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif",
    ".webp": "image/webp", ".svg": "image/svg+xml", ".bmp": "image/bmp",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """*content* by kind: image {mime, base64}; text, page: str; json: str, indented; table
    {columns, rows, total}; notebook: list of {kind, source, outputs}; none: why there is none.

    *is_cut* says that the artifact goes on behind what is shown.
    """

    kind: Kind
    content: Any
    is_cut: bool = False


def preview(artifacts: ArtifactStore, path: str) -> Preview:
    """Raises ArtifactNotFound, and InvalidValue for a path outside or a folder."""
    file = artifacts.download(path)
    if file.is_dir():
        return Preview(kind="none", content="a folder")
    name = Path(path).name.lower()
    reader = _vega_lite if name.endswith(".vl.json") else _READERS.get(Path(name).suffix, _text)
    try:
        return reader(file)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return _text(file)  # it is not what its name says


def _image(file: Path) -> Preview:
    size = file.stat().st_size
    if size > MOST_IMAGE_BYTES:
        return _too_large(size)
    text = base64.b64encode(file.read_bytes()).decode()
    return Preview(kind="image", content={"mime": _IMAGES[file.suffix.lower()], "base64": text})


def _text(file: Path) -> Preview:
    text, is_cut = _beginning(file)
    if "\0" in text:
        size = file.stat().st_size
        return Preview(kind="none", content=f"binary, {size:,} bytes")
    return Preview(kind="text", content=text, is_cut=is_cut)


def _page(file: Path) -> Preview:
    size = file.stat().st_size
    if size > MOST_PARSED_BYTES:
        return _too_large(size)
    return Preview(kind="page", content=file.read_bytes().decode("utf-8", "replace"))


def _json(file: Path) -> Preview:
    if file.stat().st_size > MOST_PARSED_BYTES:
        return _text(file)
    found = json.loads(file.read_bytes())
    if _is_table(found):
        return _cut_table(found["columns"], found["data"], len(found["data"]))
    written = json.dumps(found, indent=2, ensure_ascii=False)
    return Preview(
        kind="json", content=written[:MOST_TEXT_BYTES], is_cut=len(written) > MOST_TEXT_BYTES
    )


def _vega_lite(file: Path) -> Preview:
    """Its picture, drawn elsewhere; its JSON, if it is none."""
    from nbtrack.charts.drawing_process import DrawingFailed, drawing_process

    if file.stat().st_size > MOST_PARSED_BYTES:
        return _text(file)
    try:
        picture = drawing_process().foreign_picture(json.loads(file.read_bytes()))
    except DrawingFailed:
        return _json(file)
    content = {"mime": "image/png", "base64": picture["image/png"]}
    return Preview(kind="image", content=content)


def _is_table(found: Any) -> bool:
    """As `log_table` writes them."""
    return (
        isinstance(found, dict)
        and set(found) == {"columns", "data"}
        and all(isinstance(found[name], list) for name in found)
        and all(isinstance(row, list) for row in found["data"])
    )


def _table(file: Path) -> Preview:
    """The first rows of CSV, TSV or Parquet, as DuckDB reads them."""
    import duckdb

    reader = "read_parquet(?)" if file.suffix.lower() == ".parquet" else "read_csv(?)"
    try:
        with duckdb.connect(config=OFFLINE) as connection:
            result = connection.execute(f"from {reader} limit {MOST_ROWS + 1}", [_literal(file)])
            names = [column[0] for column in result.description or ()]
            rows = result.fetchall()
    except duckdb.Error:
        return _text(file)
    return _cut_table(names, rows, None if len(rows) > MOST_ROWS else len(rows))


def _literal(file: Path) -> str:
    """A path that is no pattern: `[`, `*` and `?` in it mean themselves."""
    return "".join(f"[{c}]" if c in "[*?" else c for c in str(file))


def _cut_table(columns: list[Any], rows: list[Any], total: int | None) -> Preview:
    shown = [[_value(value) for value in row[:MOST_COLUMNS]] for row in rows[:MOST_ROWS]]
    content = {"columns": [str(c) for c in columns[:MOST_COLUMNS]], "rows": shown, "total": total}
    return Preview(
        kind="table",
        content=content,
        is_cut=total is None or total > MOST_ROWS or len(columns) > MOST_COLUMNS,
    )


def _value(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else str(value)
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    return str(value)[:MOST_CHARACTERS]


def _notebook(file: Path) -> Preview:
    if file.stat().st_size > MOST_PARSED_BYTES:
        return _text(file)
    cells = json.loads(file.read_bytes())["cells"]
    shown = [
        {
            "kind": str(cell["cell_type"]),
            "source": _joined(cell.get("source", "")),
            "outputs": [text for each in cell.get("outputs", ()) if (text := _output(each))],
        }
        for cell in cells[:MOST_CELLS]
    ]
    return Preview(kind="notebook", content=shown, is_cut=len(cells) > MOST_CELLS)


def _output(output: Mapping[str, Any]) -> str:
    """Its text; pictures and pages stay in the notebook."""
    text = output.get("text") or output.get("data", {}).get("text/plain") or output.get("evalue")
    return _joined(text or "")[:MOST_TEXT_BYTES]


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def _beginning(file: Path) -> tuple[str, bool]:
    with file.open("rb") as opened:
        data = opened.read(MOST_TEXT_BYTES + 1)
    return data[:MOST_TEXT_BYTES].decode("utf-8", "replace"), len(data) > MOST_TEXT_BYTES


def _too_large(size: int) -> Preview:
    return Preview(kind="none", content=f"{size / (1 << 20):,.1f} MiB: too large to show")


_READERS: dict[str, Callable[[Path], Preview]] = {
    **dict.fromkeys(_IMAGES, _image),
    ".csv": _table,
    ".tsv": _table,
    ".parquet": _table,
    ".json": _json,
    ".ipynb": _notebook,
    ".html": _page,
    ".htm": _page,
}
