"""From what somebody typed to what the store is asked."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from functools import cache

from nbtrack.errors import InvalidFilter
from nbtrack.lookup.typed_filter.grammar import TypedParser
from nbtrack.lookup.typed_filter.keys import missing_key
from nbtrack.lookup.typed_filter.moved_values import MovedSource, without_moved_values
from nbtrack.lookup.typed_filter.names import NamesSource
from nbtrack.records.runs import RunQuery, ViewType
from nbtrack.stores.filters.clauses import run_filter
from nbtrack.stores.filters.filter_grammar import comparisons_of, parse_filter
from nbtrack.stores.filters.filter_keys import RUNS, attribute_named
from nbtrack.stores.filters.filter_sql import Condition
from nbtrack.stores.filters.written import filter_text


def typed_scope(
    text: str | None,
    experiment_ids: tuple[str, ...] | None,
    names: NamesSource,
    *,
    moved: MovedSource,
) -> RunQuery:
    """Raises InvalidFilter. Deleted runs are looked at only where the filter speaks of them."""
    found = filter_of(text or "", names)
    return RunQuery(
        experiment_ids=experiment_ids,
        filter_string=without_moved_values(found, moved) or None,
        view_type=ViewType.ALL if _is_about_stages(found) else ViewType.ACTIVE_ONLY,
    )


def filter_of(text: str, names: NamesSource, *, now: datetime | None = None) -> str:
    """A filter string that the store takes; raises InvalidFilter.

    *now* has a time zone: whose yesterday it is.
    """
    with suppress(InvalidFilter):
        run_filter(text)
        return text
    parser = TypedParser(text, cache(names), now or datetime.now().astimezone())
    term = parser.any_of()
    parser.expect_end("and, or, or the end of the filter")
    Condition(term, subject=RUNS, text=text)  # its errors point into what was typed
    return filter_text(term)


def why_nothing(scope: RunQuery, names: NamesSource) -> str:
    """Of a scope that no run is in: the key of its filter that none has, and the nearest one."""
    if not scope.filter_string:
        return ""
    return missing_key(parse_filter(scope.filter_string), names())


def _is_about_stages(text: str) -> bool:
    if "lifecycle" not in text.lower():
        return False
    keys = [each.key for each in comparisons_of(parse_filter(text))]
    return any(attribute_named(key.name, subject=RUNS) == "lifecycle_stage" for key in keys)
