"""In which order runs are shown: what `--sort KEY` means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from nbtrack.errors import InvalidValue
from nbtrack.lookup.metric_direction import Direction, direction
from nbtrack.records.runs import RunQuery
from nbtrack.stores.store import Store

SORTABLE = ("start_time", "end_time", "duration", "run_name", "status", "user_id", "run_id")
_KINDS = ("metrics", "params", "attributes", "tags")
_QUOTES = '`"'


class Order(NamedTuple):
    key: str | None = None  # with its kind: metrics.f1
    is_descending: bool = True

    @property
    def metric(self) -> str | None:
        kind, _, name = (self.key or "").partition(".")
        return name if kind == "metrics" else None

    @property
    def clauses(self) -> tuple[str, ...]:
        if self.key is None:
            return ()
        kind, _, name = self.key.partition(".")
        return (f"{kind}.{quoted(name)} {'DESC' if self.is_descending else 'ASC'}",)


def read_order(
    store: Store,
    scope: RunQuery,
    sort: str | None,
    *,
    declared: Mapping[str, Direction],
) -> Order:
    """The order that *sort* asks for, about the runs in *scope*; "asc" or "desc" may follow it.

    Without a word on it, the better end of a metric comes first, the larger of others. Raises
    InvalidValue.
    """
    if not sort or not sort.strip():
        return Order()
    name, _, word = sort.strip().rpartition(" ")
    if not name or word.lower() not in ("asc", "desc"):
        name, word = sort.strip(), ""
    order = Order(key=_full_key(store, scope, name.strip()), is_descending=word.lower() != "asc")
    if word or order.metric is None:
        return order
    return order._replace(is_descending=direction(order.metric, declared) != "lower")


def known_key(store: Store, scope: RunQuery, name: str) -> str | None:
    """`metrics.name` or `params.name`, whichever some run in *scope* has."""
    before = f"({scope.filter_string}) and " if scope.filter_string else ""
    for kind in ("metrics", "params"):
        has_it = f"{before}{kind}.{quoted(name)} IS NOT NULL"
        if store.search_runs(replace(scope, filter_string=has_it, max_results=1)):
            return f"{kind}.{name}"
    return None


def quoted(key: str) -> str:
    return "`" + key.replace("`", "``") + "`"


def _full_key(store: Store, scope: RunQuery, name: str) -> str:
    kind, dot, key = name.partition(".")
    if dot and kind in _KINDS:
        return f"{kind}.{key.strip(_QUOTES)}"
    if name in SORTABLE:
        return f"attributes.{name}"
    found = known_key(store, scope, name.strip(_QUOTES))
    if found is None:
        raise InvalidValue(
            f"Runs cannot be sorted by {name!r}: none of them has a metric or param of that name. "
            f"Besides those there are {', '.join(SORTABLE)}."
        )
    return found
