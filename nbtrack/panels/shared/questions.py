"""How the messages of a panel are declared: in `messages.py` of its room.

Its TypedDicts say what goes over the line, as JSON says it; its tables `QUESTIONS` and `PUSHES`
which name carries which of them. `page/messages.d.ts` says the same to the page, and a
test holds the two, the handlers and the scripts against each other.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, NotRequired, TypeAlias, TypedDict

Spoken: TypeAlias = float | Literal["NaN", "Infinity", "-Infinity"]  # JSON has no other numbers


class MarkdownNode(TypedDict):
    """An element, or with no tag a text; `display/markdown` says which there are."""

    tag: str
    text: NotRequired[str]
    href: NotRequired[str]
    align: NotRequired[str]
    children: NotRequired[list[MarkdownNode]]


class Nothing(TypedDict):
    """No arguments but the view, which every question has."""


class Question(NamedTuple):
    """Types of what is sent with a question, and of its answer."""

    arguments: Any
    answer: Any


QUESTIONS = {
    "opened": Question(Nothing, None),
    "closed": Question(Nothing, None),
}
PUSHES = {"trouble": str}
