"""LightGBM's trainings record themselves, and are what they would be without."""

from __future__ import annotations

import inspect

import pytest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import nbtrack
from nbtrack.base import background
from tests.hooks.boosters import (
    X_test,
    X_train,
    content,
    inputs,
    model_uri,
    rows,
    steps,
    values,
    y_test,
    y_train,
)

lgb = pytest.importorskip("lightgbm")
PARAMS = {
    "objective": "binary", "metric": ["binary_logloss", "auc"], "num_threads": 1, "verbose": -1,
}  # fmt: skip


def train(rounds=6, **kwargs):
    train_set = lgb.Dataset(X_train, label=y_train, free_raw_data=False)
    valid_set = train_set.create_valid(X_test, label=y_test)
    sets = {"valid_sets": [train_set, valid_set], "valid_names": ["mine", "valid"]}
    return lgb.train(PARAMS, train_set, rounds, **sets, **kwargs)


def classifier(**kwargs):
    return lgb.LGBMClassifier(n_estimators=4, n_jobs=1, verbose=-1, **kwargs)


def test_train_leaves_every_round(autologged):
    """The last one too, with the values that LightGBM has itself."""
    found = {}
    booster = train(callbacks=[lgb.record_evaluation(found)])
    run = autologged.run()

    for data in ("mine", "valid"):
        for metric in ("binary_logloss", "auc"):
            assert values(run, f"{data}-{metric}") == found[data][metric]
            assert steps(run, f"{data}-{metric}") == list(range(6))
    assert not {"best_iteration", "stopped_iteration"} & set(run.data.metrics)
    assert run.data.params["num_boost_round"] == "6"
    assert run.data.params["objective"] == "binary"
    assert inputs(run) == [("X_train", "train"), ("y_train", "train"), ("X_test", "eval"),
                           ("y_test", "eval")]  # fmt: skip
    for kind in ("split", "gain"):
        numbers = booster.feature_importance(kind).tolist()
        assert list(content(run, f"feature_importance_{kind}.json").values()) == numbers


def test_early_stopping_is_told_from_0(autologged):
    """LightGBM counts trees; a step is one less. MLflow appends an invented point."""
    found = {}
    stop = lgb.early_stopping(1, verbose=False)
    booster = train(200, callbacks=[lgb.record_evaluation(found), stop])
    run = autologged.run()

    rounds = len(found["valid"]["auc"])
    assert rounds < 200
    assert run.data.metrics["best_iteration"] == booster.best_iteration - 1
    assert "best_score" not in run.data.metrics  # of which set and metric?
    assert run.data.metrics["stopped_iteration"] == rounds - 1
    assert steps(run, "valid-auc") == list(range(rounds))


def test_a_callback_of_the_users_that_stops(autologged):
    """MLflow loses the last round, and the run FAILED; callbacks are asked as they were."""
    seen = []

    def stop(env):
        seen.append(env.iteration)
        if env.iteration == 3:
            raise lgb.callback.EarlyStopException(3, env.evaluation_result_list)

    booster = train(callbacks=[stop])
    run = autologged.run()

    assert run.info.status == "FINISHED"
    assert booster.best_iteration == 4
    assert seen == steps(run, "valid-auc") == [0, 1, 2, 3]
    assert run.data.metrics["best_iteration"] == 3


def test_training_that_goes_on_has_true_steps(autologged):
    """LightGBM counts on by itself."""
    train(2, init_model=train(3))

    assert [steps(run, "valid-auc") for run in autologged.runs()] == [[0, 1, 2], [3, 4]]


def test_results_are_bit_identical(autologged):
    """The booster's whole text."""
    recorded = train(20, callbacks=[lgb.early_stopping(1, verbose=False)])
    nbtrack.autolog(disable=True)
    plain = train(20, callbacks=[lgb.early_stopping(1, verbose=False)])

    assert recorded.model_to_string() == plain.model_to_string()
    assert recorded.best_iteration == plain.best_iteration


@pytest.mark.parametrize("error, status", [(ValueError, "FAILED"), (KeyboardInterrupt, "KILLED")])  # noqa: PT006
def test_a_training_that_fails_keeps_its_points(autologged, error, status):
    """The error is the user's; the rounds before it are there."""

    def failing(env):
        if env.iteration == 2:
            raise error("no more")

    with pytest.raises(error, match="no more"):
        train(callbacks=[failing])
    run = autologged.run()

    assert run.info.status == status
    assert steps(run, "valid-auc") == [0, 1, 2]


def test_cv_leaves_means_and_deviations(autologged):
    """Every round that was run, and the best one, with which what comes back ends."""
    train_set = lgb.Dataset(X_train, label=y_train)
    found = lgb.cv(
        PARAMS, train_set, 100, nfold=3, callbacks=[lgb.early_stopping(1, verbose=False)]
    )
    run = autologged.run()

    curve = found["valid auc-mean"]
    assert values(run, "valid-auc-mean")[: len(curve)] == curve
    assert values(run, "valid-auc-std")[: len(curve)] == found["valid auc-stdv"]
    assert run.data.metrics["best_iteration"] == len(curve) - 1


def test_an_estimator_is_one_run(autologged):
    """Each round of each eval set, and what is measured later."""
    model = classifier().fit(
        X_train, y_train, eval_X=(X_train, X_test), eval_y=(y_train, y_test),
        callbacks=[lgb.early_stopping(2, verbose=False)],
    )  # fmt: skip
    auc = roc_auc_score(y_test, model.predict_proba(X_test)[:, 1])
    run = autologged.run()

    for key, curves in model.evals_result_.items():
        assert values(run, f"{key}-binary_logloss") == curves["binary_logloss"]
    assert run.data.metrics["best_iteration"] == model.best_iteration_ - 1
    assert run.data.metrics["roc_auc_score_X_test"] == auc
    loaded = nbtrack.lightgbm.load_model(model_uri(run))
    assert (loaded.predict_proba(rows()) == model.predict_proba(rows())).all()


def test_what_is_fitted_within_others_is_theirs(autologged):
    """A search has its candidates, a pipeline is one model: no run more."""
    GridSearchCV(classifier(), {"num_leaves": [2, 3]}, cv=2).fit(X_train, y_train)
    assert len(autologged.runs()) == 3
    make_pipeline(StandardScaler(), classifier()).fit(X_train, y_train)
    assert len(autologged.runs()) == 4
    classifier().fit(X_train, y_train)
    assert "training_score" in autologged.runs()[-1].data.metrics


def test_the_score_that_early_stopping_went_by_is_told(autologged):
    """If there is but one."""
    stop = lgb.early_stopping(2, verbose=False)
    model = classifier().fit(X_train, y_train, eval_X=X_test, eval_y=y_test, callbacks=[stop])

    (curves,) = model.best_score_.values()
    assert [autologged.run().data.metrics["best_score"]] == list(curves.values())


def test_a_pipeline_around_them_has_its_diagram(autologged, caplog):
    """Though LightGBM keeps some params apart."""
    make_pipeline(StandardScaler(), classifier(bagging_seed=7)).fit(X_train, y_train)
    background.wait()
    html = nbtrack.artifacts.load_text(f"runs:/{autologged.run().info.run_id}/estimator.html")

    assert "bagging_seed" in html
    assert not caplog.records


def test_later_metrics_go_to_the_boosters_run(autologged):
    """`Booster.predict` too."""
    auc = roc_auc_score(y_test, train().predict(X_test))

    assert autologged.run().data.metrics["roc_auc_score_X_test"] == auc


def test_the_flags_are_mlflows():
    """Same names, same order, same defaults."""
    import mlflow.lightgbm

    import nbtrack.lightgbm

    mine, theirs = (inspect.signature(each.autolog) for each in (nbtrack.lightgbm, mlflow.lightgbm))

    assert [(p.name, p.default) for p in mine.parameters.values()] == [
        (p.name, p.default) for p in theirs.parameters.values()
    ]
