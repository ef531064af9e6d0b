"""Inline styles shared by the card and the table of runs, for themes that are not known in advance.

JupyterLab's sanitizer (untrusted notebooks) keeps `rgba()`, sizes and alignment but drops every
declaration with `var()`. So a colour that matters comes twice: a plain one, legible on light and
dark, then the theme's. Muted text is `opacity` and lines are translucent grey: right in any theme.
Code hosts drop all styles: words, order and signs carry the meaning.
"""

from __future__ import annotations

from nbtrack.display.markup import Html, tag

LINE = "1px solid rgba(128,128,128,.28)"
MUTED = "opacity:.68"
GOOD = "color:#2a8c4a;color:var(--jp-success-color1,#2a8c4a)"
BAD = "color:#d9453d;color:var(--jp-error-color1,#d9453d)"
WARN = "color:#c77700;color:var(--jp-warn-color1,#c77700)"
BUSY = "color:#1e88e5;color:var(--jp-brand-color1,#1e88e5)"
BAR = "rgba(30,136,229,.2)"
CODE_FONT = "font-family:monospace;font-family:var(--jp-code-font-family,monospace)"
# Lab stripes and highlights the rows of every table, and aligns cells right and in the middle.
ROW = "background:transparent"

_STATUS_STYLE = {"FINISHED": GOOD, "FAILED": BAD, "KILLED": WARN, "RUNNING": BUSY}


def muted(*children: str) -> Html:
    return tag("span", *children, style=MUTED)


def status_style(status: str) -> str:
    return _STATUS_STYLE.get(status.upper(), MUTED)


def status_dot(status: str) -> Html:
    return tag("span", "●", style=status_style(status), aria_hidden="true")
