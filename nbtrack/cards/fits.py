"""The fits of a cell, as hooks recorded them: one on the cell's run, several on children.

A card lists them side by side: none of them is "the" model of the cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from nbtrack.cards.facts import FitFact
from nbtrack.records.origins import Origin
from nbtrack.records.traces import RunTrace

T = TypeVar("T")

# On the data it was trained on, or about how it went: what comes after says more.
_OF_TRAINING = ("training_", "train_", "mean_train_", "n_iter")
# Of a candidate, or of folds: their mean says it.
_OF_SPLITS = re.compile(r"split\d+_|std_|rank_test_|iter$|n_resources$|cv(-\d+)?_(?!.*_mean$)")
# Of the training metrics, those that say how good the model is in one number.
_TELLING = (
    "training_accuracy_score",
    "training_roc_auc",
    "training_f1_score",
    "training_r2_score",
    "training_root_mean_squared_error",
    "training_mean_absolute_error",
)
# `f1_score-2_X_test`, as hooks name what is measured after a fit.
_OF_HOOKS = re.compile(r".+(score|loss|error|deviance|coef)(-\d+)?_.+")


def fit_facts(trace: RunTrace) -> list[FitFact]:
    """One for each fit, if there were several."""
    fits = [run for run in _runs(trace) if run.fit is not None]
    if len(fits) < 2:
        return []
    return [FitFact(name=_name(run, trace), metrics=telling_first(run.values())) for run in fits]


def _name(run: RunTrace, whole: RunTrace) -> str:
    """A child that the user opened has a name of its own; the cell's run is called otherwise."""
    return str(run.fit if run is whole else run.name or run.fit)


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
    own = {
        key: metric
        for key, metric in trace.metrics.items()
        if (origin := origins.get(key, Origin.LOGGED)) is not Origin.MOVED
        and (trace.fit is None or origin.is_own)
    }
    return replace(trace, children=others, metrics=own)


def telling_first(metrics: Mapping[str, T]) -> dict[str, T]:
    """The user's own first, then of tests, of the training, times; the order is kept otherwise."""
    return {key: metrics[key] for key in sorted(metrics, key=telling_rank)}


def telling_rank(key: str) -> tuple[int, int]:
    """The lower, the more it tells."""
    if "_time" in key or key == "search_progress":
        return 5, 0
    if _OF_SPLITS.match(key):
        return 4, 0
    if key.startswith(_OF_TRAINING):
        return (2, _TELLING.index(key)) if key in _TELLING else (3, 0)
    return (1 if _OF_HOOKS.fullmatch(key) else 0), 0


def _runs(trace: RunTrace) -> Iterator[RunTrace]:
    yield trace
    yield from trace.children.values()
