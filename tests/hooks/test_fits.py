"""Which run a fit is recorded on, and what the record says."""

from __future__ import annotations

import gc
import logging
import threading

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import nbtrack
from nbtrack.hooks.measured.known_models import KnownModels, Trained, known_models
from nbtrack.hooks.sklearn.flags import current_flags
from nbtrack.hooks.sklearn.params import fit_name
from nbtrack.hooks.training.param_texts import param_text

X, y = load_iris(return_X_y=True)


def parent(run):
    return run.data.tags.get("mlflow.parentRunId")


# --- the run


def test_without_a_run_a_fit_gets_its_own(autologged):
    """It begins and ends with the fit, and is called what it is."""
    DecisionTreeClassifier(max_depth=3).fit(X, y)
    run = autologged.run()

    assert (run.info.run_name, run.info.status) == (
        "DecisionTreeClassifier max_depth=3",
        "FINISHED",
    )
    assert run.data.params["max_depth"] == "3"
    assert nbtrack.active_run() is None


def test_the_first_fit_is_recorded_on_the_active_run(autologged):
    """As in MLflow, also when the run has metrics of its own."""
    with nbtrack.start_run(run_name="mine") as run:
        nbtrack.log_metric("before", 1)
        GaussianNB().fit(X, y)
    found = autologged.run()

    assert (found.info.run_id, found.info.run_name) == (run.info.run_id, "mine")
    assert found.data.tags["estimator_name"] == "GaussianNB"
    assert found.data.tags["estimator_class"] == "sklearn.naive_bayes.GaussianNB"
    assert found.data.metrics["before"] == 1


def test_further_fits_are_children(autologged):
    """Each with params and metrics of its own: two fits in one run never mix."""
    with nbtrack.start_run() as run:
        for C in (0.5, 2, 3):
            LogisticRegression(C=C, max_iter=300).fit(X, y)
            assert nbtrack.active_run().info.run_id == run.info.run_id
    first = nbtrack.get_run(run.info.run_id)
    children = autologged.children(run.info.run_id)

    assert first.data.params["C"] == "0.5"
    assert [child.data.params["C"] for child in children] == ["2", "3"]
    assert [child.info.run_name for child in children] == [
        "LogisticRegression C=2 max_iter=300",
        "LogisticRegression C=3 max_iter=300",
    ]
    assert {child.data.tags["mlflow.autologging"] for child in children} == {"sklearn"}
    scores = [run.data.metrics["training_score"] for run in (first, *children)]
    assert len(set(scores)) > 1


def test_a_child_has_the_times_of_its_fit(autologged):
    """Not of the recording that follows it."""
    slow = Pipeline([("wait", FunctionTransformer(waiting)), ("nb", GaussianNB())])
    with nbtrack.start_run():
        GaussianNB().fit(X, y)
        slow.fit(X, y)
    (child,) = [run for run in autologged.runs() if parent(run)]

    assert 200 <= child.info.end_time - child.info.start_time < 400


def waiting(X):
    threading.Event().wait(0.2 if len(X) > 5 else 0)
    return X


def test_nested_runs_of_the_user(autologged):
    """Each run takes its first fit."""
    with nbtrack.start_run() as outer:
        GaussianNB().fit(X, y)
        with nbtrack.start_run(nested=True) as inner:
            SVC().fit(X, y)
    names = {run.info.run_id: run.data.tags["estimator_name"] for run in autologged.runs()}

    assert names == {outer.info.run_id: "GaussianNB", inner.info.run_id: "SVC"}


def test_a_resumed_run_keeps_its_first_fit(autologged):
    """What was recorded on it before, maybe by another process, is not overwritten."""
    with nbtrack.start_run() as run:
        GaussianNB().fit(X, y)
    run_id = run.info.run_id
    del run
    gc.collect()
    with nbtrack.start_run(run_id=run_id):
        SVC().fit(X, y)

    assert nbtrack.get_run(run_id).data.tags["estimator_name"] == "GaussianNB"
    assert [run.data.tags["estimator_name"] for run in autologged.children(run_id)] == ["SVC"]


def test_only_the_outermost_fit_records(autologged):
    """A search over a pipeline is one training, with its candidates."""
    pipeline = make_pipeline(StandardScaler(), SVC())
    GridSearchCV(pipeline, {"svc__C": [1, 2]}, cv=2).fit(X, y)
    tops = [run for run in autologged.runs() if parent(run) is None]

    assert [run.info.run_name for run in tops] == ["GridSearchCV cv=2: Pipeline: SVC"]
    assert tops[0].data.tags["estimator_name"] == "GridSearchCV"
    assert "svc__C" not in tops[0].data.params


@pytest.mark.parametrize(
    "work",
    [
        lambda: StandardScaler().fit(X),
        lambda: StandardScaler().fit_transform(X),
        lambda: FunctionTransformer().fit_transform(X),
    ],
)
def test_preprocessing_alone_makes_no_run(autologged, work):
    """Nor is it recorded on a run that is open."""
    with nbtrack.start_run() as run:
        work()

    assert nbtrack.get_run(run.info.run_id).data.params == {}


def test_other_transformers_are_recorded(autologged):
    """As in MLflow: a PCA is a model."""
    PCA(2).fit_transform(X)

    assert autologged.run().info.run_name == "PCA n_components=2"


def test_methods_that_only_some_pipelines_have(autologged):
    """A pipeline's `fit_transform` is recorded as its `fit` is."""
    make_pipeline(StandardScaler(), PCA(2)).fit_transform(X)

    assert autologged.run().data.tags["estimator_name"] == "Pipeline"


def test_fit_predict_is_one_call(autologged):
    """The `fit` inside it is not another one."""
    KMeans(3, n_init=1).fit_predict(X)

    assert autologged.run().data.params["n_clusters"] == "3"


def test_threads_of_the_user_each_have_their_fit(autologged):
    """One takes the active run, the others get children; none of them mixes with another."""

    def train(depth):
        DecisionTreeClassifier(max_depth=depth, random_state=0).fit(X, y)

    with nbtrack.start_run() as run:
        threads = [threading.Thread(target=train, args=(depth,)) for depth in range(1, 9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    children = autologged.children(run.info.run_id)
    depths = [r.data.params["max_depth"] for r in (nbtrack.get_run(run.info.run_id), *children)]

    assert sorted(depths) == [str(depth) for depth in range(1, 9)]
    for child in children:
        assert (
            child.info.run_name
            == f"DecisionTreeClassifier max_depth={child.data.params['max_depth']}"
        )


# --- what fails


def test_a_failed_fit_says_so(autologged):
    """Its own run is FAILED; on the user's run there is a tag, whatever becomes of that run."""
    with pytest.raises(ValueError, match="inconsistent"):
        GaussianNB().fit(X, y[:-1])
    with nbtrack.start_run() as run:
        with pytest.raises(ValueError, match="inconsistent"):
            SVC(C=2).fit(X, y[:-1])
        SVC(C=3).fit(X, y)
    own, mine, child = autologged.runs()

    assert (own.info.status, mine.info.status, child.info.status) == ("FAILED", *["FINISHED"] * 2)
    assert mine.info.run_id == run.info.run_id
    assert mine.data.params["C"] == "2"
    assert mine.data.tags["nbtrack.fit_error"].startswith("SVC: ValueError: Found input variables")
    assert "nbtrack.fit_error" not in child.data.tags


def test_an_interrupted_fit_is_killed(autologged):
    """The interrupt goes on to the user."""

    def interrupt(X):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_pipeline(FunctionTransformer(interrupt), SVC()).fit(X, y)

    assert autologged.run().info.status == "KILLED"
    assert nbtrack.active_run() is None


class Unhelpful(SVC):
    """An estimator that breaks whatever is asked of it besides fitting."""

    def get_params(self, deep=True):
        if deep:
            raise RuntimeError("no params")
        return super().get_params(deep=False)

    def predict(self, X):
        raise RuntimeError("no predictions")

    def __reduce__(self):
        raise RuntimeError("no pickle")


def test_what_cannot_be_had_is_said_once(autologged, caplog):
    """The fit goes on, the record keeps what there is."""
    with caplog.at_level(logging.WARNING, logger="nbtrack"), nbtrack.start_run():
        for _ in range(2):
            assert Unhelpful().fit(X, y).n_iter_ is not None
    first, _ = autologged.runs()

    assert first.data.tags["estimator_name"] == "Unhelpful"
    said = [record.getMessage() for record in caplog.records]
    assert [text for text in said if "params of Unhelpful" in text and "no params" in text]
    assert len(said) == len(set(said))


def test_a_step_that_fails_does_not_stop_the_others(autologged, caplog, monkeypatch):
    """Each is guarded alone, and says what is missing."""
    from nbtrack.hooks.sklearn import fits

    broken = fits.Step("think about the model", "nbtrack.hooks.sklearn.fits:no_such_step")
    kind = fits.SKLEARN._replace(steps=(broken, *fits.STEPS))
    monkeypatch.setattr(fits, "SKLEARN", kind)
    with caplog.at_level(logging.WARNING, logger="nbtrack"):
        GaussianNB().fit(X, y)

    assert "could not think about the model of GaussianNB" in caplog.text
    assert "training_score" in autologged.run().data.metrics


# --- what is known of the data


def by_position(model):
    X_train = X[:100]
    model.fit(X_train, y[:100])


def by_keyword(model):
    X_train = X[:100]
    model.fit(y=y[:100], X=X_train)


def by_expression(model):
    X_train = X
    model.fit(X_train[:100], y[:100])


def by_a_helper(model):
    X_train = X[:100]
    helped(model, X_train)


def helped(model, data):
    model.fit(data, y[:100])


@pytest.mark.parametrize("fit", [by_position, by_keyword, by_expression, by_a_helper])
def test_the_data_has_the_users_name(autologged, fit):
    """Of an expression, a readable name; in a helper function, its caller's."""
    fit(GaussianNB())
    (data,) = autologged.run().inputs.dataset_inputs

    assert data.dataset.name.startswith("X_train")


@pytest.mark.parametrize(
    "data",
    [X, X.tolist(), pd.DataFrame(X, columns=list("abcd")), X.astype(np.float32)],
    ids=["array", "lists", "frame", "float32"],
)
def test_any_table_will_do(autologged, data):
    """What scikit-learn takes, we take."""
    GaussianNB().fit(data, y)

    assert "training_accuracy_score" in autologged.run().data.metrics


def test_weights_given_to_fit_weight_the_metrics(autologged):
    """As in MLflow, by position too; the score as well."""
    weights = np.where(y == 0, 10.0, 0.1)
    model = GaussianNB().fit(X, y, weights)
    metrics = autologged.run().data.metrics

    score = pytest.approx(model.score(X, y, weights))
    assert metrics["training_accuracy_score"] == metrics["training_score"] == score
    assert model.score(X, y) != score


def test_weights_given_to_a_step_do_not(autologged):
    """`nb__sample_weight` is for that step's fit; `score` of the pipeline knows nothing of it."""
    weights = np.where(y == 0, 10.0, 0.1)
    model = make_pipeline(StandardScaler(), GaussianNB())
    model.fit(X, y, gaussiannb__sample_weight=weights)
    metrics = autologged.run().data.metrics

    score = pytest.approx(model.score(X, y))
    assert metrics["training_accuracy_score"] == metrics["training_score"] == score


def test_a_loop_of_partial_fits_is_one_model(autologged):
    """With its params, and the scores of every epoch; preparing data so makes no run."""
    model, scaler = SGDClassifier(alpha=0.01, random_state=0), StandardScaler()
    with nbtrack.start_run():
        for _ in range(3):
            scaler.partial_fit(X)
            model.partial_fit(X, y, classes=[0, 1, 2])
            model.score(X, y)
    found = autologged.run().data

    assert found.params["alpha"] == "0.01"
    keys = {"SGDClassifier_score_X", "SGDClassifier_score-2_X", "SGDClassifier_score-3_X"}
    assert found.metrics.keys() == keys
    assert "nbtrack.metrics_model_unknown" not in found.tags


def test_partial_fits_outside_a_run(autologged):
    """Two models have two runs, which are over, and a fit begins anew."""
    models = [SGDClassifier(alpha=alpha, random_state=0) for alpha in (0.1, 0.2)]
    for _ in range(2):
        for model in models:
            model.partial_fit(X, y, classes=[0, 1, 2])
    models[0].fit(X, y)
    first, second, third = autologged.runs()

    assert [run.data.params["alpha"] for run in (first, second, third)] == ["0.1", "0.2", "0.1"]
    assert {run.info.status for run in (first, second)} == {"FINISHED"}
    assert "training_score" in third.data.metrics


# --- names and texts


@pytest.mark.parametrize(
    ("estimator", "name"),
    [
        (SVC(), "SVC"),
        (SVC(C=1), "SVC"),  # which is the default
        (SVC(C=10, kernel="linear"), "SVC C=10 kernel=linear"),
        (SVC(random_state=3), "SVC"),
        (Pipeline([("a", PCA()), ("b", SVC(C=2))]), "Pipeline: SVC C=2"),
        (GridSearchCV(SVC(), {"C": [1]}), "GridSearchCV: SVC"),
        (SVC(C=np.float64(3)), "SVC C=3"),
    ],
)
def test_what_a_fit_is_called(estimator, name):
    """Its class, and what was set that is not the default."""
    assert fit_name(estimator) == name


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (0.1, "0.1"),
        (np.float64(0.1), "0.1"),
        ({"a": np.float64(1)}, "{'a': 1.0}"),
        (SVC(C=2), "SVC(C=2)"),
        (waiting, "<function waiting>"),
        (list(range(1000)), "list of 1,000: 0, 1, 2, 3, 4"),
        ("x" * 9999, "x" * 6000 + "… (9,999 characters)"),
    ],
)
def test_params_are_readable_texts(value, text):
    """As MLflow has them; no addresses, and no end of a list without end."""
    assert param_text(value).startswith(text)
    assert len(param_text(value)) < 6100


def test_steps_may_have_any_name(autologged):
    """What cannot be a key is made one."""
    Pipeline([("scale (robust)", StandardScaler()), ("nb", GaussianNB())]).fit(X, y)

    assert [key for key in autologged.run().data.params if key.endswith("__with_mean")]


# --- whose model is it


def test_the_run_of_a_model_is_known(autologged):
    """The last one that trained it; a search's best estimator belongs to the search."""
    model = SVC().fit(X, y)
    first = known_models.run_of(model)
    model.fit(X, y)
    search = GridSearchCV(SVC(), {"C": [1]}, cv=2).fit(X, y)

    assert first is not None
    assert known_models.run_of(model) not in (None, first)
    assert known_models.run_of(search.best_estimator_) is known_models.run_of(search)


def test_models_are_not_kept_alive():
    """An entry goes with its estimator, also when another one gets its place in memory."""
    known, run = KnownModels(), object()
    trained = Trained(run, current_flags)
    for _ in range(100):
        known.remember(SVC(), trained)
    assert len(known) == 0
    kept = SVC()
    known.remember(kept, trained)

    assert (known.run_of(kept), known.run_of(SVC()), len(known)) == (run, None, 1)
