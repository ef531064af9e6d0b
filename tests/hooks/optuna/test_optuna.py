"""Optuna's trials are runs under their study's; and they are what they would be without."""

from __future__ import annotations

import traceback
import warnings

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

import nbtrack
from tests.hooks.boosters import X_train, history, steps, values, y_train

optuna = pytest.importorskip("optuna")
optuna.logging.set_verbosity(optuna.logging.CRITICAL)


def study(**kwargs):
    return optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0), **kwargs)


def objective(trial):
    x = trial.suggest_float("x", -1, 1)
    return x**2 + trial.suggest_categorical("shift", [0, 1])


def family(autologged):
    """(the study's run, its trials' runs by number)."""
    (parent,) = (r for r in autologged.runs() if "mlflow.parentRunId" not in r.data.tags)
    found = autologged.children(parent.info.run_id)
    return parent, sorted(found, key=lambda run: int(run.data.tags["nbtrack.candidate"]))


# --- optimize


def test_each_trial_is_a_run(autologged):
    """With its params and its value."""
    mine = study()
    mine.optimize(objective, n_trials=4)
    _, trials = family(autologged)

    assert [run.info.run_name for run in trials] == [f"trial {i}" for i in range(4)]
    assert [run.data.metrics["value"] for run in trials] == [t.value for t in mine.trials]
    assert [run.data.params for run in trials] == [
        {name: str(value) for name, value in t.params.items()} for t in mine.trials
    ]
    assert {run.info.status for run in trials} == {"FINISHED"}


def test_the_study_says_how_and_shows_its_best(autologged):
    """As the search of scikit-learn does."""
    mine = study(study_name="mine", direction="maximize")
    mine.optimize(objective, n_trials=4, timeout=60, catch=ValueError)
    parent, trials = family(autologged)

    assert parent.data.params.items() >= {
        "study_name": "mine", "direction": "maximize", "sampler": "TPESampler",
        "pruner": "MedianPruner", "n_trials": "4", "timeout": "60", "catch": "ValueError",
        "best_x": str(mine.best_params["x"]),
    }.items()  # fmt: skip
    assert parent.data.metrics["best_value"] == mine.best_value
    assert parent.data.tags["nbtrack.best_child"] == trials[mine.best_trial.number].info.run_id
    assert parent.info.run_name == "optuna mine n_trials=4 timeout=60"


def test_the_trials_are_those_of_a_study_nobody_records(autologged):
    """With the same seed, to the last bit."""
    recorded, bare = study(), study()
    recorded.optimize(objective, n_trials=15)
    nbtrack.autolog(disable=True)
    bare.optimize(objective, n_trials=15)

    assert [(t.params, t.value) for t in recorded.trials] == [
        (t.params, t.value) for t in bare.trials
    ]
    assert recorded.trials[0].user_attrs == recorded.trials[0].system_attrs == {}
    assert len(autologged.runs()) == 16


def test_intermediate_values_and_a_pruned_trial(autologged):
    """It did not fail, and says where it was given up; Optuna keeps the first value of a step."""

    def pruned(trial):
        for step in (0, 5, 5):
            trial.report(step + 0.5 if step else 7, step)
        raise optuna.TrialPruned("no hope")

    with warnings.catch_warnings(action="ignore"):
        study().optimize(pruned, n_trials=1)
    parent, (trial,) = family(autologged)

    assert steps(trial, "intermediate_value") == [0, 5]
    assert values(trial, "intermediate_value") == [7, 5.5]
    assert trial.info.status == "KILLED"
    assert trial.data.tags["nbtrack.pruned"] == "pruned at step 5: no hope"
    assert parent.info.status == "FINISHED"
    assert "best_value" not in parent.data.metrics


@pytest.mark.parametrize("returned", [float("nan"), None, "a word", (1.0, 2.0)])
def test_what_optuna_cannot_use_is_a_failed_trial(autologged, returned):
    """As the study has it."""
    mine = study()
    mine.optimize(lambda _: returned, n_trials=1)
    _, (trial,) = family(autologged)

    assert mine.trials[0].state.name == "FAIL"
    assert trial.info.status == "FAILED"
    assert repr(returned) in trial.data.tags["nbtrack.fit_error"]


def failing(trial):
    if trial.number == 1:
        raise ValueError("no luck")
    return objective(trial)


def test_an_exception_that_is_caught_fails_its_trial_alone(autologged):
    """The study goes on."""
    study().optimize(failing, n_trials=3, catch=(ValueError,))
    parent, trials = family(autologged)

    assert [run.info.status for run in trials] == ["FINISHED", "FAILED", "FINISHED"]
    assert trials[1].data.tags["nbtrack.fit_error"] == "trial 1: ValueError: no luck"
    assert parent.info.status == "FINISHED"


def test_an_exception_ends_the_study(autologged):
    """Its traceback is Optuna's and the user's."""
    with pytest.raises(ValueError, match="no luck") as caught:
        study().optimize(failing, n_trials=3)
    parent, trials = family(autologged)

    assert [run.info.status for run in trials] == ["FINISHED", "FAILED"]
    assert parent.info.status == "FAILED"
    assert parent.data.metrics["best_value"] == trials[0].data.metrics["value"]
    assert not [f for f in traceback.extract_tb(caught.tb) if "nbtrack/hooks" in f.filename]
    assert nbtrack.active_run() is None


def test_ctrl_c_ends_both(autologged):
    """KILLED, as a cell is."""

    def interrupted(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        study().optimize(interrupted, n_trials=3)

    assert [run.info.status for run in autologged.runs()] == ["KILLED", "KILLED"]
    assert nbtrack.active_run() is None


# --- what the objective does


def fitting(trial):
    C = trial.suggest_float("C", 0.1, 1)
    nbtrack.log_metric("number", trial.number)
    model = LogisticRegression(C=C, max_iter=20 + trial.number).fit(X_train, y_train)
    return model.score(X_train, y_train)


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_an_objective_logs_and_fits_is_its_trials(autologged, jobs):
    """Also when two run at once."""
    with warnings.catch_warnings(action="ignore"):
        study().optimize(fitting, n_trials=6, n_jobs=jobs)
    _, trials = family(autologged)

    assert len(autologged.runs()) == 7
    for number, run in enumerate(trials):
        assert [point.value for point in history(run, "number")] == [number]
        assert run.data.params["max_iter"] == str(20 + number)
        assert run.data.tags["estimator_name"] == "LogisticRegression"
        assert {"training_score", "value"} <= run.data.metrics.keys()


def test_a_param_stays_the_trials(autologged):
    """Though a fit in it has one of the same name."""

    def times_ten(trial):
        width = trial.suggest_int("max_iter", 3, 9)
        LogisticRegression(max_iter=width * 100).fit(X_train, y_train)
        return 1.0

    mine = study()
    mine.optimize(times_ten, n_trials=1)
    _, (trial,) = family(autologged)

    assert trial.data.params["max_iter"] == str(mine.best_params["max_iter"])


def test_cross_validation_in_an_objective_is_on_the_trial(autologged):
    """It is the user's, though Optuna calls him."""
    mine = study(direction="maximize")
    model = LogisticRegression(max_iter=2000)
    mine.optimize(lambda t: cross_val_score(model, X_train, y_train, cv=2).mean(), n_trials=2)
    _, trials = family(autologged)

    assert len(autologged.runs()) == 3
    assert all(any("cv" in key for key in run.data.metrics) for run in trials)


def test_an_objective_may_start_a_run(autologged):
    """As it may where nobody records."""

    def starting(trial):
        with nbtrack.start_run(run_name="mine"):
            nbtrack.log_metric("inner", 1)
        return objective(trial)

    study().optimize(starting, n_trials=1)
    parent, trial, mine = autologged.runs()

    assert mine.data.tags["mlflow.parentRunId"] == trial.info.run_id
    assert trial.data.tags["mlflow.parentRunId"] == parent.info.run_id


def test_fits_in_an_objective_are_recorded_where_no_study_is(autologged):
    """Optuna alone is left out."""
    nbtrack.optuna.autolog(disable=True)
    with warnings.catch_warnings(action="ignore"):
        study().optimize(fitting, n_trials=2)
    assert len(autologged.runs()) == 2  # what was logged first opened one

    while nbtrack.active_run() is not None:
        nbtrack.end_run()
    nbtrack.optuna.autolog(exclusive=True)
    with nbtrack.start_run() as run, warnings.catch_warnings(action="ignore"):
        study().optimize(fitting, n_trials=1)
    assert nbtrack.get_run(run.info.run_id).data.tags["estimator_name"] == "LogisticRegression"


def test_callbacks_log_to_the_study(autologged):
    """No trial is open then."""
    study().optimize(
        objective, n_trials=2, callbacks=[lambda s, t: nbtrack.log_metric("seen", t.number)]
    )
    parent, _ = family(autologged)

    assert values(parent, "seen") == [0, 1]


def test_the_users_own_run_is_the_studys(autologged):
    """The second study in it has one of its own."""
    with nbtrack.start_run() as run:
        study().optimize(objective, n_trials=2)
        study().optimize(objective, n_trials=1)
    found = nbtrack.get_run(run.info.run_id)

    assert found.data.params["sampler"] == "TPESampler"
    assert len(autologged.children(run.info.run_id)) == 3


def test_a_study_that_goes_on_has_new_trials_only(autologged, tmp_path):
    """From its storage; the best may be an earlier one."""
    file = optuna.storages.journal.JournalFileBackend(str(tmp_path / "journal"))
    kept = {"storage": optuna.storages.JournalStorage(file), "study_name": "kept"}
    study(**kept).optimize(lambda _: 0.0, n_trials=2)
    again = study(**kept, load_if_exists=True)
    again.optimize(lambda _: 1.0, n_trials=2)
    first, second = (r for r in autologged.runs() if "mlflow.parentRunId" not in r.data.tags)

    names = [run.info.run_name for run in autologged.children(second.info.run_id)]
    assert sorted(names) == ["trial 2", "trial 3"]
    assert second.data.metrics["best_value"] == 0
    assert "nbtrack.best_child" in first.data.tags
    assert "nbtrack.best_child" not in second.data.tags


def test_several_objectives(autologged):
    """Their names, and which trials are the best."""
    mine = study(directions=["minimize", "maximize"])
    mine.optimize(lambda t: (t.suggest_int("a", 0, 9), 1), n_trials=3)
    parent, trials = family(autologged)

    assert [r.data.metrics["value_0"] for r in trials] == [t.values[0] for t in mine.trials]
    best = ", ".join(str(t.number) for t in mine.best_trials)
    assert parent.data.tags["optuna.best_trials"] == best
    assert parent.data.params["direction"] == "minimize, maximize"


def test_user_attributes_are_tags(autologged):
    """As in Optuna's own callback for MLflow."""

    def noting(trial):
        trial.set_user_attr("device", "cpu")
        return 1.0

    study().optimize(noting, n_trials=1)
    _, (trial,) = family(autologged)

    assert trial.data.tags["device"] == "cpu"


# --- ask and tell


def test_asked_and_told(autologged):
    """The trial's run is the active one in between."""
    mine = study()
    for _ in range(3):
        trial = mine.ask({"y": optuna.distributions.IntDistribution(0, 3)})
        nbtrack.log_metric("number", trial.number)
        mine.tell(trial, objective(trial))
    parent, trials = family(autologged)

    assert nbtrack.active_run() is None
    assert [run.data.metrics["number"] for run in trials] == [0, 1, 2]
    assert [run.data.metrics["value"] for run in trials] == [t.value for t in mine.trials]
    assert trials[0].data.params.keys() == {"x", "y", "shift"}
    assert parent.data.tags["nbtrack.best_child"] == trials[mine.best_trial.number].info.run_id
    assert parent.info.status == "FINISHED"
    assert parent.info.end_time >= trials[-1].info.end_time


def test_told_to_have_failed_or_been_pruned(autologged):
    """By number too."""
    mine = study()
    for state in ("FAIL", "PRUNED"):
        mine.tell(mine.ask().number, state=optuna.trial.TrialState[state])
    _, trials = family(autologged)

    assert [run.info.status for run in trials] == ["FAILED", "KILLED"]


def test_of_several_asked_at_once_none_takes_what_is_logged(autologged):
    """Nobody could say which; what they report themselves is theirs."""
    mine = study()
    with nbtrack.start_run() as run:
        asked = [mine.ask() for _ in range(3)]
        for trial in reversed(asked):
            trial.report(trial.number, 0)
            nbtrack.log_metric("number", trial.number)
            mine.tell(trial, objective(trial))
    trials = sorted(autologged.children(run.info.run_id), key=lambda each: each.info.run_name)

    assert values(nbtrack.get_run(run.info.run_id), "number") == [2, 1, 0]
    assert [values(each, "intermediate_value") for each in trials] == [[0], [1], [2]]
    assert {each.info.status for each in trials} == {"FINISHED"}
