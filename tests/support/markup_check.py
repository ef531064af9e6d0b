"""Reads markup as a browser would, and keeps what could do harm."""

from __future__ import annotations

import re
from html.parser import HTMLParser

TAGS = "div span b table thead tbody tr th td caption details summary"
ATTRIBUTES = "style title scope colspan align dir cellpadding aria-sort aria-hidden"


class Page(HTMLParser):
    """*unwanted* holds tags and attributes that are not allowed, and styles that load something."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.unwanted: list[str] = []
        self.open: list[str] = []
        self.titles: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.feed(markup)
        self.close()

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.unwanted += [tag] if tag not in TAGS.split() else []
        for name, value in attrs:
            self.attributes.append((name, value))
            self.unwanted += [name] if name not in ATTRIBUTES.split() else []
            self.titles += [value] if name == "title" else []
            if name == "style" and re.search(r"url|expression|@|<|&", value):
                self.unwanted.append(value)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.unwanted.append(f"/{tag}")

    def handle_data(self, data):
        self.words.append(data)

    def handle_comment(self, data):
        self.unwanted.append(data)


HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "\" onmouseover='alert(1)' x=\"",
    "</td></table><style>*{}</style>",
    "<!-- ",
    "&lt;b&gt;",
    "\u202egnp.exe",
    "\x1b[31mred\x00\r\n\udc80",
    "javascript:alert(1)" * 50,
)
