"""A training that the user stops ends at its next iteration, with the model that it has."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nbtrack
from nbtrack.api.stopping import stop
from nbtrack.cli.main import main
from nbtrack.errors import InvalidValue, StopTraining
from nbtrack.hooks.catboost import stopping
from nbtrack.hooks.training.stopping import stop_is_wanted
from nbtrack.recording.session import current_session
from nbtrack.records.runs import Run
from nbtrack.records.tags import STOPPED_TAG
from tests.hooks.boosters import values
from tests.hooks.conftest import Project

ROUNDS = 1_000_000  # years
X = np.random.default_rng(0).normal(size=(60, 3))
y = (X[:, 0] > 0).astype(int)


def stopped_by_user(train: Callable[[], Any]) -> Any:
    """What *train* returns, when somebody asks its run to stop as soon as it has a point."""
    asking = threading.Thread(target=_ask_when_it_trains)
    asking.start()
    try:
        return train()
    finally:
        asking.join()


def _ask_when_it_trains() -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with suppress(InvalidValue):
            store = current_session().store
            if any(run.data.metrics for run in nbtrack.search_runs(output_format="list")):
                stop(store)
                return
        time.sleep(0.05)


def is_stopped(run: Run) -> bool:
    return run.info.status == "KILLED" and run.data.tags[STOPPED_TAG] == "by you"


def stored_models(run: Run) -> int:
    return len(run.outputs.model_outputs)


def test_xgboost(autologged: Project) -> None:
    """`train` returns the booster of the rounds that were recorded, and callbacks saw them all."""
    xgboost = pytest.importorskip("xgboost")
    seen = []

    class Callback(xgboost.callback.TrainingCallback):
        def after_iteration(self, model, epoch, evals_log):
            seen.append(epoch)
            return False

    data = xgboost.DMatrix(X, y)
    booster = stopped_by_user(
        lambda: xgboost.train({}, data, ROUNDS, evals=[(data, "train")], callbacks=[Callback()],
                              verbose_eval=False)
    )  # fmt: skip
    run = autologged.run()
    points = nbtrack.MlflowClient().get_metric_history(run.info.run_id, "train-rmse")

    assert is_stopped(run)
    assert booster.num_boosted_rounds() == len(points) == len(seen) == points[-1].step + 1
    assert stored_models(run) == 1


@pytest.mark.parametrize("kind", ["XGBClassifier", "LGBMClassifier"])
def test_an_estimator(autologged: Project, kind: str) -> None:
    """It is fitted, and can predict."""
    library = pytest.importorskip("xgboost" if kind.startswith("X") else "lightgbm")
    model = getattr(library, kind)(n_estimators=ROUNDS, n_jobs=1)
    stopped_by_user(lambda: model.fit(X, y, eval_set=[(X, y)], **_silent(kind)))

    assert is_stopped(autologged.run())
    assert stored_models(autologged.run()) == 1
    assert set(model.predict(X)) <= {0, 1}


def _silent(kind: str) -> dict[str, Any]:
    return {"verbose": False} if kind.startswith("X") else {}


def test_lightgbm(autologged: Project) -> None:
    """`train` returns what it has, and the iteration that was the last one is not called best."""
    lightgbm = pytest.importorskip("lightgbm")
    data = lightgbm.Dataset(X, y)
    booster = stopped_by_user(
        lambda: lightgbm.train({"verbose": -1}, data, ROUNDS, valid_sets=[data])
    )
    run = autologged.run()
    points = nbtrack.MlflowClient().get_metric_history(run.info.run_id, "training-l2")

    assert is_stopped(run)
    assert booster.current_iteration() == len(points)
    assert "best_iteration" not in run.data.metrics
    assert stored_models(run) == 1


@pytest.mark.parametrize("has_own", [True, False])
def test_catboost(
    autologged: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_own: bool
) -> None:
    """With callbacks of the user's, which see every iteration, and where a callback is cheap."""
    catboost = pytest.importorskip("catboost")
    monkeypatch.setattr(stopping, "MOST_COST", 0 if has_own else float("inf"))
    seen = []

    class Callback:
        def after_iteration(self, info: Any) -> bool:
            seen.append(info.iteration)
            return True

    model = catboost.CatBoostClassifier(
        iterations=ROUNDS, depth=1, thread_count=1, verbose=False, train_dir=str(tmp_path / "files")
    )
    given = [Callback()] if has_own else None
    asking = threading.Thread(target=_ask_when_there_is, args=(tmp_path / "files/learn_error.tsv",))
    asking.start()
    assert model.fit(X, y, callbacks=given) is model
    asking.join()
    points = values(autologged.run(), "learn-Logloss")

    assert is_stopped(autologged.run())
    assert stored_models(autologged.run()) == 1
    assert 0 < model.tree_count_ == len(points) < ROUNDS
    assert seen == (list(range(1, len(points) + 1)) if has_own else [])
    assert ("callbacks" in model.get_metadata()["params"]) == has_own
    assert given is None or len(given) == 1


def _ask_when_there_is(file: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and not (file.exists() and file.stat().st_size):
        time.sleep(0.05)
    stop(current_session().store)


@pytest.mark.parametrize(
    ("shape", "settings", "is_cheap"),
    [
        ((1000, 10), {}, False),
        ((300_000, 50), {"thread_count": 1}, True),
        ((300_000, 50), {"thread_count": 1, "eval_set": [(X, y)], "n_estimators": 100_000}, False),
        ((300_000, 50), {"thread_count": 1, "rsm": 0.01}, False),
        ((300_000,), {}, False),
    ],
)
def test_catboost_is_not_slowed_down(
    shape: tuple[int, ...], settings: dict[str, Any], is_cheap: bool
) -> None:
    """Its callbacks cost more with each iteration; they are for those that take long."""
    assert stopping._is_cheap(np.broadcast_to(np.float32(0), shape), settings) == is_cheap


def test_a_loop_of_ones_own(autologged: Project) -> None:
    """Of PyTorch: between two steps, by an interrupt of ours, with the model as it is then."""
    torch = pytest.importorskip("torch")
    nbtrack.pytorch.autolog()
    torch.set_num_threads(1)
    model = torch.nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    seen = []

    def train() -> None:
        with nbtrack.start_run():
            for step in range(ROUNDS):
                optimizer.zero_grad()
                model(torch.ones(4, 3)).mean().backward()
                optimizer.step()
                seen.append(step)

    with pytest.raises(StopTraining):
        stopped_by_user(train)
    run = autologged.run()

    assert is_stopped(run)
    assert stored_models(run) == 1
    assert run.data.metrics["train-loss"] == run.data.metrics["train-loss"]
    assert 0 < len(seen) < ROUNDS - 1


def test_a_study(autologged: Project) -> None:
    """The trial that runs is completed, and none begins after it."""
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study()

    def objective(trial: Any) -> float:
        time.sleep(0.1)
        return float(trial.suggest_float("x", 0, 1))

    stopped_by_user(lambda: study.optimize(objective, n_trials=ROUNDS))
    (run,) = [r for r in autologged.runs() if "mlflow.parentRunId" not in r.data.tags]

    assert is_stopped(run)
    assert {trial.state.name for trial in study.trials} == {"COMPLETE"}
    assert len(autologged.children(run.info.run_id)) == len(study.trials) < ROUNDS


def test_a_loop_in_a_trial(autologged: Project) -> None:
    """The study ends in good order: that trial is pruned, and the study's best is known."""
    optuna, torch = pytest.importorskip("optuna"), pytest.importorskip("torch")
    nbtrack.pytorch.autolog()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study()

    def objective(trial: Any) -> float:
        x = torch.tensor(trial.suggest_float("x", 0, 1), requires_grad=True)
        optimizer = torch.optim.SGD([x], lr=0.01)
        for _ in range(1 if trial.number == 0 else ROUNDS):
            optimizer.zero_grad()
            (x * x).backward()
            optimizer.step()
        return float(x.detach())

    stopped_by_user(lambda: study.optimize(objective, n_trials=ROUNDS))

    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "PRUNED"]
    assert "best_value" in next(r for r in autologged.runs() if is_stopped(r)).data.metrics


def test_what_is_trained_afterwards_in_the_run_ends_too(autologged: Project) -> None:
    """After one iteration; a run that begins later is not meant."""
    xgboost = pytest.importorskip("xgboost")
    data = xgboost.DMatrix(X, y)

    def train(rounds: int) -> Any:
        return xgboost.train({}, data, rounds, evals=[(data, "train")], verbose_eval=False)

    with nbtrack.start_run() as run:
        stopped_by_user(lambda: train(ROUNDS))
        assert train(3).num_boosted_rounds() == 1
    with nbtrack.start_run(run.run_id):
        assert not stop_is_wanted(current_session().active_run())
    assert train(3).num_boosted_rounds() == 3
    assert list((Path(nbtrack.project_folder()) / "stop").iterdir()) == []


def test_a_loop_that_asks_for_itself(project: Path) -> None:
    """As it may where nothing is followed."""
    assert not nbtrack.stop_is_wanted()
    with nbtrack.start_run() as run:
        assert not nbtrack.stop_is_wanted()
        stop(current_session().store, run.run_id)
        time.sleep(0.6)
        assert nbtrack.stop_is_wanted()
    assert is_stopped(nbtrack.get_run(run.run_id))


def test_a_run_that_is_resumed_later_is_not_meant(project: Path) -> None:
    """By a wish that nobody heard when it ran."""
    with nbtrack.start_run() as run:
        stop(current_session().store, run.run_id)
    with nbtrack.start_run(run.run_id) as again:
        assert not stop_is_wanted(again)


def test_a_failure_after_a_stop_is_a_failure(project: Path) -> None:
    """And a run that nobody stopped is finished as ever."""
    run = nbtrack.start_run()
    stop(current_session().store, run.run_id)
    assert nbtrack.stop_is_wanted()
    with pytest.raises(ZeroDivisionError), run:
        _ = 1 / 0
    with nbtrack.start_run() as other:
        pass

    assert nbtrack.get_run(run.run_id).info.status == "FAILED"
    assert nbtrack.get_run(other.run_id).info.status == "FINISHED"


def test_asking_costs_next_to_nothing(project: Path) -> None:
    """At most 2 µs an iteration, as it looks at the disk twice a second only."""
    with nbtrack.start_run() as run:
        stop_is_wanted(run)
        began = time.process_time()
        for _ in range(20_000):
            stop_is_wanted(run)
        taken = time.process_time() - began

    assert taken / 20_000 < 5e-6


STARTED = """
import time, nbtrack
with nbtrack.start_run(run_name="started"):
    print("runs", flush=True)
    while not nbtrack.stop_is_wanted():
        time.sleep(0.1)
"""


def test_in_a_process_that_the_run_started(project: Path) -> None:
    """Whose own run is below the one that is asked."""
    with nbtrack.start_run(run_name="outer") as run:
        script = subprocess.Popen([sys.executable, "-c", STARTED], stdout=subprocess.PIPE)
        assert script.stdout is not None
        script.stdout.readline()
        stop(current_session().store, run.run_id)
        assert script.wait(timeout=30) == 0
    (started,) = [
        r for r in nbtrack.search_runs(output_format="list") if r.info.run_name != "outer"
    ]

    assert is_stopped(started)
    assert nbtrack.get_run(run.run_id).info.status == "FINISHED"


SCRIPT = """
import nbtrack, numpy, xgboost
nbtrack.autolog()
data = xgboost.DMatrix(numpy.ones((4, 2)), [0, 1, 0, 1])
with nbtrack.start_run(run_name="long"):
    booster = xgboost.train({}, data, 10**9, evals=[(data, "train")], verbose_eval=False)
    print("goes on")
"""


def test_by_the_command(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In a terminal, about a script that trains; the script goes on behind its training."""
    pytest.importorskip("xgboost")
    assert main(["--store", str(project), "stop"]) == 2
    assert "Nothing is running" in capsys.readouterr().err
    script = subprocess.Popen(
        [sys.executable, "-c", SCRIPT], env={"NBTRACK_DIR": str(project)}, stdout=subprocess.PIPE
    )
    until = time.monotonic() + 60
    while not any(r.data.metrics for r in nbtrack.search_runs(output_format="list")):
        assert time.monotonic() < until
        time.sleep(0.1)

    assert main(["--store", str(project), "stop", "long"]) == 0
    assert "the model is kept" in capsys.readouterr().out
    assert script.communicate(timeout=60)[0] == b"goes on\n"
    (run,) = nbtrack.search_runs(output_format="list")
    assert is_stopped(run)
    assert main(["--store", str(project), "stop", "long"]) == 2
    assert "is not running: it is KILLED" in capsys.readouterr().err
