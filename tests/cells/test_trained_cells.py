"""What is trained in a notebook is recorded: in tracked cells, under %track on, after autolog()."""

from __future__ import annotations

import pytest

from tests.support.kernel import Kernel

DATA = (
    "from sklearn.datasets import load_iris\n"
    "from sklearn.metrics import accuracy_score\n"
    "from sklearn.naive_bayes import GaussianNB\n"
    "from sklearn.svm import SVC\n"
    "X, y = load_iris(return_X_y=True)"
)


@pytest.fixture
def ready(kernel: Kernel) -> Kernel:
    kernel.run(DATA)
    return kernel


def test_a_tracked_cell_records_its_fit(ready: Kernel):
    """Without a further line, also of what was imported before the first tracked cell."""
    reply = ready.run("%%track\nmodel = GaussianNB().fit(X, y)")
    run = ready.newest()

    assert run.data.tags["estimator_name"] == "GaussianNB"
    assert run.data.params["var_smoothing"] == "1e-09"
    assert "training_accuracy_score" in run.data.metrics
    assert (run.info.run_name, len(reply.cards)) == ("GaussianNB", 1)


def test_a_cell_that_is_not_tracked_records_nothing(ready: Kernel):
    """Nor does it say anything, and the model is nobody's."""
    before = len(ready.runs())
    reply = ready.run("GaussianNB().fit(X, y)")

    assert (len(ready.runs()), reply.stderr, reply.cards) == (before, "", [])


def test_more_fits_in_a_cell_are_children(ready: Kernel):
    """Of the cell's run, all of them: see `test_several_fits`."""
    reply = ready.run("%%track three\nfor C in (2, 3, 4):\n    SVC(C=C).fit(X, y)")
    runs = {run.info.run_name: run for run in ready.runs()}
    children = [runs[f"SVC C={C}"].data.tags["mlflow.parentRunId"] for C in (2, 3, 4)]

    assert children == [runs["three"].info.run_id] * 3
    assert len(reply.cards) == 1


def test_the_model_of_a_cell_is_scored_later(ready: Kernel):
    """In whichever cell."""
    ready.run("%%track\nmodel = GaussianNB().fit(X, y)")
    ready.run("accuracy_score(y, model.predict(X))")

    assert "accuracy_score_X" in ready.newest().data.metrics


def test_a_cell_under_track_on(ready: Kernel):
    """A fit makes it a run, with card and name, and other cells cost nothing."""
    ready.run("%track on")
    reply = ready.run("SVC(C=5).fit(X, y)")
    run, before = ready.newest(), len(ready.runs())
    ready.run("1 + 1")
    ready.run("%track off")
    ready.run("SVC(C=6).fit(X, y)")

    assert (run.info.run_name, len(reply.cards)) == ("SVC C=5", 1)
    assert run.data.tags["mlflow.autologging"] == "sklearn"
    assert len(ready.runs()) == before


def test_a_failing_fit(ready: Kernel):
    """The traceback shows the user's code and scikit-learn's, and none of ours."""
    reply = ready.run("%%track\nGaussianNB().fit(X, y[:-1])")
    shown = "".join(reply.of("error")[0]["traceback"])

    assert (reply.errors, ready.newest().info.status) == (["ValueError"], "FAILED")
    assert "nbtrack" not in shown
    assert ready.newest().data.tags["nbtrack.fit_error"].startswith("GaussianNB: ValueError")


def test_disabled(ready: Kernel):
    """`autolog(disable=True)` holds in tracked cells, and leaves nothing behind."""
    ready.run("import nbtrack; nbtrack.autolog(disable=True)")
    ready.run("%%track\nGaussianNB().fit(X, y)")
    params = ready.newest().data.params
    module = ready.value("GaussianNB.fit.__code__.co_filename")
    ready.run("nbtrack.autolog()")
    ready.run("GaussianNB().fit(X, y)")

    assert (params, "nbtrack" in module) == ({}, False)
    assert ready.newest().data.params != {}


def test_loading_imports_no_scikit_learn(new_kernel):
    """Nor does a tracked cell; what it imports itself is recorded."""
    kernel = new_kernel(load=False)  # else it is a fork of a process that has
    kernel.run("%load_ext nbtrack")
    kernel.run("%%track\nx = 1")
    assert kernel.value("'sklearn' in __import__('sys').modules") == "False"
    kernel.run(f"%%track\n{DATA}\nGaussianNB().fit(X, y)")

    assert kernel.newest().data.tags["estimator_name"] == "GaussianNB"


def test_by_setting(new_kernel):
    """NBTRACK_AUTOLOG=0: only an explicit autolog() records."""
    kernel = new_kernel(NBTRACK_AUTOLOG="0")
    kernel.run(f"import nbtrack\n{DATA}")
    kernel.run("%track on")
    kernel.run("%%track\nGaussianNB().fit(X, y)")
    params = kernel.newest().data.params
    kernel.run("nbtrack.autolog()")
    kernel.run("%%track\nGaussianNB().fit(X, y)")

    assert params == {}
    assert kernel.newest().data.tags["estimator_name"] == "GaussianNB"


def test_unloading_puts_scikit_learn_back(new_kernel):
    """%unload_ext leaves the original functions; a second %load_ext begins again."""
    kernel = new_kernel()
    kernel.run(f"{DATA}\noriginal = GaussianNB.fit")
    kernel.run("%%track\nGaussianNB().fit(X, y)")
    assert kernel.value("GaussianNB.fit is original") == "False"
    kernel.run("%unload_ext nbtrack")
    assert kernel.value("GaussianNB.fit is original") == "True"
    kernel.run("%load_ext nbtrack")
    kernel.run("%%track\nGaussianNB().fit(X, y)")

    assert kernel.newest().data.tags["estimator_name"] == "GaussianNB"
