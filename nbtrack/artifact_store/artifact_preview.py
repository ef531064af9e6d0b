"""The beginning of an artifact, as something to look at: plain values, ready for JSON.

What an artifact holds is untrusted: nothing here runs it, and whoever shows it shows text as text
and a page in a frame that may do nothing.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from nbtrack.artifact_store.store import ArtifactStore
from nbtrack.artifact_store.table_head import TableHead, Value, file_head, json_head
from nbtrack.display.markdown import MOST_CHARACTERS, markdown_nodes

Kind = Literal["image", "text", "json", "markdown", "table", "page", "notebook", "none"]

MOST_TEXT_BYTES = 200_000
MOST_IMAGE_BYTES = 8 << 20
MOST_PARSED_BYTES = 8 << 20  # of JSON and notebooks, which must be read whole
MOST_ROWS, MOST_COLUMNS, MOST_CELLS, _MOST_OF_A_VALUE = 100, 60, 200, 200
_IMAGES = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif",
    ".webp": "image/webp", ".svg": "image/svg+xml", ".bmp": "image/bmp",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """*content* by kind: image {mime, base64}; text, page: str; json: str, indented; markdown:
    nodes of `display/markdown`; table {columns, rows, total}; notebook: list of {kind, source,
    outputs}; none: why there is none.

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


def _markdown(file: Path) -> Preview:
    found = _text(file)
    if found.kind != "text":
        return found
    is_cut = found.is_cut or len(found.content) > MOST_CHARACTERS
    return Preview(kind="markdown", content=markdown_nodes(found.content), is_cut=is_cut)


def _page(file: Path) -> Preview:
    size = file.stat().st_size
    if size > MOST_PARSED_BYTES:
        return _too_large(size)
    return Preview(kind="page", content=file.read_bytes().decode("utf-8", "replace"))


def _json(file: Path) -> Preview:
    if file.stat().st_size > MOST_PARSED_BYTES:
        return _text(file)
    found = json.loads(file.read_bytes())
    if head := json_head(found, most_rows=MOST_ROWS):
        return _table_of(head)
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


def _table(file: Path) -> Preview:
    head = file_head(file, most_rows=MOST_ROWS)
    return _text(file) if head is None else _table_of(head)


def _table_of(head: TableHead) -> Preview:
    columns, total = head.columns[:MOST_COLUMNS], head.total
    rows = [[_short(value) for value in row[:MOST_COLUMNS]] for row in head.rows]
    return Preview(
        kind="table",
        content={"columns": columns, "rows": rows, "total": total},
        is_cut=total is None or total > MOST_ROWS or len(head.columns) > MOST_COLUMNS,
    )


def _short(value: Value) -> Value:
    return value[:_MOST_OF_A_VALUE] if isinstance(value, str) else value


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
    ".md": _markdown,
    ".markdown": _markdown,
    ".html": _page,
    ".htm": _page,
}
