"""What is known of the keys of a handful of runs whose values are at hand, without the store."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from nbtrack.lookup.metric_direction import Direction
from nbtrack.lookup.salience import Meaning, Told, meaning_of
from nbtrack.records.origins import ORIGINS_TAG
from nbtrack.records.runs import RunData
from nbtrack.records.views import KeyFacts, KeyInventory

_NOTHING: Mapping[str, Direction] = {}


def inventory_of(data: Sequence[RunData], *, runs: int | None = None) -> KeyInventory:
    """As `Store.read_keys` tells it of many; what all of *data* have, all *runs* are taken to."""
    runs = len(data) if runs is None else runs
    return KeyInventory(
        params=facts_of([each.params for each in data], runs),
        metrics=facts_of([each.metrics for each in data], runs),
        tags=facts_of([each.tags for each in data], runs),
    )


def meaning_of_runs(
    data: Sequence[RunData],
    *,
    pinned: Sequence[str] = (),
    declared: Mapping[str, Direction] = _NOTHING,
) -> Meaning:
    counts = Counter(each.tags.get(ORIGINS_TAG) for each in data)
    told = [Told(text, count) for text, count in counts.items()]
    return meaning_of(told, inventory_of(data), pinned=pinned, declared=declared)


def facts_of(values: Sequence[Mapping[str, object]], runs: int) -> list[KeyFacts]:
    """In the order in which the keys come."""
    keys = dict.fromkeys(key for each in values for key in each)
    return [_fact(key, [each[key] for each in values if key in each], values, runs) for key in keys]


def _fact(
    key: str, found: list[object], values: Sequence[Mapping[str, object]], runs: int
) -> KeyFacts:
    numbers = [_number(value) for value in found]
    finite = [number for number in numbers if number is not None and math.isfinite(number)]
    return KeyFacts(
        key=key,
        runs=runs if len(found) == len(values) else len(found),
        distinct=min(2, len(_distinct(found))),
        is_number=None not in numbers,
        low=min(finite, default=None),
        high=max(finite, default=None),
    )


def _distinct(found: Iterable[object]) -> set[str]:
    return {repr(value) for value in found}


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None
