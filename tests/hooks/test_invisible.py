"""With autolog and without: the user's code sees no difference."""

from __future__ import annotations

import io
import pickle
import traceback
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    TransformerMixin,
    _fit_context,
    clone,
    is_classifier,
)
from sklearn.cluster import KMeans, k_means
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier, VotingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.manifold import trustworthiness
from sklearn.metrics import accuracy_score, d2_log_loss_score, f1_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.validation import has_fit_parameter

import nbtrack

X, y = load_iris(return_X_y=True)


def twice(autologged, work):
    """What *work* gives with autolog, and without; *work* makes its own objects."""
    on = work()
    assert autologged.runs()
    nbtrack.autolog(disable=True)
    return on, work()


MODELS = [
    LogisticRegression(max_iter=300),
    RandomForestClassifier(5, random_state=0, n_jobs=2),
    SVC(),
    make_pipeline(StandardScaler(), DecisionTreeClassifier(random_state=0)),
    GridSearchCV(SVC(), {"C": [1, 2]}),
    KMeans(3, n_init=1, random_state=0),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_pickles_are_the_same(autologged, model):
    """Byte for byte, but for the times that a search measures; and the same attributes."""

    def fitted():
        found = clone(model).fit(X, y)
        if isinstance(found, GridSearchCV):
            del found.cv_results_, found.refit_time_
        return pickle.dumps(found), list(vars(found))

    on, off = twice(autologged, fitted)
    assert on == off
    assert b"nbtrack" not in on[0]


def test_clone_and_copies(autologged):
    """A clone of a fitted estimator is an unfitted one; a loaded pickle predicts alike."""
    fitted = LogisticRegression(C=3, max_iter=300).fit(X, y)
    copied = clone(fitted)
    loaded = pickle.loads(pickle.dumps(fitted))

    assert copied.get_params() == fitted.get_params()
    assert not hasattr(copied, "coef_")
    assert (loaded.predict(X) == fitted.predict(X)).all()
    assert isinstance(loaded, LogisticRegression)
    assert is_classifier(loaded)


def failing_fit():
    LogisticRegression(max_iter=300).fit(X, y[:-1])


def failing_pipeline():
    make_pipeline(StandardScaler(), SVC()).fit(X[:, 0], y)


def failing_metric():
    f1_score(y, y[:-1])


def failing_parameter():
    LogisticRegression(C=-1).fit(X, y)


@pytest.mark.parametrize(
    "fails", [failing_fit, failing_pipeline, failing_metric, failing_parameter]
)
def test_exceptions_are_the_same(autologged, fails):
    """Type, message, cause and every frame of the traceback."""

    def told():
        with pytest.raises(ValueError) as raised:  # noqa: PT011 - the whole text is compared
            fails()
        return "".join(traceback.format_exception(raised.value))

    LogisticRegression(max_iter=300).fit(X, y)
    on, off = twice(autologged, told)
    assert on == off
    assert "nbtrack/hooks" not in on


def test_warnings_are_the_same(autologged):
    """Category, text and the line they name, whatever their stacklevel."""

    def told():
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            LogisticRegression(max_iter=1).fit(X, y)
            KMeans(3, n_init=1, random_state=0).fit(np.zeros((10, 2)))
            f1_score([0, 1, 2], [0, 0, 0], average="macro", labels=[3])
            d2_log_loss_score([0], [[0.5, 0.5]], labels=[0, 1])
            SGDClassifier(max_iter=1, random_state=0).fit(X, y)
        return [(w.category, str(w.message), w.filename, w.lineno) for w in seen]

    on, off = twice(autologged, told)
    assert on == off
    assert {kind for kind, *_ in on} >= {ConvergenceWarning}


def test_filters_and_registries_are_left_alone(autologged):
    """What a user ignores stays ignored, and what was shown once is not shown again."""
    filters = list(warnings.filters)
    LogisticRegression(max_iter=300).fit(X, y)

    assert warnings.filters == filters


def test_random_numbers_are_the_same(autologged):
    """The global generator goes on where the fit left it, and so does one that was passed."""

    def drawn():
        np.random.seed(3)
        own = np.random.RandomState(4)
        RandomForestClassifier(3).fit(X, y)
        SGDClassifier(random_state=own).fit(X, y)
        return np.random.random(), own.random_sample()

    on, off = twice(autologged, drawn)
    assert on == off


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_workers_of_scikit_learn_record_nothing(autologged, backend):
    """The search is one run, and its candidates; the fits inside it are nobody's runs."""
    with joblib.parallel_backend(backend, n_jobs=2):
        search = GridSearchCV(SVC(), {"C": [1, 2]}, cv=2).fit(X, y)
        VotingClassifier([("a", SVC()), ("b", LogisticRegression(max_iter=300))]).fit(X, y)

    names = [run.data.tags.get("estimator_name") for run in autologged.runs()]
    assert search.best_score_ > 0.9
    assert [n for n in names if n in ("GridSearchCV", "VotingClassifier")] == [
        "GridSearchCV",
        "VotingClassifier",
    ]
    tops = [run for run in autologged.runs() if "mlflow.parentRunId" not in run.data.tags]
    assert len(tops) == 2


def train(C):
    return LogisticRegression(C=C, max_iter=300).fit(X, y).score(X, y)


def test_loky_workers_of_the_user(autologged):
    """His function is sent to processes that know nothing of autolog."""
    scores = joblib.Parallel(n_jobs=2)(joblib.delayed(train)(C) for C in (0.1, 1))

    assert scores == [train(0.1), train(1)]


def test_functions_of_scikit_learn_that_fit_inside(autologged):
    """They are no `fit` of the user's."""
    k_means(X, 3, n_init=1)
    trustworthiness(X, X[:, :2])
    make_column_transformer((StandardScaler(), [0])).fit_transform(X)

    assert autologged.runs() == []


def test_metadata_routing(autologged):
    """Requests and what is routed are as without."""
    with sklearn.config_context(enable_metadata_routing=True):

        def fitted():
            last = LogisticRegression(max_iter=300).set_fit_request(sample_weight=True)
            first = StandardScaler().set_fit_request(sample_weight=False)
            pipeline = make_pipeline(first, last)
            weights = np.arange(len(y), dtype=float)
            return pipeline.fit(X, y, sample_weight=weights)[-1].coef_.tolist()

        on, off = twice(autologged, fitted)
    assert on == off
    assert has_fit_parameter(LogisticRegression(), "sample_weight")


def test_set_output_and_feature_names(autologged):
    """Frames come out as frames, and names are checked."""
    frame = pd.DataFrame(X, columns=list("abcd"))
    scaler = StandardScaler().set_output(transform="pandas")
    model = make_pipeline(scaler, DecisionTreeClassifier()).fit(frame, y)

    assert list(scaler.fit_transform(frame)) == list("abcd")
    assert list(model.feature_names_in_) == list("abcd")
    with pytest.warns(UserWarning, match="feature names"):
        model.predict(X)


class Checked(ClassifierMixin, TransformerMixin, BaseEstimator):
    """An estimator as users write them, on top of scikit-learn's mixins."""

    def fit(self, X, y=None):
        self.inner_ = LogisticRegression(max_iter=300).fit(X, y)
        self.classes_ = self.inner_.classes_
        return self

    def transform(self, X):
        return X

    def predict(self, X):
        return self.inner_.predict(X)


def test_estimators_of_the_user_in_scikit_learns(autologged):
    """Inside a search or an ensemble they are part of it, with all that they fit."""
    BaggingClassifier(Checked(), n_estimators=2).fit(X, y)

    assert autologged.run().data.tags["estimator_name"] == "BaggingClassifier"


def test_an_estimator_of_the_user_alone(autologged):
    """What it trains inside is the training that is recorded, as in MLflow."""
    Checked().fit_transform(X, y)  # within a method of scikit-learn's mixin
    assert autologged.runs() == []
    Checked().fit(X, y)

    assert autologged.run().data.tags["estimator_name"] == "LogisticRegression"


class Decorated(BaseEstimator):
    """As imbalanced-learn's pipeline: scikit-learn's decorator around a `fit` that trains."""

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y):
        self.inner_ = LogisticRegression(max_iter=300).fit(X, y)
        return self

    _parameter_constraints: dict = {}  # noqa: RUF012


def test_decorators_of_scikit_learn_train_nothing(autologged):
    """What they call is the user's code."""
    Decorated().fit(X, y)

    assert autologged.run().data.tags["estimator_name"] == "LogisticRegression"


def test_results_are_what_fit_gave(autologged):
    """`fit` returns the estimator itself; `fit_predict` its labels."""
    model = LogisticRegression(max_iter=300)
    assert model.fit(X, y) is model
    labels = KMeans(3, n_init=1, random_state=0).fit_predict(X)

    assert type(labels) is np.ndarray
    assert accuracy_score(y, model.predict(X)) > 0.9


def test_nothing_is_printed(autologged, capfd):
    """Neither by us, nor by scikit-learn when we ask its estimators something."""
    model = RandomForestClassifier(5, random_state=0, verbose=0).fit(X, y)
    joblib.dump(model, io.BytesIO())

    assert capfd.readouterr() == ("", "")


class NoCopy(LogisticRegression):
    """Holds something that can be neither copied nor pickled, as a lock or a connection."""

    def __reduce_ex__(self, protocol):
        raise TypeError("neither copied nor pickled")


def test_estimators_that_cannot_be_copied(autologged):
    """Their fit needs no copy, and gets none."""
    NoCopy(max_iter=300).fit(X, y)
    make_pipeline(StandardScaler(), NoCopy(max_iter=300)).fit(X, y)

    assert [run.info.status for run in autologged.runs()] == ["FINISHED"] * 2


def test_code_with_odd_globals_and_classes(autologged):
    """Code run by `exec` may have no module name, and a class made by hand none either."""
    Odd = type("Odd", (LogisticRegression,), {"__module__": None})
    exec("Odd(max_iter=300).fit(X, y)", {"__name__": None, "Odd": Odd, "X": X, "y": y})
    with pytest.raises(ValueError, match="inconsistent"):
        exec("Odd().fit(X, y[:3])", {"__name__": 3, "Odd": Odd, "X": X, "y": y})

    assert [run.info.status for run in autologged.runs()] == ["FINISHED", "FAILED"]
