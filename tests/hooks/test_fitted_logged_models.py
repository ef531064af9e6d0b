"""Fitted models that autolog logs are logged models of the run that the fit belongs to."""

from __future__ import annotations

from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

import nbtrack

X, y = load_iris(return_X_y=True)


def models():
    return nbtrack.search_logged_models(
        order_by=[{"field_name": "creation_time"}], output_format="list"
    )


def test_a_fit_makes_a_logged_model(autologged):
    """With the estimator's params and the training metrics."""
    LogisticRegression(C=3.0, max_iter=300).fit(X, y)
    run, (model,) = autologged.run(), models()

    assert (model.name, model.status, model.source_run_id) == ("model", "READY", run.info.run_id)
    assert model.params["C"] == "3.0"
    assert {"training_score", "training_accuracy_score"} <= {m.key for m in model.metrics}
    assert nbtrack.last_logged_model().model_id == model.model_id
    assert nbtrack.sklearn.load_model(model.model_uri).C == 3.0


def test_models_of_several_fits_are_of_their_own_runs(autologged):
    """The first one too, whose run is made when the second fit begins."""
    with nbtrack.start_run() as whole:
        LogisticRegression(C=3.0, max_iter=300).fit(X, y)
        nbtrack.log_metric("mine", 1.0)
        GaussianNB().fit(X, y)
    runs = {run.info.run_id: run for run in autologged.runs()}

    kinds = {
        runs[model.source_run_id].data.tags["estimator_name"]: type(
            nbtrack.sklearn.load_model(model.model_uri)
        ).__name__
        for model in models()
    }
    assert kinds == {name: name for name in ("LogisticRegression", "GaussianNB")}
    outputs = {
        run_id: [o.model_id for o in run.outputs.model_outputs] for run_id, run in runs.items()
    }
    assert {m.source_run_id: [m.model_id] for m in models()} == {
        run_id: ids for run_id, ids in outputs.items() if ids
    }
    first = models()[0]
    if first.source_run_id != whole.run_id:
        assert "mine" not in {point.key for point in first.metrics}
