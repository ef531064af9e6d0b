"""The fits of a cell, as hooks recorded them: one on the cell's run, several on children.

A card lists them side by side: none of them is "the" model of the cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from nbtrack.cards.facts import FitFact
from nbtrack.lookup.key_facts import facts_of
from nbtrack.lookup.own_values import own_values
from nbtrack.lookup.salience import Meaning, metrics_in_order
from nbtrack.records.origins import Origin, is_of_machine
from nbtrack.records.traces import MetricTrace, RunTrace

_PROGRESS = "search_progress"  # only a long search logs it: a card that had it would differ


def fit_facts(trace: RunTrace) -> list[FitFact]:
    """One for each fit, if there were several."""
    fits = [run for run in _runs(trace) if run.fit is not None]
    if len(fits) < 2:
        return []
    return [
        FitFact(name=_name(run, trace), metrics=_once(run), origins=run.origins.metrics)
        for run in fits
    ]


def _name(run: RunTrace, whole: RunTrace) -> str:
    """A child that the user opened has a name of its own; the cell's run is called otherwise."""
    return str(run.fit if run is whole else run.name or run.fit)


def _once(run: RunTrace) -> dict[str, float]:
    """What the user has a name for is not told under the hook's too."""
    origins = run.origins.metrics
    return {k: v for k, v in run.values().items() if origins.get(k) is not Origin.ALIAS}


def only_fit(trace: RunTrace) -> str | None:
    """What was fitted, if that was one thing."""
    fits = [run.fit for run in _runs(trace) if run.fit is not None]
    return fits[0] if len(fits) == 1 else None


def without_fits(trace: RunTrace) -> RunTrace:
    """What is left beside several fits: children that are none, metrics that no fit has."""
    if not fit_facts(trace):
        return trace
    others = {run_id: run for run_id, run in trace.children.items() if run.fit is None}
    origins = trace.origins.metrics
    own = own_values(trace.metrics, origins)
    if trace.fit is not None:  # it is one of the fits itself
        own = {k: metric for k, metric in own.items() if origins.get(k, Origin.LOGGED).is_own}
    return replace(trace, children=others, metrics=own)


def telling_first(run: RunTrace) -> dict[str, MetricTrace]:
    """Its metrics in the order that they have everywhere, but for those of the machine; how far a
    search was is over."""
    origins = run.origins.metrics
    facts = facts_of([run.values()], runs=1)
    order = metrics_in_order(facts, Meaning(metrics=origins))
    over = {_PROGRESS} if origins.get(_PROGRESS) is Origin.BOOKKEEPING else set()
    shown = [each.key for each in order if each.key not in over and not is_of_machine(each.key)]
    return {key: run.metrics[key] for key in shown}


def _runs(trace: RunTrace) -> Iterator[RunTrace]:
    yield trace
    yield from trace.children.values()
