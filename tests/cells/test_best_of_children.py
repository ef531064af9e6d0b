"""The run of a cell shows what the best of its children has."""

from __future__ import annotations

import pytest

from nbtrack.records.origins import Origin, origins_of
from nbtrack.records.runs import RunQuery
from tests.support.kernel import Kernel, newest_as

DATA = (
    "import nbtrack\n"
    "from sklearn.datasets import load_iris\n"
    "from sklearn.metrics import accuracy_score\n"
    "from sklearn.model_selection import GridSearchCV\n"
    "from sklearn.naive_bayes import GaussianNB\n"
    "from sklearn.svm import SVC\n"
    "X, y = load_iris(return_X_y=True)\n"
    "X_test, y_test = X[45:140], y[45:140]"
)


@pytest.fixture
def ready(kernel: Kernel) -> Kernel:
    kernel.run(DATA)
    return kernel


def test_of_several_fits(ready: Kernel):
    """Its metrics and the param that was swept, under their names; sorting and filters find it."""
    ready.run(
        "%%track sweep\nfor C in (0.001, 5, 0.002):\n    model = SVC(C=C).fit(X, y)\n"
        "    accuracy = accuracy_score(y_test, model.predict(X_test))"
    )
    parent, best = newest_as(ready, "sweep"), newest_as(ready, "SVC C=5")
    keys = ("accuracy", "accuracy_score_X_test")
    origins = origins_of(parent.data.tags)
    query = RunQuery(filter_string="params.C = '5' and metrics.accuracy > 0.9")

    assert [parent.data.metrics[k] for k in keys] == [best.data.metrics[k] for k in keys]
    assert parent.data.params["C"] == "5"
    assert (origins.params["C"], origins.params["tol"]) == (Origin.CHANGED, Origin.MOVED)
    assert origins.metrics["accuracy"] is Origin.ASSIGNED
    assert parent.data.tags["nbtrack.best_child"] == best.info.run_id
    assert parent.data.tags["nbtrack.best_of"] == "3"
    assert parent.data.tags["nbtrack.best_by"] == "accuracy"
    assert {run.info.run_id for run in ready.store.search_runs(query)} >= {
        parent.info.run_id,
        best.info.run_id,
    }


def test_of_runs_that_the_user_opened(ready: Kernel):
    """By the side that he declares, one that failed aside; his own param of the parent stays."""
    reply = ready.run(
        "%%track trials lr=7 --metrics rt:min\nfor lr, rt in ((1, 30), (2, 20), (3, 10)):\n"
        "    with nbtrack.start_run(run_name=f'lr={lr}', nested=True) as run:\n"
        "        nbtrack.log_params({'lr': lr, 'depth': lr + 1}); nbtrack.log_metric('rt', rt)\n"
        "    if lr == 3: nbtrack.MlflowClient().set_terminated(run.info.run_id, 'FAILED')\n"
        "rt = None"
    )
    parent = newest_as(ready, "trials")

    assert parent.data.metrics["rt"] == 20
    assert (parent.data.params["lr"], parent.data.params["depth"]) == ("7", "3")
    assert "lr=2" in reply.card


def test_of_a_search(ready: Kernel):
    """Alone in its cell, or one of several fits; a script's has what MLflow gives it."""
    ready.run("%%track search\nGridSearchCV(SVC(), {'C': [0.001, 5]}).fit(X, y)")
    alone = newest_as(ready, "search")
    ready.run("nbtrack.autolog()\nGridSearchCV(SVC(), {'C': [0.001, 5]}, cv=3).fit(X, y)")
    plain = next(run for run in ready.runs() if run.data.params.get("cv") == "3")

    assert alone.data.params["C"] == alone.data.params["best_C"] == "5"
    assert alone.data.metrics["mean_test_score"] == alone.data.metrics["best_cv_score"]
    assert alone.data.tags["nbtrack.best_of"] == "2"
    assert alone.data.tags["nbtrack.best_by"] == "mean_test_score"
    assert "C" not in plain.data.params
    assert "nbtrack.best_of" not in plain.data.tags


def test_of_one_child(ready: Kernel):
    """There is nothing to choose: the parent shows what it has itself."""
    ready.run("%%track lone\nwith nbtrack.start_run(nested=True): nbtrack.log_metric('f1', 0.5)")
    lone = newest_as(ready, "lone")

    assert "f1" not in lone.data.metrics
    assert "nbtrack.best_of" not in lone.data.tags


def test_another_attempt(ready: Kernel):
    """Compares what the cell has itself, and not what it shows of its children."""
    cell = "%%track again\nfor C in (3, {}):\n    s = SVC(C=C).fit(X, y).score(X_test, y_test)"
    ready.run(cell.format(0.001), cell_id="again")
    card = ready.run(cell.format(4), cell_id="again").card

    assert "attempt 2" in card
    assert "changed" not in card
