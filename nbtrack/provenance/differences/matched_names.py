"""Which of two named things is the same one, when one of them may have got another name."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class NamePair(NamedTuple, Generic[T]):
    """*key* is the newer name; one of them is None where there is no such thing."""

    key: str
    before: T | None
    after: T | None


def matched_names(
    before: Mapping[str, T],
    after: Mapping[str, T],
    *,
    digest: Callable[[T], Hashable],
    moved: Callable[[str], Hashable] = str,
) -> list[NamePair[T]]:
    """By name; what is left, by the same digest; what is left then, by *moved* of its name."""
    old = {name: value for name, value in before.items() if name not in after}
    partner = {name: name for name in after if name in before}
    ways: list[Callable[[str, T], Hashable]] = [
        lambda _, value: digest(value), lambda name, _: moved(name)
    ]  # fmt: skip
    for way in ways:
        left = {way(name, value): name for name, value in old.items() if way(name, value)}
        for name, value in after.items():
            if name not in partner and (found := left.pop(way(name, value), None)) is not None:
                partner[name] = found
                del old[found]
    gone = [NamePair(name, value, None) for name, value in old.items()]
    return gone + [
        NamePair(name, before.get(partner.get(name, "")), value) for name, value in after.items()
    ]
