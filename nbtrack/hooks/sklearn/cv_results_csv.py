"""`cv_results.csv`: every candidate of a search, one a row, for any reader of CSV (RFC 4180).

Written without pandas, whose import costs a third of a second, a column at a time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from nbtrack.base.plain_values import PLAIN

_NEEDS_QUOTES = re.compile(r'[,"\r\n]')


def cv_results_csv(results: Mapping[str, Any], columns: Mapping[str, Sequence[str]]) -> bytes:
    """UTF-8; whole numbers stay whole, what is missing or no number is empty.

    *columns* are texts of some of the columns, by `number_texts`.
    """
    texts = _Texts()
    cells = [
        [text.strip('"') if text != '"nan"' else "" for text in columns[name]]
        if name in columns
        else texts.of_column(column)
        for name, column in results.items()
    ]
    lines = [",".join(map(_quoted, results)), *map(",".join, zip(*cells))]
    return "\n".join([*lines, ""]).encode("utf-8", "replace")


def _quoted(text: str) -> str:
    if _NEEDS_QUOTES.search(text) is None:
        return text
    return '"' + text.replace('"', '""') + '"'


class _Texts:
    """What is dear to turn into text (an estimator) is so only once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, str]] = {}  # the value too, or its id could be another's

    def of_column(self, column: Any) -> list[str]:
        # What a masked array masks is None in its list.
        values = column.tolist() if hasattr(column, "tolist") else column
        return [self._cell(value) for value in values]

    def _cell(self, value: Any) -> str:
        if type(value) is float:
            return repr(value) if value == value else ""
        if value is None:
            return ""
        return _quoted(value if isinstance(value, str) else self._text(value))

    def _text(self, value: Any) -> str:
        if type(value) in PLAIN:
            return repr(value)
        if isinstance(value, float):
            return float.__repr__(value)  # numpy says np.float64(0.1) of its own
        if isinstance(value, dict):
            return f"{{{', '.join([f'{k!r}: {self._text(item)}' for k, item in value.items()])}}}"
        known = self._known.get(id(value))
        if known is None:
            known = self._known[id(value)] = (value, _repr(value))
        return known[1]


def _repr(value: Any) -> str:
    is_scalar = hasattr(value, "dtype") and getattr(value, "ndim", None) == 0
    return repr(value.item() if is_scalar else value)
