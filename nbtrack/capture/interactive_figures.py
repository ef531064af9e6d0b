"""Figures that a page draws with scripts, as the JSON that their libraries read back.

They are known by the MIME types of what is displayed; none of the libraries is imported. Altair's
usual renderer and Bokeh's have the JSON within HTML and scripts: it is cut out of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

MAX_BYTES = 4 << 20  # of one; 40 ms to write as JSON

_SPEC_START = "})("  # where Altair's page calls its function with the specification
_MOST_STARTS = 20  # that are looked at, from the end
_HEAD = 20
_PLOTLY = "application/vnd.plotly.v1+json"
_VEGA = re.compile(r"application/vnd\.(vega|vegalite)\.v\d+[.+]json")
_BOKEH = "application/vnd.bokehjs_exec.v0+json"
_BOKEH_DOCUMENTS = re.compile(r"\bdocs_json\s*=\s*(?=\{)")
_SUFFIXES = {"vega": "vg.json", "vegalite": "vl.json"}

Written = Callable[[], bytes]  # when the cell has ended: an update may come before


class InteractiveFigure(NamedTuple):
    suffix: str
    size: float  # about, in bytes
    write: Written


def interactive_figures(
    data: Mapping[str, Any], metadata: Mapping[str, Any]
) -> Iterator[InteractiveFigure]:
    """Of what is displayed at once."""
    for mime, value in data.items():
        if mime == _PLOTLY:
            yield InteractiveFigure("plotly.json", _size(value), partial(_json, value))
        elif vega := _VEGA.fullmatch(mime):
            yield InteractiveFigure(_SUFFIXES[vega[1]], _size(value), partial(_json, value))
        elif mime == "text/html" and 'id="altair-viz-' in value:
            yield InteractiveFigure("vl.json", len(value), partial(_altair_spec, value))
        elif mime == _BOKEH and (script := data.get("application/javascript")):
            write = partial(_bokeh_item, script, metadata.get(mime, {}).get("id"))
            yield InteractiveFigure("bokeh.json", len(script), write)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace")


def _altair_spec(page: str) -> bytes:
    """Text in the data may look like the call; what stands there is no specification."""
    start = len(page)
    for _ in range(_MOST_STARTS):
        start = page.rfind(_SPEC_START, 0, start)
        found = _object_at(page, start + len(_SPEC_START)) if start >= 0 else None
        if found is not None and "/vega-lite/" in str(found.get("$schema")):
            return _json(found)
    return b""


def _bokeh_item(script: str, root: Any) -> bytes:
    """As `bokeh.embed.json_item` makes it, for `Bokeh.embed.embed_item`."""
    start = _BOKEH_DOCUMENTS.search(script)
    documents = _object_at(script, start.end()) if start else None
    if not documents:  # of an application on a server
        return b""
    document = next(iter(documents.values()))
    item = {"target_id": None, "root_id": root, "doc": document}
    return _json({**item, "version": document.get("version")})


def _object_at(text: str, start: int) -> dict[str, Any] | None:
    try:
        found, _ = json.JSONDecoder().raw_decode(text, start)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _size(value: Any) -> float:
    """About, without writing it: of a long list its head is looked at."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(len(str(key)) + 6 + _size(each) for key, each in value.items())
    if isinstance(value, list | tuple):
        head = value[:_HEAD]
        return len(value) * (2 + sum(map(_size, head)) / max(1, len(head)))
    return 18 if isinstance(value, float) else 5
