"""Which columns a view shows, and how each of them behaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from nbtrack.lookup.metric_direction import Direction, direction
from nbtrack.lookup.salience import (
    Meaning,
    is_told_first,
    metrics_in_order,
    params_in_order,
    told_metrics,
)
from nbtrack.panels.runs.known_keys import Known, by_column
from nbtrack.panels.runs.table_state import ATTRIBUTES, TableState, key_of, kind_of
from nbtrack.records.origins import Origin
from nbtrack.records.views import KeyFacts

Kind = Literal["params", "metrics"]

_FEWEST, _MOST = 4, 12  # params and metrics together that are shown without being asked for
_RARE = 5  # what has fewer than a fifth of the runs of the most common key is not shown by itself
_FEWEST_OWN = 2  # params, and metrics, of the user's own that are shown however few runs have them
_RUN_COLUMNS = ("run_name", "status", "start_time")
_NUMBERS = ("start_time", "end_time", "duration")
_GROUPS = {"attributes": "Run", "params": "Params", "metrics": "Metrics", "tags": "Tags"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    id: str
    label: str
    group: str  # Run, Params, Metrics or Tags
    is_number: bool = False
    better: Direction | None = None  # of metrics, where it is known
    facts: KeyFacts | None = None
    origin: Origin | None = None  # of params and metrics

    @property
    def is_descending_first(self) -> bool:
        """What the first click on its header gives: the newest, the best, the largest; from A."""
        return self.is_number and self.better != "lower"


def shown_columns(state: TableState, known: Known) -> list[Column]:
    """Name, status and age; what is sorted by; metrics, params, the rest: what matters first."""
    chosen = _default(state, known) if state.columns is None else state.columns
    asked = [*(key.column for key in state.sort), *state.quick]
    facts = by_column(known.inventory)
    order = dict.fromkeys(["run_name", *chosen, *asked])
    if state.columns is None:
        order = dict.fromkeys(_sorted_first([*order], asked))
    return [_column(each, facts.get(each), known.meaning) for each in order]


def telling_columns(known: Known, kind: Kind) -> list[str]:
    """What is shown unasked, what matters most first."""
    told = _told(in_order(known, kind), known, kind)
    return [f"{kind}.{each.key}" for each in _without_rare(told, known.meaning, kind)]


def _told(facts: Sequence[KeyFacts], known: Known, kind: Kind) -> list[KeyFacts]:
    if kind == "metrics":
        keys = set(told_metrics([each.key for each in facts], known.meaning))
        return [each for each in facts if each.key in keys]
    return [e for e in facts if is_told_first(kind, e, known.meaning, runs=known.runs)]


def _without_rare(told: Sequence[KeyFacts], meaning: Meaning, kind: Kind) -> list[KeyFacts]:
    """What few runs have is left out; but two of the user's own are shown, if there are two."""
    most = max((each.runs for each in told), default=0)
    rare = [each for each in told if each.runs * _RARE < most]
    own = [each for each in told if meaning.of(kind, each.key).is_own]
    kept = [each for each in own[:_FEWEST_OWN] if each in rare]
    return [each for each in told if each not in rare or each in kept]


def in_order(known: Known, kind: Kind) -> list[KeyFacts]:
    if kind == "metrics":
        return metrics_in_order(known.inventory.metrics, known.meaning)
    return params_in_order(known.inventory.params, known.meaning, runs=known.runs)


def _default(state: TableState, known: Known) -> list[str]:
    several = state.experiments is None or len(state.experiments) > 1
    pinned = _pinned(known)
    metrics, params = (
        [each for each in telling_columns(known, kind) if each not in pinned]
        for kind in ("metrics", "params")
    )
    room = max(_FEWEST, min((state.room or _MOST) - several, _MOST)) - len(pinned)
    fewer = max(0, min(len(metrics), max(room - len(params), (room + 1) // 2)))
    return [
        *_RUN_COLUMNS,
        *(["experiment_id"] if several else []),
        *pinned,
        *metrics[:fewer],
        *params[: max(0, room - fewer)],
        "duration",
    ]


def _pinned(known: Known) -> list[str]:
    """Those that there are."""
    have = by_column(known.inventory)
    return [each for each in known.meaning.pinned if each in have or each in ATTRIBUTES]


def _sorted_first(order: Sequence[str], asked: Sequence[str]) -> list[str]:
    """What is asked for stands behind the facts of the run, where it is on the screen."""
    facts = [each for each in order if each in ATTRIBUTES and each != "duration"]
    front = [each for each in asked if each not in facts and each in order]
    return [*facts, *front, *order]


def _column(column: str, facts: KeyFacts | None, meaning: Meaning) -> Column:
    kind, key = kind_of(column), key_of(column)
    return Column(
        id=column,
        label=ATTRIBUTES.get(column, key),
        group=_GROUPS[kind],
        is_number=column in _NUMBERS or kind == "metrics" or bool(facts and facts.is_number),
        better=direction(key, meaning.declared) if kind == "metrics" else None,
        origin=meaning.of(kind, key) if kind in ("params", "metrics") else None,
        facts=facts,
    )
