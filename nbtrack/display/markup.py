"""HTML built from parts: a plain str is text and gets escaped, only `Html` goes in as it is.

What comes from runs is untrusted and may hold anything, so nothing here has another way in.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

# Control characters, lone surrogates, bidi marks and overrides, invisible tags: they move the
# cursor, turn the line around or hide. Joiners (U+200C, U+200D) stay: scripts and emoji need them.
# The last two of the plane are no characters of XML, nor are those with which it begins.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_LONGEST_TITLE = 1000


class Html(str):
    """Markup made by this module: safe to insert as it is."""

    __slots__ = ()


def tag(name: str, /, *children: str, **attributes: str | int | None) -> Html:
    """One element. An underscore in an attribute's name is a hyphen; None leaves it out."""
    written = "".join(
        f' {key.replace("_", "-")}="{html.escape(visible(str(value)), quote=True)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{written}>{joined(children)}</{name}>")


def joined(parts: Iterable[str], separator: str = "") -> Html:
    return Html(_escaped(separator).join(_escaped(part) for part in parts))


def clipped(text: str, limit: int) -> str:
    """At most *limit* characters, cut with an ellipsis; hidden characters made visible."""
    shown = visible(text[: limit + 1])
    return shown if len(shown) <= limit else shown[: max(0, limit - 1)] + "…"


def clipped_html(text: str, limit: int, **attributes: str | int | None) -> Html:
    """*text* cut to *limit* with the whole of it in the title (up to 1,000 characters)."""
    short = clipped(text, limit)
    if short != text:
        attributes = {**attributes, "title": clipped(text, _LONGEST_TITLE)}
    return tag("span", short, **attributes) if attributes else _escaped(short)


def visible(text: str) -> str:
    r"""Characters that hide or steer are written out: a newline as \n, an override as \u202e."""
    return _HIDDEN.sub(lambda found: ascii(found[0])[1:-1], text)


def first_line(text: str) -> str:
    """The first line with something on it, marked when others follow."""
    lines = [line.strip() for line in text[:20_000].splitlines() if line.strip()]
    return "" if not lines else lines[0] + (" …" if len(lines) > 1 else "")


def _escaped(part: str) -> Html:
    return part if isinstance(part, Html) else Html(html.escape(visible(part), quote=True))
