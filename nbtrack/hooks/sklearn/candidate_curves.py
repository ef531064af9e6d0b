"""The curves of a search over boosters: what the fits of its splits evaluated in each iteration.

| of                | is recorded                                                               |
|-------------------|---------------------------------------------------------------------------|
| a candidate       | the mean over the splits, as the library's `cv` has it, as far as all of  |
|                   | them got; nothing if a split failed, as then there is no mean score       |
| the refitted best | its own curve, on the run of the search, with what early stopping found   |

XGBoost, LightGBM and CatBoost keep in a fitted estimator what `eval_set=` gave, so nothing is put
into a fit. Which candidate and split it is of, scikit-learn's frame around it says, and of fits in
other processes what those bring home: see `worker_curves`.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

from nbtrack.base.guard import guarded
from nbtrack.base.imported import is_instance
from nbtrack.hooks.sklearn.inner_estimators import deciding_estimator
from nbtrack.hooks.sklearn.worker_fits import GOES_ON, Curves, SplitNote, curves_of
from nbtrack.hooks.training.loop import Loop
from nbtrack.hooks.training.record import Record

if TYPE_CHECKING:
    from nbtrack.recording.active_run import ActiveRun

_OF_A_SPLIT = ("sklearn.model_selection._validation", "_fit_and_score")


class _Split(NamedTuple):
    chosen: Mapping[str, Any]  # by the candidate: the very dict in `cv_results_["params"]`
    among: int  # candidates: a halving search tries some of its dicts again, among fewer
    number: int
    splits: int


class CandidateCurves:
    """Those of one search, noted while it runs."""

    def __init__(self) -> None:
        # By the id of what was chosen, and among how many.
        self._by_split: dict[tuple[int, int], dict[int, Curves]] = {}
        self._by_row: dict[int, dict[int, Curves]] = {}  # of fits in other processes
        self._split_count = 0
        self._rows: int | None = 0  # of the results, as far as they have come home
        self._held: list[Any] = []  # so that an id stays its
        self._refitted: list[Any] = []

    def note_split(self, split: _Split, curves: Curves) -> None:
        self._held.append(split.chosen)
        self._split_count = split.splits
        self._by_split.setdefault((id(split.chosen), split.among), {})[split.number] = curves

    def note_elsewhere(self, notes: Sequence[SplitNote], *, fits: int) -> None:
        """Of so many *fits* of further candidates, which other processes have made."""
        splits = self._split_count = notes[0].splits if notes else self._split_count
        if self._rows is None or not splits:
            self._rows = None  # of what comes still it is not sure whose it is
            return
        for note in notes:
            by_split = self._by_row.setdefault(self._rows + note.candidate, {})
            by_split[note.split] = note.curves
        self._rows += fits // splits

    def note_refit(self, estimator: Any) -> None:
        self._refitted.append(estimator)

    def means(self, results: Mapping[str, Any]) -> list[dict[tuple[str, str], list[float]]]:
        """For each row of *results*; empty if there are none, or if it is not sure whose."""
        chosen = results["params"]
        rounds = results.get("iter", [0] * len(chosen))
        among = Counter(rounds)
        keys = [(id(each), among[nth]) for each, nth in zip(chosen, rounds)]
        seen = Counter(keys)
        by_split = [self._by_split.get(key, {}) if seen[key] == 1 else {} for key in keys]
        return [self._mean(here or self._by_row.get(row, {})) for row, here in enumerate(by_split)]

    def _mean(self, by_split: Mapping[int, Curves]) -> dict[tuple[str, str], list[float]]:
        if not by_split or len(by_split) < self._split_count:
            return {}
        first, *others = by_split.values()
        return {
            names: [sum(values) / len(by_split) for values in zip(first[names], *theirs)]
            for names in first
            if len(theirs := [each[names] for each in others if names in each]) == len(others)
        }

    def log_best(self, run: ActiveRun, search: Any) -> None:
        best = deciding_estimator(search)
        if any(best is each for each in self._refitted):
            loop = Loop(run)
            curves = curves_of(best)
            for step in range(max(map(len, curves.values()), default=0)):
                loop.add(step, [(*k, each[step]) for k, each in curves.items() if step < len(each)])
            if curves:
                _tell_best(loop, best)
            loop.close()


_watching: list[CandidateCurves] = []


@contextmanager
def watched(curves: CandidateCurves) -> Iterator[None]:
    """A search runs. Another one may at the same time, in another thread: each is told of the fits
    of both, and knows its own by their candidates."""
    _watching.append(curves)
    try:
        yield
    finally:
        _watching[:] = [each for each in _watching if each is not curves]


class PartOfSearch(Record):
    """A fit that a search makes, which has no run of its own."""

    def __init__(self, estimator: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.args, self.kwargs = (estimator, *args), kwargs
        self._around = _fit_and_score(sys._getframe(1))

    def fail(self, error: BaseException) -> None:
        """It is the search's."""

    def finish(self, result: Any) -> None:  # noqa: ARG002 - `fit` returns the estimator
        with guarded("note the iterations of a candidate"):
            estimator = self.args[0]
            split = _split_of(estimator, self._around)
            for search in list(_watching):
                if split is not None:
                    search.note_split(split, curves_of(estimator))
                elif self._around is None:
                    search.note_refit(estimator)


def part_of_search(
    estimator: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> PartOfSearch | None:
    """None: no search is watched."""
    if not _watching or any(kwargs.get(name) is not None for name in GOES_ON):
        return None
    return PartOfSearch(estimator, args, kwargs)


def _split_of(estimator: Any, around: Mapping[str, Any] | None) -> _Split | None:
    """None: it is no candidate, but a part of one, or of something else that has splits."""
    if around is None or around["candidate_progress"] is None:
        return None
    if deciding_estimator(around["estimator"]) is not estimator:
        return None
    (_, among), (number, splits) = around["candidate_progress"], around["split_progress"]
    return _Split(around["parameters"], among, number, splits)


def _fit_and_score(frame: FrameType | None) -> Mapping[str, Any] | None:
    """What scikit-learn's function for one split was called with; None: nothing called it."""
    while frame is not None:
        if (frame.f_globals.get("__name__"), frame.f_code.co_name) == _OF_A_SPLIT:
            return frame.f_locals
        frame = frame.f_back
    return None


def _tell_best(loop: Loop, estimator: Any) -> None:
    """Counted from 0, which LightGBM does not: 1 is its first, and 0 is none."""
    if is_instance(estimator, "lightgbm.sklearn", "LGBMModel"):
        loop.best_iteration = (estimator.best_iteration_ or 0) - 1
        if loop.best_iteration < 0:
            loop.best_iteration = None
    elif is_instance(estimator, "xgboost.sklearn", "XGBModel"):
        loop.best_iteration = getattr(estimator, "best_iteration", None)
        loop.best_score = getattr(estimator, "best_score", None)
    else:
        loop.best_iteration = estimator.best_iteration_
