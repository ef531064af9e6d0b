"""XGBoost's trainings record themselves, and are what they would be without."""

from __future__ import annotations

import gc
import inspect
import os
import pickle
import threading
import weakref

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import nbtrack
from tests.hooks.boosters import (
    X_test,
    X_train,
    content,
    files,
    inputs,
    model_uri,
    rows,
    steps,
    values,
    y_test,
    y_train,
)

xgb = pytest.importorskip("xgboost")
PARAMS = {"objective": "binary:logistic", "eval_metric": ["logloss", "auc"], "nthread": 1}


def matrices():
    return xgb.DMatrix(X_train, label=y_train), xgb.DMatrix(X_test, label=y_test)


def train(rounds=6, **kwargs):
    dtrain, dtest = matrices()
    evals = [(dtrain, "train"), (dtest, "valid")]
    return xgb.train(PARAMS, dtrain, rounds, evals=evals, verbose_eval=False, **kwargs)


def classifier(**kwargs):
    return xgb.XGBClassifier(n_estimators=4, max_depth=2, n_jobs=1, **kwargs)


# --- train


def test_train_leaves_every_round(autologged):
    """The last one too, with the values that XGBoost has itself."""
    found = {}
    train(evals_result=found)
    run = autologged.run()

    for data in ("train", "valid"):
        for metric in ("logloss", "auc"):
            assert values(run, f"{data}-{metric}") == found[data][metric]
            assert steps(run, f"{data}-{metric}") == list(range(6))
    assert not {"best_iteration", "stopped_iteration"} & set(run.data.metrics)


def test_train_leaves_params_importances_data_and_model(autologged):
    """Named as MLflow's."""
    booster = train()
    run = autologged.run()

    assert run.data.params.items() >= {
        "objective": "binary:logistic", "num_boost_round": "6", "early_stopping_rounds": "None",
    }.items()  # fmt: skip
    assert "dtrain" not in run.data.params
    assert run.data.tags["mlflow.autologging"] == "xgboost"
    assert content(run, "feature_importance_weight.json") == booster.get_score()
    assert inputs(run) == [("X_train", "train"), ("y_train", "train"), ("X_test", "eval"),
                           ("y_test", "eval")]  # fmt: skip
    loaded = nbtrack.pyfunc.load_model(model_uri(run))
    assert loaded.metadata.signature.inputs.input_names() == list(X_train.columns)
    assert (loaded.predict(rows()) == booster.predict(xgb.DMatrix(rows()))).all()


@pytest.mark.parametrize("asked", ["by argument", "by callback"])
def test_early_stopping_is_told(autologged, asked):
    """MLflow appends an invented point; and says nothing if a callback stops."""
    how = {"early_stopping_rounds": 2}
    if asked == "by callback":
        how = {"callbacks": [xgb.callback.EarlyStopping(rounds=2)]}
    booster = train(60, **how)
    run = autologged.run()

    rounds = booster.num_boosted_rounds()
    assert rounds < 60
    assert run.data.metrics["best_iteration"] == booster.best_iteration
    assert run.data.metrics["best_score"] == booster.best_score
    assert run.data.metrics["stopped_iteration"] == rounds - 1
    assert steps(run, "valid-auc") == list(range(rounds))


def test_training_that_goes_on_has_true_steps(autologged):
    """From where the model is that it goes on with."""
    first = train(3)
    train(2, xgb_model=first)

    assert [steps(run, "valid-auc") for run in autologged.runs()] == [[0, 1, 2], [3, 4]]


def test_who_goes_on_without_early_stopping_has_no_best_iteration(autologged):
    """That of the model before stands in the new one's attributes."""
    first = train(60, early_stopping_rounds=2)
    train(2, xgb_model=first)
    before, after = autologged.runs()

    assert "best_iteration" in before.data.metrics
    assert not {"best_iteration", "best_score", "stopped_iteration"} & after.data.metrics.keys()


class Watching(xgb.callback.TrainingCallback):
    def __init__(self, *, stop_at=None):
        self.seen, self.stop_at = [], stop_at

    def after_iteration(self, model, epoch, evals_log):
        self.seen.append(epoch)
        return epoch == self.stop_at


def test_users_callbacks_see_what_they_saw(autologged):
    """And a round after which one of them stops is recorded."""
    mine = [Watching(), Watching(stop_at=2), Watching()]
    train(callbacks=mine)

    assert [each.seen for each in mine] == [[0, 1, 2], [0, 1, 2], [0, 1]]
    assert len(mine) == 3
    assert steps(autologged.run(), "valid-auc") == [0, 1, 2]


def test_results_are_bit_identical(autologged):
    """The booster, to the last byte."""
    recorded = train(early_stopping_rounds=2)
    nbtrack.autolog(disable=True)
    plain = train(early_stopping_rounds=2)

    assert recorded.save_raw() == plain.save_raw()
    assert recorded.attributes() == plain.attributes()


def test_a_booster_keeps_nothing_of_its_training(autologged):
    """Neither its data nor what else there was in the function that trained it."""

    def fit():
        dtrain, _ = matrices()
        return xgb.train(PARAMS, dtrain, 2), weakref.ref(dtrain)

    booster, dtrain = fit()
    gc.collect()

    assert booster.num_boosted_rounds() == 2
    assert dtrain() is None


@pytest.mark.parametrize("error, status", [(ValueError, "FAILED"), (KeyboardInterrupt, "KILLED")])  # noqa: PT006
def test_a_training_that_fails_keeps_its_points(autologged, error, status):
    """The error is the user's; the rounds before it are there."""

    class Failing(xgb.callback.TrainingCallback):
        def after_iteration(self, model, epoch, evals_log):
            if epoch == 2:
                raise error("no more")
            return False

    with pytest.raises(error, match="no more") as raised:
        train(callbacks=[Failing()])
    run = autologged.run()

    assert run.info.status == status
    assert steps(run, "valid-auc") == [0, 1, 2]
    assert not any("nbtrack/hooks" in str(each.path) for each in raised.traceback)


def test_two_trainings_in_one_run_do_not_mix(autologged):
    """The second gets a child, as with scikit-learn."""
    with nbtrack.start_run() as mine:
        train(3)
        train(4)
    own, child = autologged.runs()

    assert (own.info.run_id, child.data.tags["mlflow.parentRunId"]) == (mine.info.run_id,) * 2
    assert [len(steps(run, "valid-auc")) for run in (own, child)] == [3, 4]


def test_later_metrics_go_to_the_boosters_run(autologged):
    """What a matrix was made of is what was asked about."""
    booster = train()
    _, dtest = matrices()
    auc = roc_auc_score(y_test, booster.predict(dtest))

    assert autologged.run().data.metrics["roc_auc_score_dtest"] == auc


def test_no_data_is_recorded_where_xgboost_was_told_so(autologged):
    """Whatever scikit-learn's autolog was told."""
    nbtrack.xgboost.autolog(log_datasets=False)
    classifier().fit(X_train, y_train).predict(X_test)

    assert inputs(autologged.run()) == []


def test_a_wrong_call_is_the_users(autologged):
    """As it would be without us: no run is made."""
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'dtrain'"):
        xgb.train(PARAMS)
    assert autologged.runs() == []


def test_a_matrix_of_rows_that_are_gone_is_recorded(autologged):
    """With what it holds itself."""
    dtrain = xgb.DMatrix(X_train.to_numpy() * 1.0, label=y_train)
    xgb.train(PARAMS, dtrain, 2)

    assert len(inputs(autologged.run())) == 1


# --- cv


def test_cv_leaves_means_and_deviations(autologged):
    """MLflow records nothing."""
    found = xgb.cv(PARAMS, matrices()[0], 30, nfold=3, early_stopping_rounds=2)
    run = autologged.run()

    for key in found.columns:
        assert values(run, key)[: len(found)] == found[key].tolist()
    assert run.data.metrics["best_iteration"] == len(found) - 1
    assert run.data.params["nfold"] == "3"


# --- estimators


def test_an_estimator_is_one_run(autologged):
    """Its params, not those that `train` gets; each round of each eval set."""
    model = classifier(early_stopping_rounds=2)
    model.fit(X_train, y_train, eval_set=[(X_train, y_train), (X_test, y_test)], verbose=False)
    run = autologged.run()

    assert run.data.params["n_estimators"] == "4"
    for key, curve in model.evals_result().items():
        assert values(run, f"{key}-logloss") == curve["logloss"]
    assert run.data.metrics["best_iteration"] == model.best_iteration
    assert "training_accuracy_score" not in run.data.metrics
    assert model.callbacks is None
    loaded = nbtrack.pyfunc.load_model(model_uri(run)).get_raw_model()
    assert type(loaded) is xgb.XGBClassifier
    assert (loaded.predict_proba(rows()) == model.predict_proba(rows())).all()


def test_without_eval_set_there_are_training_scores(autologged):
    """As scikit-learn's estimators have them."""
    model = classifier().fit(X_train, y_train)

    assert autologged.run().data.metrics["training_score"] == model.score(X_train, y_train)


def test_a_random_forest_is_recorded(autologged):
    """MLflow leaves no param and no metric; it takes no callbacks."""
    model = xgb.XGBRFClassifier(n_estimators=3, n_jobs=1)
    model.fit(X_train, y_train, eval_set=[(X_test, y_test)], verbose=False)
    run = autologged.run()

    assert values(run, "validation_0-logloss") == model.evals_result()["validation_0"]["logloss"]
    assert run.data.params["n_estimators"] == "3"


def test_an_estimators_own_callbacks_stay(autologged):
    """They are asked after ours, and the estimator has them when it is fitted."""
    mine = [Watching()]
    model = classifier(callbacks=mine).fit(X_train, y_train, eval_set=[(X_test, y_test)], verbose=0)

    assert model.callbacks is mine
    assert mine[0].seen == [0, 1, 2, 3]
    assert pickle.loads(pickle.dumps(model)).n_estimators == 4


def test_what_is_fitted_within_others_is_theirs(autologged):
    """A search has its candidates, a pipeline is one model: no run more."""
    GridSearchCV(classifier(), {"max_depth": [1, 2]}, cv=2).fit(X_train, y_train)
    assert len(autologged.runs()) == 3
    make_pipeline(StandardScaler(), classifier()).fit(X_train, y_train)
    assert len(autologged.runs()) == 4
    assert autologged.runs()[-1].data.tags["estimator_name"] == "Pipeline"


def test_a_fit_in_a_callback_is_the_users(autologged):
    """It is no part of the training, and gets a child; nothing that the training calls does."""

    class Fitting(xgb.callback.TrainingCallback):
        def after_training(self, model):
            GaussianNB().fit(X_train, y_train)
            return model

    train(callbacks=[Fitting()])
    training, child = autologged.runs()

    assert child.data.tags["estimator_name"] == "GaussianNB"
    assert child.data.tags["mlflow.parentRunId"] == training.info.run_id
    assert "training_score" not in training.data.metrics


def test_refit_is_another_run(autologged):
    """And the metrics are the last one's."""
    model = classifier()
    for _ in range(2):
        model.fit(X_train, y_train)
    score = model.score(X_test, y_test)
    first, second = autologged.runs()

    assert "XGBClassifier_score_X_test" not in first.data.metrics
    assert second.data.metrics["XGBClassifier_score_X_test"] == score


def test_threads_have_a_run_each(autologged):
    """Their rounds do not mix."""
    threads = [threading.Thread(target=train, args=(n,)) for n in (2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(len(steps(run, "valid-auc")) for run in autologged.runs()) == [2, 3]


def test_a_forked_child_records_nothing(autologged):
    """What it trains is part of something that its parent runs."""
    train(2)
    if (child := os.fork()) == 0:
        train(2)
        os._exit(0)
    os.waitpid(child, 0)

    assert len(autologged.runs()) == 1


# --- autolog


def test_the_flags_are_mlflows():
    """Same names, same order, same defaults."""
    import mlflow.xgboost

    import nbtrack.xgboost

    mine, theirs = (inspect.signature(each.autolog) for each in (nbtrack.xgboost, mlflow.xgboost))

    assert [(p.name, p.default) for p in mine.parameters.values()] == [
        (p.name, p.default) for p in theirs.parameters.values()
    ]


def test_flags_take_effect(autologged):
    """Kinds of importance, the model's format."""
    nbtrack.xgboost.autolog(importance_types=["gain", "cover"], model_format="json",
                            log_datasets=False)  # fmt: skip
    train()
    run = autologged.run()

    assert {"feature_importance_gain.json", "feature_importance_cover.json"} < files(run)
    assert "feature_importance_weight.json" not in files(run)
    assert content(run, "model/model.json")["version"]
    assert inputs(run) == []


def test_versions_to_come_train_with_a_line(autologged, monkeypatch, caplog):
    """They are recorded as far as they can be."""
    monkeypatch.setattr("xgboost.__version__", "9.1.0")
    train(2)

    assert "xgboost 9.1.0 is none of the versions that were tried" in caplog.text
    assert steps(autologged.run(), "valid-auc") == [0, 1]


def test_off_is_off(autologged):
    """The functions are the library's own again."""
    nbtrack.autolog(disable=True)
    train(2)
    assert autologged.runs() == []
    assert np.isfinite(classifier().fit(X_train, y_train).score(X_test, y_test))
    assert autologged.runs() == []
