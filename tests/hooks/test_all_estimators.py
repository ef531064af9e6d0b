"""Every estimator of scikit-learn: with autolog it does what it does without."""

from __future__ import annotations

import inspect
import io
import logging
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
from sklearn.base import is_regressor
from sklearn.experimental import (  # noqa: F401
    enable_halving_search_cv,
    enable_iterative_imputer,
)
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler
from sklearn.utils import all_estimators, get_tags
from threadpoolctl import threadpool_limits

import nbtrack
from nbtrack.base import background
from nbtrack.hooks.autolog import HOOKS
from nbtrack.records.runs import Run
from tests.support.begun_project import begun_project

pytestmark = pytest.mark.filterwarnings("ignore:::sklearn", "ignore:::scipy")

PREPARING = ("preprocessing", "impute", "feature_extraction", "feature_selection")
SMALL = {
    "cv": 2, "max_iter": 30, "n_estimators": 3, "n_init": 1, "n_components": 2, "n_clusters": 3,
    "max_fun": 50, "n_neighbors": 3, "min_samples": 3, "random_state": 0, "n_alphas": 3, "Cs": 2,
    "perplexity": 5, "n_iter": 2,
}  # fmt: skip

rng = np.random.default_rng(0)
X = np.abs(np.concatenate([rng.normal(3 * k, 1, size=(16, 4)) for k in range(3)])) + 0.1
CLASSES = np.repeat([0, 1, 2], 16)
NUMBERS = X @ [1.0, 2.0, 3.0, 4.0] + 1
DOCUMENTS = ["one two three", "two three four", "three four five"] * 16
FITTED = LogisticRegression(max_iter=200).fit(X, CLASSES)
OTHERWISE = {
    "CCA": {"n_components": 1},
    "FrozenEstimator": {"estimator": FITTED},
    "OrthogonalMatchingPursuitCV": {"max_iter": None},
    "PLSCanonical": {"n_components": 1},
    "PLSSVD": {"n_components": 1},
    "SelfTrainingClassifier": {"estimator": LogisticRegression(max_iter=200)},
    "SpectralBiclustering": {"n_components": 6},
    "TSNE": {"max_iter": 250},
}
DATA = {
    "ClassifierChain": (X, np.column_stack([CLASSES == 0, CLASSES == 1]).astype(int)),
    "FixedThresholdClassifier": (X, CLASSES == 0),
    "KernelCenterer": (X @ X.T, None),
    "MissingIndicator": (X, None),
    "PatchExtractor": (np.tile(X[:, :2].reshape(3, 4, 8), (1, 5, 5)), None),
    "TunedThresholdClassifierCV": (X, CLASSES == 0),
}
METHODS = ("predict", "predict_proba", "decision_function", "transform", "score_samples")


def make(kind: type) -> Any:
    """An instance with small numbers, of what it requires the simplest."""
    is_regression = "Regress" in kind.__name__
    inner = Ridge() if is_regression else LogisticRegression(max_iter=200)
    required = {
        "estimator": inner,
        "estimators": [("a", inner), ("b", type(inner)())],
        "steps": [("scale", StandardScaler()), ("last", inner)],
        "transformers": [("scale", StandardScaler(), [0, 1])],
        "transformer_list": [("scale", StandardScaler()), ("best", SelectKBest(k=2))],
        "param_grid": {"fit_intercept": [True, False]},
        "param_distributions": {"fit_intercept": [True, False]},
        "dictionary": np.eye(4),
    }
    given = {}
    for name, param in inspect.signature(kind).parameters.items():
        if param.default is inspect.Parameter.empty and name in required:
            given[name] = required[name]
        elif name in SMALL and isinstance(param.default, int | str | None):
            given[name] = SMALL[name]
    return kind(**{**given, **OTHERWISE.get(kind.__name__, {})})


def data_for(estimator: Any) -> tuple[Any, Any]:
    if type(estimator).__name__ in DATA:
        return DATA[type(estimator).__name__]
    tags = get_tags(estimator)
    if tags.input_tags.string:
        return DOCUMENTS, None
    if tags.input_tags.dict:
        return [{"a": 1, "b": k} for k in CLASSES], None
    if tags.target_tags.one_d_labels:
        return CLASSES, None
    if tags.target_tags.two_d_labels:
        return [(k, k + 1) for k in CLASSES], None
    y = NUMBERS if is_regressor(estimator) or tags.regressor_tags is not None else CLASSES
    if not tags.target_tags.single_output and tags.target_tags.multi_output:
        y = np.column_stack([y, y[::-1]])
    return (X[:, 0] if tags.input_tags.one_d_array and not tags.input_tags.two_d_array else X), y


def outcome(kind: type) -> dict[str, Any]:
    """What it says after its fit."""
    np.random.seed(0)
    estimator = make(kind)
    data, y = data_for(estimator)
    estimator.fit(data) if y is None else estimator.fit(data, y)
    told = {name: getattr(estimator, name) for name in METHODS if hasattr(estimator, name)}
    found: dict[str, Any] = {name: tell(data) for name, tell in told.items()}
    found["attributes"] = sorted(vars(estimator))
    return {**found, "random": np.random.random()}


class Fit(NamedTuple):
    """One estimator with autolog on: its outcome, its run, and what was said meanwhile."""

    outcome: dict[str, Any]
    run_id: str
    said: str


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    nbtrack.set_tracking_uri(begun_project(tmp_path_factory.mktemp("all") / "project"))
    with threadpool_limits(1):  # the data is small
        yield
    for switch in HOOKS.values():
        switch.forget()
    background.wait()
    nbtrack.set_tracking_uri(None)


@pytest.fixture(scope="module")
def names(request: pytest.FixtureRequest) -> list[str]:
    """Of the estimators that are asked for: turning autolog on for each costs as much as its fit,
    and so does reading its run.
    """
    items = [item for item in request.session.items if item.path == request.path]
    return [item.callspec.params["name"] for item in items]


@pytest.fixture(scope="module")
def without(names: list[str]) -> dict[str, dict[str, Any]]:
    nbtrack.autolog(disable=True)
    return {name: outcome(KINDS[name]) for name in names}


@pytest.fixture(scope="module")
def fits(project: None, names: list[str], without: object) -> dict[str, Fit]:
    nbtrack.autolog()
    return {name: fit_tracked(KINDS[name]) for name in names}


def fit_tracked(kind: type) -> Fit:
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    logging.getLogger("nbtrack").addHandler(handler)
    try:
        with nbtrack.start_run() as run:
            return Fit(outcome(kind), run.run_id, said.getvalue())
    finally:
        logging.getLogger("nbtrack").removeHandler(handler)


@pytest.fixture(scope="module")
def runs(fits: dict[str, Fit]) -> dict[str, Run]:
    found = nbtrack.search_runs(output_format="list")
    return {run.info.run_id: run for run in found}


KINDS = dict(all_estimators())


@pytest.mark.parametrize("name", KINDS)
def test_it_does_what_it_does_without(without, fits, runs, name):
    """The same predictions, errors and random numbers; recorded, if it trains; nothing to say."""
    fit = fits[name]
    recorded = runs[fit.run_id].data

    assert fit.outcome.keys() == without[name].keys()
    for key, value in without[name].items():
        assert_same(fit.outcome[key], value)
    room = KINDS[name].__module__.split(".")[1]
    is_training = room not in PREPARING and name != "ColumnTransformer"
    assert (recorded.tags.get("estimator_name") == name) == is_training
    assert bool(recorded.params) == is_training
    assert fit.said == ""


def assert_same(one: Any, other: Any) -> None:
    if hasattr(other, "toarray"):
        assert one.shape == other.shape
        assert (one != other).nnz == 0
    else:
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))
