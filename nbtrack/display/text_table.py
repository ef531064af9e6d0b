"""Aligned columns for terminals, and their fallback to plain ASCII."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence

from nbtrack.display.sparkline import BARS

_ASCII = str.maketrans(
    {"–": "-", "−": "-", "·": "|", "…": "...", "→": "->", "↳": ">", "×": "x"}
    | {"▲": "^", "▼": "v", "★": "*"}
    | dict(zip(BARS, "_.-=+*#@"))
)


def aligned(rows: Sequence[Sequence[str]], *, right: Collection[int] = ()) -> list[str]:
    """One line a row, columns two spaces apart; those numbered in *right* end together."""
    if not rows:
        return []
    widths = [max(columns_wide(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(_padded(row, widths, right)).rstrip() for row in rows]


def cut_to(text: str, width: int) -> str:
    """*text* in at most *width* terminal columns."""
    if columns_wide(text) <= width:
        return text
    while text and columns_wide(text) > width - 1:
        text = text[:-1]
    return text + "…"


def as_ascii(text: str) -> str:
    r"""For terminals without Unicode: our own signs by look-alikes, the rest as \u escapes."""
    text = text.replace("▲ ", "").replace("▼ ", "").translate(_ASCII)
    return text.encode("ascii", "backslashreplace").decode("ascii")


def columns_wide(text: str) -> int:
    """Terminal columns *text* takes: wide East Asian characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def _padded(row: Sequence[str], widths: Sequence[int], right: Collection[int]) -> list[str]:
    gaps = [" " * (width - columns_wide(cell)) for cell, width in zip(row, widths)]
    return [g + c if i in right else c + g for i, (c, g) in enumerate(zip(row, gaps))]
