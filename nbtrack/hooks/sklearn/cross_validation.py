"""Around the functions of `sklearn.model_selection` that score by cross-validation.

| function               | metrics                                                | step          |
|------------------------|--------------------------------------------------------|---------------|
| cross_val_score        | `cv_test_score`                                        | fold          |
| cross_validate         | `cv_test_score`, or `cv_test_<scorer>` of several;     | fold          |
|                        | `cv_train_...` if asked for; `cv_fit_time`,            |               |
|                        | `cv_score_time` in seconds                             |               |
| both                   | `..._mean` and `..._std` of each                       | -             |
| learning_curve         | `learning_curve_train_score`, `..._test_score` and     | training rows |
|                        | `..._std`: mean and deviation over the folds           |               |
| validation_curve       | `validation_curve_<param>_train_score`, `..._test_score` | place in    |
|                        | and `..._std`: mean and deviation over the folds       | `param_range` |
| permutation_test_score | `permutation_test_score`, `permutation_test_pvalue`    | -             |
|                        | `permutation_test_permuted_score`                      | permutation   |
| cross_val_predict      | none; what is measured of the predictions later, as    | -             |
|                        | `accuracy_score_X_out_of_fold`                         |               |

Both curves are kept fold by fold too, with the values of the param, in `learning_curve.csv` and
`validation_curve_<param>.csv`. A second call on the same run is `cv-2_test_score`. The tag
`nbtrack.cv` (`nbtrack.cv-2`, `nbtrack.learning_curve` ...) has the call as it was written.

Each row of what `cross_val_predict` returns is of a model that was not trained on it, and none of
these models is kept: so it is the run that tells of the estimator that gets the metrics, with
another name for the data than those of the model that is fitted there.

The run is chosen as for a fit (see `run_choice`), except that an estimator equal to the one that
the run tells of joins it. A run that told of none gets params, tags and data as from a fit.
"""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

from nbtrack.base.guard import guarded
from nbtrack.capture.secrets import mask_secrets
from nbtrack.hooks.data.datasets import log_dataset
from nbtrack.hooks.measured.known_models import known_models
from nbtrack.hooks.measured.metric_log import metric_log_of
from nbtrack.hooks.measured.prediction_store import Prediction
from nbtrack.hooks.measured.predictions import UNKNOWN_DATA, predictions
from nbtrack.hooks.measured.users_call import UsersCall
from nbtrack.hooks.nesting import calling_frame, is_inside_recorded_call
from nbtrack.hooks.sklearn import validation_scores
from nbtrack.hooks.sklearn.flags import current_flags
from nbtrack.hooks.sklearn.hook import switch
from nbtrack.hooks.sklearn.noted_origins import note_metrics, note_params
from nbtrack.hooks.sklearn.params import fit_name, param_texts
from nbtrack.hooks.sklearn.quiet_draws import QuietDraw
from nbtrack.hooks.sklearn.run_choice import run_of_fit
from nbtrack.hooks.sklearn.subjects import note_validation, subject_of, tells_of
from nbtrack.hooks.training.run_choice import CLASS_TAG, NAME_TAG, first_fit_of
from nbtrack.hooks.training.storable_keys import storable_key
from nbtrack.journal.lines import now_us
from nbtrack.recording.session import current_session
from nbtrack.records.runs import Metric, Param, RunStatus, RunTag
from nbtrack.records.tags import FIT_TAG

if TYPE_CHECKING:
    from nbtrack.hooks.patching import Around
    from nbtrack.hooks.sklearn.validation_scores import Reader, Scores
    from nbtrack.recording.active_run import ActiveRun

ERROR_TAG = "nbtrack.fit_error"
OUT_OF_FOLD = "out_of_fold"
_MOST_TEXT = 500  # characters of a call, and of an error

_counts: weakref.WeakKeyDictionary[ActiveRun, Counter[str]] = weakref.WeakKeyDictionary()
_lock = Lock()


def _around(read: Reader) -> Around:
    def around(original: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
        record = _begun(original, args, kwargs)
        if record is None:
            return original(*args, **kwargs)
        drawing = QuietDraw()
        try:
            result = original(*args, **kwargs)
        except BaseException as exc:
            record.fail(exc)
            raise
        drawing.end_of_folds(original.__name__, record.given)
        record.finish(result, read)
        if read is validation_scores.of_cross_val_predict:
            record.remember_predictions(result)
        return result

    return around


around_cross_validate = _around(validation_scores.of_cross_validate)
around_cross_val_score = _around(validation_scores.of_cross_val_score)
around_learning_curve = _around(validation_scores.of_learning_curve)
around_validation_curve = _around(validation_scores.of_validation_curve)
around_permutation_test_score = _around(validation_scores.of_permutation_test)
around_cross_val_predict = _around(validation_scores.of_cross_val_predict)


def _begun(original: Any, args: Any, kwargs: Any) -> _Record | None:
    """None: the call is not to be recorded, or cannot be."""
    if is_inside_recorded_call() or not switch.records_here or (frame := calling_frame()) is None:
        return None
    with guarded(f"record {original.__name__}"):
        call = UsersCall(frame, original, args, kwargs)
        place = _find_place(call.given["estimator"])
        return None if place is None else _begin(place, call)
    return None


@dataclass(frozen=True, slots=True)
class _Place:
    run: ActiveRun
    is_new_to_it: bool  # nothing is known there of this estimator
    ends_with_call: bool


def _find_place(estimator: Any) -> _Place | None:
    session, subject = current_session(), subject_of(estimator)
    active, flags = session.active_run(), current_flags()
    if active is not None and not flags.exclusive:
        trained = known_models.run_of(estimator)
        for run in filter(None, (trained, first_fit_of(active))):
            if active in (run, run.parent) and tells_of(run, subject):
                return _Place(run, is_new_to_it=False, ends_with_call=False)
    chosen = run_of_fit(session, estimator, flags)
    if chosen is None:
        return None
    note_validation(chosen.run, subject)
    return _Place(chosen.run, is_new_to_it=True, ends_with_call=chosen.ends_with_fit)


def _begin(place: _Place, call: UsersCall) -> _Record:
    record = _Record(place, call)
    try:
        if place.is_new_to_it:
            record.write_beginning()
    except BaseException as exc:  # the user interrupts us
        record.fail(exc)
        raise
    return record


class _Record:
    """One outermost call, from before it begins to after it has ended."""

    def __init__(self, place: _Place, call: UsersCall) -> None:
        self._place = place
        self._run = place.run
        self._call = call

    @property
    def given(self) -> dict[str, Any]:
        return self._call.given

    def write_beginning(self) -> None:
        """Params and tags as of a fit: it is this estimator that is fitted on every fold."""
        estimator = self._call.given["estimator"]
        kind = type(estimator)
        tags = {NAME_TAG: kind.__name__, CLASS_TAG: f"{kind.__module__}.{kind.__name__}"}
        params: dict[str, str] = {}
        with guarded(f"record the params of {kind.__name__}"):
            tags[FIT_TAG] = fit_name(estimator)
            params = param_texts(estimator)
            self._run.hook_params.update(params)
        self._run.log_batch(
            params=[Param(key=key, value=value) for key, value in params.items()],
            tags=[RunTag(key=key, value=value) for key, value in tags.items()],
        )
        with guarded(f"tell the defaults of {kind.__name__}"):
            note_params(self._run, estimator, params)

    def fail(self, error: BaseException) -> None:
        ended_us = now_us()
        with guarded(f"record that {self._call.function} failed"):
            text = f"{self._call.function}: {type(error).__name__}: {error}"
            self._run.set_tag(ERROR_TAG, text[:_MOST_TEXT])
        is_interrupt = isinstance(error, KeyboardInterrupt)
        self._end(RunStatus.KILLED if is_interrupt else RunStatus.FAILED, ended_us)

    def finish(self, result: Any, read: Reader) -> None:
        ended_us = now_us()
        try:
            with guarded(f"record {self._call.function}"):
                self._log(read(result, self._call.given))
            if self._place.is_new_to_it and current_flags().log_datasets:
                with guarded(f"record the data of {self._call.function}"):
                    self._log_data()
        finally:  # also when the user interrupts us
            self._end(RunStatus.FINISHED, ended_us)

    def remember_predictions(self, result: Any) -> None:
        """What is measured of them is this run's."""
        with guarded(f"remember the predictions of {self._call.function}"):
            X, found = self._call.given["X"], self._call.name("X")
            name = UNKNOWN_DATA if found is None else found.name
            if found is not None and found.is_variable:
                name = metric_log_of(self._run).data_name(name, X)
            made = Prediction(self._run, f"{name}_{OUT_OF_FOLD}")
            predictions.remember(result, made, made_from=X)

    def _log(self, scores: Scores) -> None:
        name = _numbered(self._run, storable_key(scores.family))
        text = mask_secrets(self._call.text(self._call.function))[:_MOST_TEXT]
        points = list(_points(name, scores))
        self._run.log_batch(metrics=points, tags=[RunTag(key=f"nbtrack.{name}", value=text)])
        note_metrics(self._run, {point.key for point in points})
        if scores.table:
            self._run.log_text(scores.table, f"{name}.csv")

    def _log_data(self) -> None:
        X, y = self._call.given["X"], self._call.given.get("y")
        names = {name: self._call.name(name) for name in ("X", "y") if name in self._call.given}
        texts = {name: None if found is None else found.name for name, found in names.items()}
        log_dataset(self._run, X, y=y, name=texts["X"], y_name=texts.get("y"), context="train")

    def _end(self, status: RunStatus, ended_us: int) -> None:
        if self._place.ends_with_call:
            with guarded(f"end the run of {self._call.function}"):
                self._run.end(status, end_us=ended_us)


def _numbered(run: ActiveRun, family: str) -> str:
    """`cv`, then `cv-2`: the folds of two calls must not mix."""
    with _lock:
        counts = _counts.setdefault(run, Counter())
        counts[family] += 1
        count = counts[family]
    return family if count == 1 else f"{family}-{count}"


def _points(name: str, scores: Scores) -> Iterator[Metric]:
    now = now_us() // 1000
    for key, points in scores.series.items():
        own = storable_key(f"{name}_{key}")
        yield from (Metric(own, value, now, step) for step, value in points)
    for key, value in scores.numbers.items():
        yield Metric(storable_key(f"{name}_{key}"), value, now, 0)
