"""What matters first: in which order params and metrics are shown, and which are folded away.

One order for the table, the open row, the card, Compare and the charts. It rests on where a key
came from (`records.origins`) and on whether it tells the runs apart that are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from nbtrack.lookup.metric_direction import Direction, direction
from nbtrack.records.origins import Origin, is_bookkeeping, is_of_machine, parsed_origins
from nbtrack.records.tags import AUTOLOG_TAG
from nbtrack.records.views import KeyFacts, KeyInventory

_NO_DECLARED: Mapping[str, Direction] = {}
# Of runs that were recorded before origins were: what autolog called its own.
_BOOKKEEPING = re.compile(
    r"search_progress|n_iter|.*_time(_.*)?|(split\d+|std|rank)_(test|train)_.*|iter|n_resources"
)
_LOSS = re.compile(r"(^|[_/.\s-])loss(es)?($|[_/.\s-])", re.IGNORECASE)  # a means, not the end
_TRAINING = re.compile(r"(training|train|mean_train|cv(-\d+)?_train)_.*")
_MEASURED = re.compile(
    r".+(score|loss|error|deviance|coef)(-\d+)?_.+|mean_test_.*|best_cv_score|cv(-\d+)?_.*"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """Of the keys of some runs together: of each the origin that means most.

    *pinned* are keys that the user wants first, in that order. *logged* are the places of keys in
    the order in which a run logged them: the first metric of a cell is the one that it is about.
    """

    params: Mapping[str, Origin] = field(default_factory=dict)
    metrics: Mapping[str, Origin] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    pinned: tuple[str, ...] = ()  # as columns: "metrics.accuracy"
    declared: Mapping[str, Direction] = field(default_factory=dict)
    logged: Mapping[str, int] = field(default_factory=dict)  # by column, too
    own_runs: Mapping[str, int] = field(default_factory=dict)  # by column: in so many it is own

    def of(self, kind: str, key: str) -> Origin:
        """*kind* is "params" or "metrics"."""
        if kind == "metrics" and is_of_machine(key):
            return Origin.BOOKKEEPING
        found = self.params if kind == "params" else self.metrics
        return found.get(key, Origin.LOGGED)

    def weight_of(self, kind: str, each: KeyFacts) -> int:
        """In how many runs it is what it is: a param that a search varied in hundreds of
        candidates is the user's own in one."""
        return self.own_runs.get(f"{kind}.{each.key}", each.runs)

    def place_of(self, kind: str, key: str) -> int:
        return self.logged.get(f"{kind}.{key}", len(self.logged))


class Told(NamedTuple):
    """What the tag `nbtrack.origins` says in *runs* runs; None: they have none."""

    text: str | None
    runs: int


def meaning_of(
    told: Iterable[Told],
    inventory: KeyInventory,
    *,
    pinned: Sequence[str] = (),
    declared: Mapping[str, Direction] = _NO_DECLARED,
) -> Meaning:
    """Of the runs that *inventory* is of."""
    told = list(told)
    telling = sum(each.runs for each in told if each.text is not None)
    is_old = any(each.key == AUTOLOG_TAG and each.runs > telling for each in inventory.tags)
    known = [(parsed_origins(each.text), each.runs) for each in told if each.text is not None]
    params = [(origins.params, runs) for origins, runs in known]
    metrics = [(origins.metrics, runs) for origins, runs in known]
    param_guess, metric_guess = (old_param, old_metric) if is_old else (None, None)
    return Meaning(
        params={each.key: _merged(params, each, param_guess) for each in inventory.params},
        metrics={each.key: _merged(metrics, each, metric_guess) for each in inventory.metrics},
        aliases={key: name for each, _ in known for key, name in each.aliases.items()},
        own_runs={
            **_own_runs("params", params, inventory.params),
            **_own_runs("metrics", metrics, inventory.metrics),
        },
        pinned=tuple(pinned),
        declared=declared,
    )


def old_metric(key: str) -> Origin:
    """What the name tells of a metric that autolog recorded before it told origins."""
    if _BOOKKEEPING.fullmatch(key):
        return Origin.BOOKKEEPING
    if _TRAINING.fullmatch(key):
        return Origin.TRAINING
    return Origin.MEASURED if _MEASURED.fullmatch(key) else Origin.LOGGED


def old_param(key: str) -> Origin:
    """The like of a param."""
    return Origin.BOOKKEEPING if is_bookkeeping(key) else Origin.UNTOLD


# --- the order


def metrics_in_order(facts: Sequence[KeyFacts], meaning: Meaning) -> list[KeyFacts]:
    """The user's own, then what was measured on other data, of training, the rest."""
    pins = _places("metrics", meaning.pinned)
    most = max((meaning.weight_of("metrics", each) for each in facts), default=0)

    def rank(each: KeyFacts) -> tuple[object, ...]:
        origin = meaning.of("metrics", each.key)
        has_side = direction(each.key, meaning.declared) is not None
        tier = Origin.LOGGED if origin.is_own else origin
        place = meaning.place_of("metrics", each.key)
        is_means = _LOSS.search(each.key) is not None
        band = _band(meaning.weight_of("metrics", each), most)
        # Autolog's by name: as they are read from a journal or a database they come otherwise.
        name = "" if origin.is_own else each.key
        return _pin(pins, each.key), tier, band, not has_side, is_means, place, name

    return sorted(facts, key=rank)


def params_in_order(facts: Sequence[KeyFacts], meaning: Meaning, *, runs: int) -> list[KeyFacts]:
    """What the user wrote and varied, what else varies, what is the same for all, defaults."""
    pins = _places("params", meaning.pinned)
    most = max((meaning.weight_of("params", each) for each in facts), default=0)

    def rank(each: KeyFacts) -> tuple[object, ...]:
        origin = meaning.of("params", each.key)
        band = _band(meaning.weight_of("params", each), most)
        place = meaning.place_of("params", each.key)
        return _pin(pins, each.key), _tier(each, origin, runs), band, place

    return sorted(facts, key=rank)


def is_told_first(kind: str, each: KeyFacts, meaning: Meaning, *, runs: int) -> bool:
    """Whether it is shown unasked; what is not stands behind "28 defaults"."""
    if kind == "metrics":
        return is_told_metric(each.key, meaning)
    is_pinned = f"{kind}.{each.key}" in meaning.pinned
    return is_pinned or _tier(each, meaning.of(kind, each.key), runs) < _FOLDED


def told_metrics(keys: Iterable[str], meaning: Meaning) -> list[str]:
    """Of *keys* those shown unasked: pinned or measured ones, else those of the training."""
    keys = list(keys)
    told = [key for key in keys if is_told_metric(key, meaning)]
    return told or [key for key in keys if meaning.of("metrics", key) <= Origin.TRAINING]


def is_told_metric(key: str, meaning: Meaning) -> bool:
    """Whether it is pinned, or measured on other data than that of the training."""
    return f"metrics.{key}" in meaning.pinned or meaning.of("metrics", key) < Origin.TRAINING


def best_metric(facts: Sequence[KeyFacts], meaning: Meaning) -> str | None:
    """By which metric one run is better than another: the first whose better side is known."""
    for each in metrics_in_order(facts, meaning):
        is_one = meaning.of("metrics", each.key) <= Origin.TRAINING
        if is_one and each.runs > 1 and direction(each.key, meaning.declared) is not None:
            return each.key
    return None


_FOLDED = 7


def _tier(each: KeyFacts, origin: Origin, runs: int) -> int:
    if origin > Origin.UNTOLD:
        return _FOLDED + 1
    varies = 0 if each.distinct > 1 else 1 if each.runs < runs else 2
    if origin is Origin.UNTOLD:
        return 6 if varies == 0 else _FOLDED
    return 2 * varies + (not origin.is_own)


def _band(runs: int, most: int) -> int:
    """0 for more than half of *most*, 1 for more than a quarter …: coarse, so that columns do not
    change places while runs are coming in."""
    return (most // max(runs, 1)).bit_length()


def _pin(pins: Mapping[str, int], key: str) -> int:
    return pins.get(key, len(pins))


def _places(kind: str, pinned: Sequence[str]) -> dict[str, int]:
    start = f"{kind}."
    keys = [each.removeprefix(start) for each in pinned if each.startswith(start)]
    return {key: place for place, key in enumerate(keys)}


def _own_runs(
    kind: str, known: Sequence[tuple[Mapping[str, Origin], int]], facts: Iterable[KeyFacts]
) -> dict[str, int]:
    """Of the keys that are own in some runs, and told to be something else in others."""
    found = {}
    for each in facts:
        others = sum(runs for told, runs in known if not told.get(each.key, Origin.LOGGED).is_own)
        if 0 < others < each.runs:
            found[f"{kind}.{each.key}"] = each.runs - others
    return found


def _merged(
    known: Iterable[tuple[Mapping[str, Origin], int]],
    facts: KeyFacts,
    guess: Callable[[str], Origin] | None,
) -> Origin:
    """*known* are the origins of some runs each, with how many these are."""
    told = [(origins[facts.key], runs) for origins, runs in known if facts.key in origins]
    if not told:
        return Origin.LOGGED if guess is None else guess(facts.key)
    is_told_by_all = sum(runs for _, runs in told) >= facts.runs
    return min(origin for origin, _ in told) if is_told_by_all else Origin.LOGGED
