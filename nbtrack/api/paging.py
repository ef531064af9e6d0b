"""Pages of results. A page's token is where the next one begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from nbtrack.errors import InvalidValue
from nbtrack.records.runs import PagedList

T = TypeVar("T")


def page_of(found: Sequence[T], most: int | None, token: str | None) -> PagedList[T]:
    """The page that *token* begins, out of everything that was found."""
    start = page_start(token)
    end = len(found) if most is None else start + most
    return PagedList(found[start:end], str(end) if end < len(found) else None)


def page_start(token: str | None) -> int:
    if not token:
        return 0
    if not str(token).isdecimal():
        raise InvalidValue(f"page_token is {token!r}; pass the .token of the page before.")
    return int(token)
