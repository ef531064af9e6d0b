"""Searches over params: GridSearchCV, RandomizedSearchCV, the halving ones, any BaseSearchCV.

On the run of the search:

| recorded                 | when                                     | is                        |
|--------------------------|------------------------------------------|---------------------------|
| param `best_<param>`     | the search has `best_params_`            | those                     |
| metric `best_cv_score`   | the search has `best_score_`             | that                      |
| `cv_results.csv`         | always                                   | every candidate, a row of |
|                          |                                          | `cv_results_` each        |
| tag `nbtrack.best_child` | the best candidate is one of the         | the id of its run         |
|                          | candidates kept                          |                           |
| tag `nbtrack.refit`      | there was no refit, so there is no model | "False"                   |

In a tracked cell also what the best candidate has: the params that were tried and the scores on
data held out, with the tags `nbtrack.best_of`, of how many, and `nbtrack.best_by`, by which score.

Each candidate is a child run: see `search_candidates`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.base.guard import guarded
from nbtrack.hooks.sklearn.cv_results_csv import cv_results_csv
from nbtrack.hooks.sklearn.inner_estimators import is_search
from nbtrack.hooks.sklearn.noted_origins import metric_origins, note_metrics
from nbtrack.hooks.sklearn.params import param_texts
from nbtrack.hooks.sklearn.search_candidates import Candidates
from nbtrack.hooks.sklearn.search_scores import best_rows, score_columns
from nbtrack.hooks.training.run_choice import CLASS_TAG, NAME_TAG
from nbtrack.hooks.training.storable_keys import storable_key
from nbtrack.recording.run_batch import FinishedRun, log_finished_children
from nbtrack.recording.session import current_session
from nbtrack.records.origins import Origin, Origins, all_of
from nbtrack.records.tags import AUTOLOG_TAG, BEST_BY_TAG, BEST_CHILD_TAG, BEST_OF_TAG

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbtrack.hooks.sklearn.fit_call import FitCall
    from nbtrack.hooks.sklearn.flags import Flags
    from nbtrack.recording.active_run import ActiveRun

__all__ = ["is_search", "log_search"]

REFIT_TAG = "nbtrack.refit"
CV_RESULTS_FILE = "cv_results.csv"


def log_search(run: ActiveRun, call: FitCall, flags: Flags) -> None:
    """Record what a search tried and found; of any other estimator nothing."""
    search = call.estimator
    if not is_search(search):
        return
    _log_best(run, search)
    if getattr(search, "cv_results_", None):
        columns = score_columns(search.cv_results_)
        with guarded(f"store {CV_RESULTS_FILE}"):
            run.log_bytes(cv_results_csv(search.cv_results_, columns), CV_RESULTS_FILE)
        began_us = max(run.began_us, call.ended_us - int(call.seconds * 1e6))
        ended_us = call.ended_us - int(getattr(search, "refit_time_", 0.0) * 1e6)  # it came last
        candidates = Candidates(search, columns, call.curves, began_us=began_us, ended_us=ended_us)
        _log_candidates(run, search, candidates, flags)
    if call.curves is not None:
        with guarded("record the iterations of the best candidate"):
            call.curves.log_best(run, search)


def _log_best(run: ActiveRun, search: Any) -> None:
    best = getattr(search, "best_params_", None) or {}
    found = {storable_key(f"best_{name}"): value for name, value in best.items()}
    run.log_params(found)
    run.note_origins(Origins(params=all_of(found, Origin.CHANGED)))
    if hasattr(search, "best_score_"):
        run.log_metric("best_cv_score", search.best_score_)
        note_metrics(run, ["best_cv_score"])
    if not getattr(search, "refit", True):
        run.set_tag(REFIT_TAG, "False")


def _log_candidates(run: ActiveRun, search: Any, candidates: Candidates, flags: Flags) -> None:
    rows = best_rows(
        search.cv_results_, flags.max_tuning_runs, refit=getattr(search, "refit", None)
    )
    run_ids = log_finished_children(
        run,
        candidates.runs(rows),
        metric_keys=candidates.metric_keys,
        tags=_tags(search.estimator, flags),
    )
    best = int(getattr(search, "best_index_", -1))
    if best in rows:
        run.set_tag(BEST_CHILD_TAG, run_ids[rows.index(best)])
        if current_session().cell_run is not None:
            _show_best(run, search, candidates.run(best), candidates.metric_keys)


def _show_best(run: ActiveRun, search: Any, best: FinishedRun, keys: Sequence[str]) -> None:
    """What tells the best candidate from the others, as if it were the search's: so a table finds
    and sorts it. In scripts a search has what MLflow gives it."""
    origins = metric_origins(keys)
    measured = {
        key: float(text.strip('"'))
        for key, text in zip(keys, best.metrics)
        if origins[key] is Origin.MEASURED
    }
    own = param_texts(search)
    params = {key: value for key, value in best.params.items() if key not in own}
    run.hook_params.update(params)
    run.log_params(params)
    run.log_metrics(measured)
    run.note_origins(
        Origins(params=all_of(params, Origin.CHANGED), metrics=all_of(measured, Origin.MEASURED))
    )
    wanted = (storable_key(f"mean_test_{by}") for by in (search.refit, "score"))
    by = [{BEST_BY_TAG: key} for key in wanted if key in keys][:1]
    run.set_tags({BEST_OF_TAG: len(search.cv_results_["params"]), **(by[0] if by else {})})


def _tags(estimator: Any, flags: Flags) -> dict[str, Any]:
    kind = type(estimator)
    return {
        **(flags.extra_tags or {}),
        AUTOLOG_TAG: "sklearn",
        NAME_TAG: kind.__name__,
        CLASS_TAG: f"{kind.__module__}.{kind.__name__}",
    }
