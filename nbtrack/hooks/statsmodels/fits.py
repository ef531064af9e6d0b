"""Around `fit` of models. What statsmodels fits on its way to a result is no fit of the user's.

| recorded             | is                                                                     |
|----------------------|------------------------------------------------------------------------|
| params               | the class, formula and settings of the model; the arguments of `fit`   |
| metrics              | what the results know of `results.ORIGINS`, MLflow's names             |
| `model_summary.txt`  | the summary                                                            |
| `coefficients.csv`   | a row each                                                             |
| data, model          | as given; what `fit` returned                                          |
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from nbtrack.base.guard import guarded
from nbtrack.capture.naming import estimator_name
from nbtrack.hooks.data.datasets import log_dataset
from nbtrack.hooks.measured.known_models import Trained, known_models
from nbtrack.hooks.quiet import no_warnings
from nbtrack.hooks.sklearn.params import defaults_of
from nbtrack.hooks.statsmodels.hook import library
from nbtrack.hooks.statsmodels.models import OWN_SETTINGS, data_of, rows_to_predict, settings_of
from nbtrack.hooks.statsmodels.results import ORIGINS, UNDEFINED, coefficients_csv, numbers_of
from nbtrack.hooks.training.arguments import UsersArguments
from nbtrack.hooks.training.beginning import around_users_calls, begun
from nbtrack.hooks.training.calls import texts_and_origins
from nbtrack.hooks.training.models import keep_trained
from nbtrack.hooks.training.record import Record
from nbtrack.hooks.training.run_choice import FitRun, names_of
from nbtrack.models.flavours import statsmodels as flavour
from nbtrack.records.origins import Origin, Origins, all_of
from nbtrack.records.tags import FIT_TAG

SUMMARY_FILE, COEFFICIENTS_FILE = "model_summary.txt", "coefficients.csv"


class ModelRecord(Record):
    def __init__(self, chosen: FitRun, model: Any, arguments: UsersArguments) -> None:
        super().__init__(chosen, type(model).__name__, arguments.args, {**arguments.kwargs})
        self.model, self.arguments, self.flags = model, arguments, library.flags
        self._rows: Any = None

    def write_beginning(self) -> None:
        params, origins = self._params()
        self.write(params, {**names_of(self.model), FIT_TAG: _name(self.model)}, origins)
        with guarded(f"take the first rows for the signature of {self.what}"):
            self._rows = rows_to_predict(self.model)

    def write_result(self, result: Any) -> None:
        for known in (result, getattr(result, "_results", None)):  # in its wrapper, and without
            if known is not None:
                known_models.remember(known, Trained(self.run, lambda: library.flags))
        with no_warnings():
            self._write_numbers(result)
            self._write_files(result)
            if self.flags.log_datasets:
                self._write_data()
            if self.flags.log_models:
                self._write_model(result)

    def _params(self) -> tuple[dict[str, str], dict[str, Origin]]:
        given = {**self.arguments.given}
        given |= given.pop("kwargs", {})
        settings = settings_of(self.model)
        found = {**self.arguments.defaults, **given, **settings}
        del found["self"]
        # What was chosen for the model counts, though `fit` may have a parameter of that name.
        kind: Any = type(self.model)
        defaults = {**self.arguments.defaults, **defaults_of(kind)}
        texts, origins = texts_and_origins(found, defaults)
        return texts, {**origins, **all_of(OWN_SETTINGS & origins.keys(), Origin.CHANGED)}

    def _write_numbers(self, result: Any) -> None:
        with guarded(f"record the numbers of {self.what}"):
            found = numbers_of(result)
            self.run.log_metrics(found)
            self.run.note_origins(Origins(metrics={key: ORIGINS[key] for key in found}))

    def _write_files(self, result: Any) -> None:
        with guarded(f"store {SUMMARY_FILE}"), suppress(*UNDEFINED):  # not all have one
            self.run.log_text(str(result.summary()), SUMMARY_FILE)
        with guarded(f"store {COEFFICIENTS_FILE}"):
            if (table := coefficients_csv(result)) is not None:
                self.run.log_text(table, COEFFICIENTS_FILE)

    def _write_data(self) -> None:
        with guarded(f"record the data of {self.what}"):
            for X, y, name, y_name, context in data_of(self.model, self.arguments):
                log_dataset(self.run, X, y=y, name=name, y_name=y_name, context=context)

    def _write_model(self, result: Any) -> None:
        with guarded(f"record the model of {self.what}"):
            keep_trained(self.run, result, flavour, self.flags, rows=self._rows)


def _begin(arguments: UsersArguments) -> Record | None:
    model = arguments.get("self")
    return begun(library, _name(model), lambda chosen: ModelRecord(chosen, model, arguments))


def _name(model: Any) -> str:
    """`OLS formula=y ~ a`, `ARIMA order=(1, 0, 0)`."""
    kind: Any = type(model)
    defaults = {"model_class": kind.__name__, **defaults_of(kind)}
    told = {
        name: str(value)
        for name, value in settings_of(model).items()
        if value != defaults.get(name) and name != "link"
    }
    return estimator_name(kind.__name__, told)


around_fit = around_users_calls("the fit of a model", library, _begin)
