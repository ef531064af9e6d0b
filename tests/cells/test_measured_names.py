"""A metric that a hook recorded has the name of the variable that took it, on the model's run."""

from __future__ import annotations

import time

import pytest

from nbtrack.records.origins import Origin, origins_of
from tests.support.held_database import connected
from tests.support.kernel import Kernel, newest_as

DATA = (
    "import nbtrack\n"
    "from sklearn.datasets import load_iris\n"
    "from sklearn.linear_model import LogisticRegression\n"
    "from sklearn.metrics import accuracy_score, get_scorer, log_loss\n"
    "from sklearn.naive_bayes import GaussianNB\n"
    "from sklearn.svm import SVC\n"
    "X, y = load_iris(return_X_y=True)\n"
    "X_test, y_test = X[45:140], y[45:140]"
)


@pytest.fixture
def ready(kernel: Kernel) -> Kernel:
    kernel.run(DATA)
    return kernel


def test_the_models_run_has_the_users_name(ready: Kernel):
    """Both are stored, with one value, and the tag says that the hook's is an alias."""
    ready.run(
        "%%track one\nmodel = SVC().fit(X, y)\n"
        "accuracy = accuracy_score(y_test, model.predict(X_test))"
    )
    run = newest_as(ready, "one")
    found, origins = run.data.metrics, origins_of(run.data.tags)

    assert found["accuracy"] == found["accuracy_score_X_test"]
    assert origins.metrics["accuracy"] is Origin.ASSIGNED
    assert origins.metrics["accuracy_score_X_test"] is Origin.ALIAS
    assert origins.aliases == {"accuracy_score_X_test": "accuracy"}


def test_each_fit_of_a_loop(ready: Kernel):
    """Its own, and the variable, which is the last one's, is not the cell's."""
    ready.run(
        "%%track loop\nfor C in (0.001, 2, 10):\n    model = SVC(C=C).fit(X, y)\n"
        "    test_acc = model.score(X_test, y_test)"
    )
    children = [newest_as(ready, f"SVC C={C}") for C in (2, 10)]

    for each in children:
        assert each.data.metrics["test_acc"] == each.data.metrics["SVC_score_X_test"]


def test_a_model_of_an_earlier_cell(ready: Kernel):
    """Its run has the name too, the last value counts, and only that has an alias."""
    ready.run("%%track before\nmodel = GaussianNB().fit(X, y)")
    ready.run("%%track first\nrating = accuracy_score(y, model.predict(X))")
    ready.run("%%track second\nrating = accuracy_score(y_test, model.predict(X_test))")
    run = newest_as(ready, "before")
    origins = origins_of(run.data.tags)

    assert run.data.metrics["rating"] == run.data.metrics["accuracy_score-2_X_test"]
    assert run.data.metrics["rating"] != run.data.metrics["accuracy_score_X"]
    assert origins.aliases == {"accuracy_score-2_X_test": "rating"}
    assert origins.metrics["accuracy_score_X"] is Origin.MEASURED


MANY = "%%track many\nmodels = [GaussianNB(var_smoothing=10.0**-n).fit(X, y) for n in range(3, 11)]"
RATE = "%%track {}\nfor model in models: mark = model.score(X_test, y_test)"


def marked(ready: Kernel) -> int:
    """Runs with the users' name."""
    return sum("mark" in run.data.metrics for run in ready.runs())


def test_many_models_of_an_earlier_cell(ready: Kernel):
    """All are asked for at once; if somebody holds the database, the cell waits once for all."""
    ready.run(MANY)
    before = marked(ready)
    ready.store.fold()
    with connected(ready.project / "nbtrack.duckdb"), ready.hurried():
        held = seconds_of(ready, RATE.format("held"))
    assert marked(ready) == before

    free = seconds_of(ready, RATE.format("free"))
    assert marked(ready) - before == 8
    assert held - free < 2.5  # whatever else the machine has to do; one by one they wait for 4


def seconds_of(ready: Kernel, source: str) -> float:
    began = time.monotonic()
    ready.run(source)
    return time.monotonic() - began


def test_where_many_metrics_are_from(ready: Kernel):
    """At the end of the cell all are told of, also those of a model of an earlier cell."""
    ready.run("%%track early\nearly = GaussianNB().fit(X, y)")
    ready.run(
        "%%track late\nlate = SVC().fit(X, y)\nfor model in (early, late):\n"
        "    for n in range(50): accuracy_score(y_test, model.predict(X_test))"
    )
    for name in ("early", "late"):
        run = newest_as(ready, name)
        found = {key for key in run.data.metrics if key.startswith("accuracy_score")}
        assert len(found) == 50
        assert found <= origins_of(run.data.tags).metrics.keys()


def test_the_users_curve_stays_as_it_is(ready: Kernel):
    """Of the name that he logs himself nothing is written; what it was logged from is an alias."""
    ready.run(
        "%%track curve\nmodel = SVC().fit(X, y)\nfor i in range(1, 4):\n"
        "    accuracy = accuracy_score(y_test, model.predict(X_test))\n"
        "    nbtrack.log_metric('accuracy', accuracy, step=i)"
    )
    run = newest_as(ready, "curve")
    steps = [p.step for p in ready.store.read_metrics(run.info.run_id, "accuracy")]
    origins = origins_of(run.data.tags)

    assert steps == [1, 2, 3]
    assert "accuracy" not in origins.metrics  # logged by hand
    assert origins.aliases == {"accuracy_score-3_X_test": "accuracy"}
    assert origins.metrics["accuracy_score_X_test"] is Origin.ALIAS


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("nbtrack.log_metric('taken', 0.25)\ntaken = model.score(X, y)", "taken"),
        ("training_log_loss = log_loss(y_test, model.predict_proba(X_test))", "training_log_loss"),
        ("share = model.score(X_test, y_test)\nshare = 100 * share", "share"),
    ],
)
def test_another_metric_of_that_name(ready: Kernel, code: str, name: str):
    """The user's, a hook's, the variable as it ended: each keeps its value without an alias."""
    ready.run("%%track other\nmodel = GaussianNB().fit(X, y)\n" + code)
    run = newest_as(ready, "other")
    values = [v for k, v in run.data.metrics.items() if k.endswith(("_X", "_X_test"))]

    assert run.data.metrics.get(name) not in values
    assert origins_of(run.data.tags).aliases == {}


@pytest.mark.parametrize(
    "code",
    [
        "_hidden = model.score(X, y)",
        "api_key = model.score(X, y)",
        "loss = get_scorer('neg_log_loss')(model, X, y)",
        "names = [model.score(X, y)]",
    ],
)
def test_what_gets_no_name(ready: Kernel, code: str):
    """Private and secret names, and what is not the metric itself."""
    ready.run("%%track unnamed\nmodel = GaussianNB().fit(X, y)\n" + code)
    run = newest_as(ready, "unnamed")

    assert {"_hidden", "api_key", "names"}.isdisjoint(run.data.metrics)
    assert origins_of(run.data.tags).aliases == {}


def test_without_inference(ready: Kernel):
    """The names are the hooks' then; so they are in cells that are not tracked."""
    ready.run("%track on --no-infer\nmodel = GaussianNB().fit(X, y)\naccuracy = model.score(X, y)")
    run = ready.newest()
    ready.run("%track off")
    ready.run("accuracy = accuracy_score(y_test, model.predict(X_test))")

    assert "GaussianNB_score_X" in run.data.metrics
    assert "accuracy" not in ready.newest().data.metrics


def test_a_param_that_is_said_twice(ready: Kernel):
    """`svc__C` is another name of the variable that it came from; of another value it is none."""
    ready.run("from sklearn.pipeline import make_pipeline")
    cell = "%%track {}\nC = 0.5\nmodel = make_pipeline(SVC(C={})).fit(X, y)"
    ready.run(cell.format("same", "C"))
    ready.run(cell.format("other", "C + 1"))

    told = [origins_of(newest_as(ready, name).data.tags).params for name in ("same", "other")]
    assert [each["C"] for each in told] == [Origin.ASSIGNED] * 2
    assert [each["svc__C"] for each in told] == [Origin.ALIAS, Origin.CHANGED]


def test_a_metric_that_is_logged_where_it_is_computed(ready: Kernel):
    """`log_metric("accuracy", accuracy_score(…))` has no variable, but the value and the words."""
    ready.run(
        "%%track logged\nmodel = SVC().fit(X, y)\np = model.predict(X_test)\n"
        "nbtrack.log_metric('accuracy', accuracy_score(y_test, p))\n"
        "nbtrack.log_metric('same', accuracy_score(y_test, p))"
    )
    origins = origins_of(newest_as(ready, "logged").data.tags)

    assert origins.aliases["accuracy_score_X_test"] == "accuracy"
    assert origins.metrics["accuracy_score_X_test"] is Origin.ALIAS


def test_a_variable_that_became_a_param(ready: Kernel):
    """It is the user's, also under the estimator's name for it; one of another value is not."""
    ready.run("%%track mine\nC = 0.25\ngamma = 2.0\nmodel = SVC(C=C, gamma=1.0).fit(X, y)")
    origins = origins_of(newest_as(ready, "mine").data.tags).params

    assert (origins["C"], origins["gamma"]) == (Origin.ASSIGNED, Origin.CHANGED)
