"""Which columns a view shows, and how each of them behaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nbtrack.lookup.metric_direction import Direction, direction
from nbtrack.panels.runs.known_keys import by_column
from nbtrack.panels.runs.table_state import ATTRIBUTES, TableState, key_of, kind_of
from nbtrack.records.views import KeyFacts, KeyInventory

_HANDFUL = 6  # so many are shown even where they do not tell runs apart
_MOST = 12  # params, and metrics, that are shown without being asked for
_RARE = 5  # what has fewer than a fifth of the runs of the most common key is not shown by itself
_RUN_COLUMNS = ("run_name", "status", "start_time", "duration")
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

    @property
    def is_descending_first(self) -> bool:
        """What the first click on its header gives: the newest, the best, the largest; from A."""
        return self.is_number and self.better != "lower"


def shown_columns(
    state: TableState,
    inventory: KeyInventory,
    *,
    runs: int,
    declared: Mapping[str, Direction],
) -> list[Column]:
    """Run, params, metrics, tags of *runs* runs; what is sorted by is always among them."""
    chosen = _default(state, inventory, runs) if state.columns is None else state.columns
    wanted = [*chosen, *(key.column for key in state.sort), *state.quick]
    facts = by_column(inventory)
    order = dict.fromkeys(["run_name", *_in_groups(wanted)])
    return [_column(each, facts.get(each), declared) for each in order]


def telling_columns(facts: Sequence[KeyFacts], *, kind: str, runs: int) -> list[str]:
    """Those that differ between *runs* runs; all of them if they are but a handful.

    What most runs have comes first: one autologged search in a project brings dozens of params
    that no other run has.
    """
    telling = [each for each in common(facts) if each.distinct > 1 or each.runs < runs]
    chosen = facts if len(facts) <= _HANDFUL else telling
    most = max((each.runs for each in chosen), default=0)
    order = sorted(chosen, key=lambda each: (each.distinct < 2, _band(each.runs, most)))
    return [f"{kind}.{each.key}" for each in order[:_MOST]]


def common(facts: Sequence[KeyFacts]) -> list[KeyFacts]:
    """Without those that only a few runs have."""
    most = max((each.runs for each in facts), default=0)
    return [each for each in facts if each.runs * _RARE >= most]


def _band(runs: int, most: int) -> int:
    """0 for more than half of *most*, 1 for more than a quarter …: coarse, so that columns do not
    change places while runs are coming in."""
    return (most // max(runs, 1)).bit_length()


def _default(state: TableState, inventory: KeyInventory, runs: int) -> list[str]:
    several = state.experiments is None or len(state.experiments) > 1
    return [
        *_RUN_COLUMNS,
        *(["experiment_id"] if several else []),
        *telling_columns(inventory.params, kind="params", runs=runs),
        *telling_columns(inventory.metrics, kind="metrics", runs=runs),
    ]


def _in_groups(wanted: Sequence[str]) -> list[str]:
    kinds = list(_GROUPS)
    return sorted(wanted, key=lambda column: kinds.index(kind_of(column)))


def _column(column: str, facts: KeyFacts | None, declared: Mapping[str, Direction]) -> Column:
    kind, key = kind_of(column), key_of(column)
    return Column(
        id=column,
        label=ATTRIBUTES.get(column, key),
        group=_GROUPS[kind],
        is_number=column in _NUMBERS or kind == "metrics" or bool(facts and facts.is_number),
        better=direction(key, declared) if kind == "metrics" else None,
        facts=facts,
    )
