"""A warning that is told before its cell runs, in a line of its own above what the cell shows."""

from __future__ import annotations

from nbtrack.cards.content import WARNING_LIMIT
from nbtrack.display.look import WARN
from nbtrack.display.markup import Html, clipped, clipped_html, first_line, tag, visible
from nbtrack.records.warned import Warned

_FRAME = "margin:2px 0 4px;font-size:13px;line-height:1.45;max-width:760px;overflow-wrap:anywhere"


def early_html(warned: Warned) -> Html:
    sentence = clipped_html(first_line(warned.sentence), WARNING_LIMIT)
    return tag("div", tag("b", f"⚠ {warned.kind}", style=WARN), " ", sentence, style=_FRAME)


def early_text(warned: Warned) -> str:
    return visible(f"⚠ {warned.kind}: {clipped(first_line(warned.sentence), WARNING_LIMIT)}")
