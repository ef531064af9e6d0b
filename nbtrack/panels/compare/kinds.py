"""Params of runs side by side: those that they share, and those that only one kind of them has.

An SVC has no `max_depth`, and a forest no `C`: as lines they would be a table of gaps. What was
set of them is told in one line, the rest is folded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nbtrack.lookup.difference import Compared, Difference
from nbtrack.lookup.key_facts import facts_of, meaning_of_runs
from nbtrack.lookup.salience import Meaning, metrics_in_order, old_param, params_in_order
from nbtrack.records.origins import Origin, origins_of
from nbtrack.records.tags import AUTOLOG_TAG

_MOST_NAMED = 6  # params of one run in the line of its kind


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamGroups:
    """*by_kind* has for each run what was set of the params that not all have; None: there are
    no such params. *folded* are these, one by one."""

    shared: Sequence[Compared]
    by_kind: Compared | None
    folded: Sequence[Compared]


def grouped_params(found: Difference, meaning: Meaning) -> ParamGroups:
    """What matters first."""
    origins = [_Told(run.data.tags) for run in found.runs]
    order = _param_order(found, meaning)
    params = sorted(found.params, key=lambda each: order[each.key])
    of_kinds = [each for each in params if _is_of_a_kind(each, origins)]
    shared = [each for each in params if each not in of_kinds]
    return ParamGroups(
        shared=shared,
        by_kind=_kind_line(of_kinds, origins) if of_kinds else None,
        folded=of_kinds,
    )


def metric_order(found: Difference, meaning: Meaning) -> dict[str, int]:
    facts = facts_of([run.data.metrics for run in found.runs], len(found.runs))
    return {each.key: place for place, each in enumerate(metrics_in_order(facts, meaning))}


def meaning_of_difference(found: Difference) -> Meaning:
    return meaning_of_runs([run.data for run in found.runs])


class _Told:
    """Where the params of one run came from; guessed where autolog did not tell yet."""

    def __init__(self, tags: dict[str, str]) -> None:
        self._origins = origins_of(tags).params
        self._is_old = AUTOLOG_TAG in tags and not self._origins

    def of(self, key: str) -> Origin:
        return old_param(key) if self._is_old else self._origins.get(key, Origin.LOGGED)


def _param_order(found: Difference, meaning: Meaning) -> dict[str, int]:
    facts = facts_of([run.data.params for run in found.runs], len(found.runs))
    ordered = params_in_order(facts, meaning, runs=len(found.runs))
    return {each.key: place for place, each in enumerate(ordered)}


def _is_of_a_kind(param: Compared, origins: Sequence[_Told]) -> bool:
    """Whether some run has no such param, and nobody wrote it by hand."""
    having = [told for told, value in zip(origins, param.values) if value is not None]
    is_own = any(told.of(param.key).is_own for told in having)
    return len(having) < len(param.values) and not is_own


def _kind_line(params: Sequence[Compared], origins: Sequence[_Told]) -> Compared:
    words = [_kind_words(params, told, place) for place, told in enumerate(origins)]
    return Compared(key="of its kind", values=words)


def _kind_words(params: Sequence[Compared], told: _Told, place: int) -> str | None:
    """`C=10 · 14 defaults`."""
    own = [(each.key, value) for each in params if (value := each.values[place]) is not None]
    chosen = [(key, value) for key, value in own if told.of(key) <= Origin.CHANGED]
    named = [f"{_short(key)}={value}" for key, value in chosen[:_MOST_NAMED]]
    defaults = sum(told.of(key) >= Origin.DEFAULT for key, _ in own)
    more = len(own) - len(named) - defaults
    words = [
        " ".join(named),
        f"{more:,} more" if more else "",
        f"{defaults:,} default{'' if defaults == 1 else 's'}" if defaults else "",
    ]
    return " · ".join(filter(None, words)) or None


def _short(key: str) -> str:
    return key.rpartition("__")[2] or key
