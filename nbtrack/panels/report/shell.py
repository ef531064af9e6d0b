"""What every page of a report has: style, script, a policy that lets no other one run, and, where
there are several pages, the way to the others."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from nbtrack.display.markup import Html, tag
from nbtrack.display.number_format import format_moment
from nbtrack.panels.shared.assets import script

_STYLE = Path(__file__).parent / "page" / "report.css"
NO_PLACES = Html("")


def page(title: str, parts: Iterable[Html], *, places: Html = NO_PLACES) -> str:
    """*places* stand at the left."""
    code = _script()
    head = tag(
        "head",
        Html('<meta charset="utf-8">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{_policy(code)}">'),
        tag("title", title),
        tag("style", Html(_STYLE.read_text(encoding="utf-8"))),
    )
    made = of_class("quiet", "footer", f"Made by nbtrack at {format_moment(_now_ms())} UTC.")
    main = tag("main", *parts, made)
    body = tag("body", places, main, Html(f'<script type="module">{code}</script>'))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def of_class(kind: str | None, name: str, *children: str, **attributes: str | None) -> Html:
    """An element of the class *kind*, which is a word of Python."""
    return tag(name, *children, **{"class": kind, **attributes})


@cache
def _script() -> str:
    code = script("report/page/report.js")
    assert "</script" not in code.lower()  # it would end there
    return code


def _policy(code: str) -> str:
    """Nothing is fetched, and no script runs but ours, whatever a run's texts hold."""
    digest = b64encode(hashlib.sha256(code.encode()).digest()).decode()
    return (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def _now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)
