"""Metrics while `fit` runs, through scikit-learn's own callbacks (1.9 and later).

Our callback is set on the estimator that iterates, for the time of the fit, and taken off again:
when the fit returns or raises, the estimator's attributes are what they were. Callbacks of the
user's own stay where they are. An auto-propagated callback would need less code, but scikit-learn
warns the user about every step of a pipeline that takes none.

What scikit-learn 1.9.1 supports, and what is logged:

- `LogisticRegression(solver="lbfgs")` on FEWEST_NUMBERS or more: `train_loss`, the mean log loss
  after each iteration, unweighted, on up to 2,000 rows; of many long ones as many as COST_SHARE
  allows. Also as the last step of a `Pipeline` and in the refit of a search. On less data there is
  none: scikit-learn copies the estimator for us in each iteration, which would make a fit that is
  over in a moment half as slow again.
- `GridSearchCV`, `RandomizedSearchCV`, `Halving...SearchCV` in this process: `search_progress`, the
  share of fits done (each iteration of a halving search counts as much), of searches longer than
  PROGRESS_SECONDS. Candidates' own iterations are not followed: at 30 µs each they would cost more
  than the 5 % that a search may. With `n_jobs` > 1 nothing is set: the search is pickled into
  every worker, and we would be in the pickle.
- Any other estimator with `set_callbacks` that passes `fitted_estimator`: `train_score` per
  iteration, as often as COST_SHARE of the time allows.
- `Pipeline` and `StandardScaler` call callbacks too, but have no iterations.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from copy import copy
from math import prod
from threading import Lock
from typing import TYPE_CHECKING, Any

from nbtrack.base.guard import guarded
from nbtrack.base.imported import is_instance
from nbtrack.hooks.quiet import no_warnings, unnoticed
from nbtrack.hooks.sklearn.inner_estimators import is_pipeline, is_search
from nbtrack.hooks.sklearn.iteration_losses import LinearLosses, can_follow
from nbtrack.hooks.sklearn.noted_origins import note_metrics
from nbtrack.journal.lines import now_us
from nbtrack.records.runs import Metric

if TYPE_CHECKING:
    from nbtrack.recording.active_run import ActiveRun

LIVE_SECONDS = 0.1  # between two writes
PROGRESS_SECONDS = 1.0
# A fit on so many is one that somebody waits for: an iteration takes 5 ms, and the copy 0.06 ms.
FEWEST_NUMBERS = 2_000_000
NUMBERS_IN_A_TEXT = 400  # words
COST_SHARE = 0.03  # of the time of the fit that computing losses and scores may take
FREE_SECONDS = 0.001  # may always be spent
_ATTRIBUTE = "_skl_callbacks"  # where `set_callbacks` keeps them; there is no public way to ask
_REFIT, _CANDIDATE = "refit-with-best-params", "candidate-split-evaluation"
_HALVING = "halving-iteration"


def live_metrics(run: ActiveRun, estimator: Any, X: Any) -> ExitStack:
    """`with live_metrics(run, estimator, X): fit(X)`. Nothing for estimators without callbacks."""
    attached = ExitStack()
    if hasattr(estimator, "set_callbacks"):
        with guarded("follow the iterations of a fit"):
            _attach(run, estimator, attached, numbers=number_count(X))
    return attached


def number_count(X: Any) -> int:
    """About how many numbers an estimator has to work through, so far as X tells."""
    if hasattr(X, "nnz"):
        return int(X.nnz)
    shape = getattr(X, "shape", ())
    if len(shape) > 1:
        return int(prod(shape))
    if not hasattr(X, "__len__"):
        return 0
    is_table = len(X) > 0 and isinstance(X, list | tuple) and isinstance(X[0], list | tuple)
    return len(X) * (len(X[0]) if is_table else NUMBERS_IN_A_TEXT)


def _attach(run: ActiveRun, estimator: Any, attached: ExitStack, *, numbers: int) -> None:
    """*attached* takes off what is set here."""
    host = _last_step(estimator)
    if not hasattr(host, "set_callbacks"):
        return
    watcher: _Watcher
    if is_search(host):
        if not _runs_here(host):
            return
        watcher = SearchWatcher(run, attached, numbers=numbers)
    elif not _iterates(host, numbers=numbers):
        return
    else:
        watcher = IterationWatcher(run)
    # scikit-learn does so at each iteration. What cannot be copied shall fail here, and not there:
    # that would be in the user's fit.
    copy(host)
    attached.callback(watcher.finish)
    attached.callback(_take_off, host, watcher, kept=vars(host).get(_ATTRIBUTE))
    with no_warnings():
        host.set_callbacks(*vars(host).get(_ATTRIBUTE, ()), watcher)


def _take_off(host: Any, watcher: _Watcher, *, kept: list[Any] | None) -> None:
    with guarded("take its callback off an estimator"):
        others = [each for each in vars(host).get(_ATTRIBUTE, ()) if each is not watcher]
        if kept is not None and [*map(id, kept)] == [*map(id, others)]:
            others = kept  # the very list
        if others:
            vars(host)[_ATTRIBUTE] = others
        else:
            vars(host).pop(_ATTRIBUTE, None)


def _last_step(estimator: Any) -> Any:
    while is_pipeline(estimator) and estimator.steps:
        estimator = estimator.steps[-1][1]
    return estimator


def _runs_here(search: Any) -> bool:
    from joblib import effective_n_jobs

    return bool(effective_n_jobs(search.n_jobs) == 1)


def _iterates(estimator: Any, *, numbers: int) -> bool:
    if is_instance(estimator, "sklearn.linear_model", "LogisticRegression"):
        return bool(estimator.solver == "lbfgs" and numbers >= FEWEST_NUMBERS)
    return not is_instance(estimator, "sklearn.preprocessing", "StandardScaler")


class _NoWatcher:
    """What a watcher is in a pickle or a copy made while `fit` runs: nothing happens there."""

    def setup(self, estimator: Any, context: Any) -> None: ...
    def teardown(self, estimator: Any, context: Any) -> None: ...
    def on_fit_task_begin(self, estimator: Any, context: Any) -> None: ...
    def on_fit_task_end(self, estimator: Any, context: Any) -> None: ...


class _Watcher(_NoWatcher):
    def __reduce__(self) -> tuple[Any, ...]:
        return _NoWatcher, ()

    def finish(self) -> None:
        """The fit is over, or has failed."""


class IterationWatcher(_Watcher):
    """One series per fit: step 1 is after the first iteration."""

    def __init__(self, run: ActiveRun) -> None:
        self._run = run
        self._losses: LinearLosses | None = None
        self._steps = 0
        self._began = time.monotonic()
        self._next_write = self._began + LIVE_SECONDS
        self._spent = 0.0
        self._points: list[Metric] = []

    def on_fit_task_end(
        self,
        estimator: Any,  # noqa: ARG002 - scikit-learn's interface
        context: Any,
        *,
        X: Any = None,
        y: Any = None,
        fitted_estimator: Any = None,
    ) -> None:
        # The task without a parent is the fit itself; a fit that is part of another has one.
        if fitted_estimator is None or context.max_subtasks != 0:
            return
        self._steps += 1
        if self._losses is not None and time.monotonic() < self._next_write:
            self._losses.add(self._steps, fitted_estimator)  # nearly always: a few µs at most
            return
        with guarded("follow the iterations of a fit"):
            self._follow(fitted_estimator, X, y)

    def _follow(self, fitted: Any, X: Any, y: Any) -> None:
        if self._losses is None and can_follow(fitted):
            self._losses = LinearLosses(fitted, X, y)
        if self._losses is not None:
            self._losses.add(self._steps, fitted)
        else:
            self._score(fitted, X, y)
        if time.monotonic() >= self._next_write:
            self._write()

    def finish(self) -> None:
        with guarded("write the iterations of a fit"):
            self._write()

    def _score(self, fitted: Any, X: Any, y: Any) -> None:
        now = time.monotonic()
        if X is None or y is None or self._allowed() <= 0:
            return
        with unnoticed(fitted):
            score = float(fitted.score(X, y))
        self._spent += time.monotonic() - now
        self._points.append(Metric("train_score", score, now_us() // 1000, self._steps))

    def _allowed(self) -> float:
        """Seconds that may be spent now."""
        return COST_SHARE * (time.monotonic() - self._began) + FREE_SECONDS - self._spent

    def _write(self) -> None:
        if self._losses is not None:
            begin, now = time.monotonic(), now_us() // 1000
            with no_warnings():
                found = self._losses.take(seconds=max(0.0, self._allowed()))
            self._spent += time.monotonic() - begin
            self._points += [Metric("train_loss", loss, now, step) for step, loss in found]
        if self._points:
            self._run.log_batch(metrics=self._points)
            note_metrics(self._run, {point.key for point in self._points})
        self._points = []
        self._next_write = time.monotonic() + LIVE_SECONDS


class SearchWatcher(_Watcher):
    """How far a search is, and the iterations of its refit."""

    def __init__(self, run: ActiveRun, attached: ExitStack, *, numbers: int) -> None:
        self._run = run
        self._attached = attached
        self._numbers = numbers
        self._counting = Lock()  # with joblib's threads, candidates end at the same time
        self._done = self._shown = 0
        self._share = 0.0
        self._iteration: Any = None  # the task that the candidates are part of
        self._done_before = 0  # when it began
        self._written = time.monotonic() - LIVE_SECONDS + PROGRESS_SECONDS

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        if context.task_name == _REFIT and context.estimator_name == type(estimator).__name__:
            with guarded("follow the iterations of a refit"):
                best = estimator.best_estimator_
                _attach(self._run, best, self._attached, numbers=self._numbers)

    def on_fit_task_end(self, estimator: Any, context: Any) -> None:  # noqa: ARG002
        if context.task_name != _CANDIDATE or not context.parent.max_subtasks:
            return
        with guarded("write how far a search is"), self._counting:
            self._count(context.parent)
            now = time.monotonic()
            if now - self._written >= LIVE_SECONDS:
                self._written = now
                self._write()

    def _count(self, iteration: Any) -> None:
        """One more is done of *iteration*, of which a halving search has several."""
        if iteration is not self._iteration:
            self._iteration, self._done_before = iteration, self._done
        self._done += 1
        self._share = (self._done - self._done_before) / iteration.max_subtasks
        if iteration.task_name == _HALVING:
            self._share = (iteration.task_id + self._share) / iteration.parent.max_subtasks

    def finish(self) -> None:
        if self._shown:  # it was a long one, and may have gone on since
            with guarded("write how far a search is"):
                self._write()

    def _write(self) -> None:
        if self._shown != self._done:
            self._shown = self._done
            self._run.log_metric("search_progress", self._share, self._done)
            note_metrics(self._run, ["search_progress"])
