"""Filters that see what tables show: a value that moved to a child is not the parent's any more.

Which runs are such parents for a key is what their tags `nbtrack.origins` say. Of many runs that
are few different texts, so a comparison with the key gets a second one beside it: with these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import cache
from typing import TypeAlias

from nbtrack.errors import InvalidFilter
from nbtrack.records.origins import ORIGINS_TAG, Origin, parsed_origins
from nbtrack.records.runs import RunQuery
from nbtrack.stores.filters.boolean_grammar import AllOf, AnyOf, Not
from nbtrack.stores.filters.filter_grammar import (
    Comparison,
    Key,
    Literal,
    Term,
    comparisons_of,
    parse_filter,
)
from nbtrack.stores.filters.filter_keys import RUNS, family_of
from nbtrack.stores.filters.written import filter_text
from nbtrack.stores.store import Store

_HAS_MOVED = f'"{Origin.MOVED.name.lower()}"'

# The texts by which runs say that values have moved; asked only where a filter is about values.
MovedSource: TypeAlias = Callable[[], Sequence[str]]


def moved_in(store: Store, experiment_ids: tuple[str, ...] | None) -> MovedSource:
    scope = RunQuery(experiment_ids=experiment_ids)
    by = f"tags.{ORIGINS_TAG}"
    return cache(lambda: moved_among(e.value for e in store.read_groups(scope, by=by, metrics=())))


def moved_among(texts: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(text for text in texts if text is not None and _HAS_MOVED in text)


def without_moved_values(text: str, moved: MovedSource) -> str:
    """*text*, a filter of the store's, for what the runs show as their own."""
    if not text.strip():
        return text
    term = parse_filter(text)
    if not any(_kind_of(each) for each in comparisons_of(term)) or not moved():
        return text
    with suppress(InvalidFilter):  # too many comparisons, or quotes that no filter can say
        return filter_text(_own(term, moved()))
    return text


def _own(term: Term, moved: Sequence[str]) -> Term:
    if isinstance(term, Comparison):
        return _own_comparison(term, moved)
    if isinstance(term, Not):
        return Not(_own(term.term, moved))
    return type(term)(tuple(_own(each, moved) for each in term.terms))


def _own_comparison(comparison: Comparison, moved: Sequence[str]) -> Term:
    kind, key = _kind_of(comparison), comparison.key.name
    texts = [t for t in moved if kind and _origins(t, kind).get(key) is Origin.MOVED]
    if not texts:
        return comparison
    has_moved = _one_of(texts, position=comparison.key.position)
    if comparison.operator == "IS NULL":
        return AnyOf((comparison, has_moved))
    return AllOf((comparison, Not(has_moved)))


def _origins(text: str, kind: str) -> dict[str, Origin]:
    origins = parsed_origins(text)
    return dict(origins.params if kind == "params" else origins.metrics)


def _one_of(texts: Sequence[str], *, position: int) -> Comparison:
    return Comparison(
        key=Key(prefix="tags", name=ORIGINS_TAG, position=position),
        operator="IN",
        operator_position=position,
        values=tuple(Literal(value=text, position=position) for text in texts),
    )


def _kind_of(comparison: Comparison) -> str | None:
    """params or metrics; None of whatever never moves."""
    kind = family_of(comparison.key.prefix, subject=RUNS)
    return kind if kind in ("params", "metrics") else None
