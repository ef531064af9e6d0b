"""The candidates of a search as runs.

| of a candidate | is                                                                     |
|----------------|------------------------------------------------------------------------|
| params         | those chosen for it, and the rest of its estimator's                   |
| metrics        | every column of numbers: `mean_test_score`, `std_test_score`,          |
|                | `rank_test_score`, `split0_test_score` ..., `mean_fit_time` ...,       |
|                | `mean_train_score` ..., `iter`, `n_resources`; with several scorers    |
|                | `mean_test_<scorer>` ...                                               |
| curves         | of boosters, what `eval_set=` gave: see `candidate_curves`             |
| name           | what was chosen: `C=10 kernel=rbf`                                     |
| status         | FAILED if no split gave a score                                        |
| tags           | `estimator_name`, `estimator_class`; `nbtrack.origins`, what was tuned |
|                | and what is a default; `nbtrack.candidate`, its row in                 |
|                | the results; `nbtrack.failed_splits`, "2 of 5", if some gave no score  |
| start, end     | from its times of fit and score, one candidate after the other         |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.hooks.sklearn.candidate_params import (
    ParamTexts,
    candidate_name,
    is_estimator,
    params_around,
)
from nbtrack.hooks.sklearn.inner_estimators import is_search
from nbtrack.hooks.sklearn.noted_origins import metric_origins, param_origins
from nbtrack.hooks.sklearn.search_scores import failed_splits, run_times
from nbtrack.hooks.training.loop import curve_key, curve_origin
from nbtrack.hooks.training.storable_keys import storable_key, storable_keys
from nbtrack.recording.run_batch import FinishedRun
from nbtrack.records.origins import ORIGINS_TAG, Origin, Origins, all_of, origins_text
from nbtrack.records.runs import RunStatus
from nbtrack.records.tags import CANDIDATE_TAG

if TYPE_CHECKING:
    from nbtrack.hooks.sklearn.candidate_curves import CandidateCurves

FAILED_SPLITS_TAG = "nbtrack.failed_splits"
MOST_NAME = 60  # characters


class Candidates:
    """What a fitted *search* tried between two moments, in microseconds since 1970 UTC.

    *columns* are its `score_columns`.
    """

    def __init__(
        self,
        search: Any,
        columns: Mapping[str, Sequence[str]],
        curves: CandidateCurves | None = None,
        *,
        began_us: int,
        ended_us: int,
    ) -> None:
        results = search.cv_results_
        self.metric_keys = list(storable_keys(columns).values())
        self._values = list(zip(*columns.values())) or [()] * len(results["params"])
        error_score = getattr(search, "error_score", None)
        self._failed, self._splits = failed_splits(results, error_score=error_score)
        self._times = run_times(results, self._splits, began_us=began_us, ended_us=ended_us)
        self._chosen: Sequence[Mapping[str, Any]] = results["params"]
        self._iterations: Sequence[int] | None = results.get("iter")
        # Of a search in a search, the parts are tuned by that one.
        self._untuned = search.estimator.get_params(deep=not is_search(search.estimator))
        self._estimator_name = type(search.estimator).__name__
        self._texts = ParamTexts()
        self._origins: dict[tuple[str, ...], str] = {}  # by what was chosen
        means = [{}] * len(results["params"]) if curves is None else curves.means(results)
        self._curves = [{curve_key(*k): v for k, v in m.items()} for m in means]
        followed = {curve_key(*names): curve_origin(*names) for mean in means for names in mean}
        self._untold = Origins(
            params=param_origins(search.estimator),
            metrics=metric_origins(self.metric_keys) | followed,
        )
        self._around: dict[tuple[object, ...], dict[str, str]] = {}

    def runs(self, rows: Sequence[int]) -> Iterator[FinishedRun]:
        return map(self.run, rows)

    def run(self, row: int) -> FinishedRun:
        chosen, (began_us, ended_us) = self._chosen[row], self._times[row]
        return FinishedRun(
            name=self._name(row),
            status=self._status(row),
            start_us=began_us,
            end_us=ended_us,
            metrics=self._values[row],
            params={storable_key(key): self._texts.of(value) for key, value in chosen.items()},
            shared_params=self._params_around(chosen),
            tags=self._tags(row),
            curves=self._curves[row],
        )

    def _name(self, row: int) -> str:
        name = candidate_name(self._chosen[row], self._texts) or self._estimator_name
        end = "" if self._iterations is None else f" iter={self._iterations[row]}"
        most = MOST_NAME - len(end)
        return (name if len(name) <= most else f"{name[: most - 1]}…") + end

    def _status(self, row: int) -> RunStatus:
        is_failed = 0 < self._splits == self._failed[row]
        return RunStatus.FAILED if is_failed else RunStatus.FINISHED

    def _tags(self, row: int) -> dict[str, str]:
        tags = {CANDIDATE_TAG: str(row), ORIGINS_TAG: self._origins_of(self._chosen[row])}
        if self._failed[row]:
            tags[FAILED_SPLITS_TAG] = f"{self._failed[row]} of {self._splits}"
        return tags

    def _origins_of(self, chosen: Mapping[str, Any]) -> str:
        """What was chosen for it is what tells it from the others."""
        keys = tuple(chosen)
        if keys not in self._origins:
            tuned = all_of(map(storable_key, keys), Origin.CHANGED)
            self._origins[keys] = origins_text(self._untold | Origins(params=tuned))
        return self._origins[keys]

    def _params_around(self, chosen: Mapping[str, Any]) -> dict[str, str]:
        """One dict for all candidates in which the same params were chosen."""
        kind = (*chosen, *(id(value) for value in chosen.values() if is_estimator(value)))
        if kind not in self._around:
            around = params_around(self._untuned, chosen)
            self._around[kind] = {storable_key(k): self._texts.of(v) for k, v in around.items()}
        return self._around[kind]
