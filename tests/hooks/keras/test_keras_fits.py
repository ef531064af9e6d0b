"""Keras's trainings record themselves, and are what they would be without."""

from __future__ import annotations

import gc
import inspect
import os
import subprocess
import sys
import textwrap
import threading
import weakref

import numpy as np
import pandas as pd
import pytest

import nbtrack
from nbtrack.errors import InvalidValue
from tests.hooks.boosters import files, model_uri, steps, values

keras = pytest.importorskip("keras")
torch = pytest.importorskip("torch")  # the backend, see tests/conftest.py
rng = np.random.default_rng(0)
X_train = rng.random((48, 4), dtype=np.float32)
X_test = rng.random((16, 4), dtype=np.float32)
y_train, y_test = (X_train.sum(1) > 2).astype(int), (X_test.sum(1) > 2).astype(int)
CONTEXT = "mlflow.data.context"
LOGS = ["accuracy", "loss", "val_accuracy", "val_loss"]


def not_with(*backends, why):
    """The tests run with any of Keras's backends; KERAS_BACKEND says with which."""
    return pytest.mark.skipif(keras.backend.backend() in backends, reason=why)


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def compiled(model, optimizer="adam"):
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def network(optimizer="adam"):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    return compiled(
        keras.Sequential(
            [layers.Dense(6, activation="relu"), layers.Dropout(0.2), layers.Dense(2, "softmax")]
        ),
        optimizer,
    )


def fit(model, epochs=3, **kwargs):
    kwargs = {"validation_data": (X_test, y_test), "verbose": 0, "batch_size": 16} | kwargs
    return model.fit(X_train, y_train, epochs=epochs, **kwargs)


def inputs(run):
    """(name, context) of each dataset."""
    return [
        (each.dataset.name, next(tag.value for tag in each.tags if tag.key == CONTEXT))
        for each in run.inputs.dataset_inputs
    ]


# --- what is recorded


def test_each_epoch_is_recorded_once(autologged):
    """With the values of the history; MLflow has the validation's twice."""
    history = fit(network())
    run = autologged.run()

    assert sorted(run.data.metrics) == sorted([*LOGS, "learning_rate"])
    for key in LOGS:
        assert values(run, key) == history.history[key]
        assert steps(run, key) == [0, 1, 2]
    assert (run.info.status, run.info.run_name) == ("FINISHED", "Sequential batch_size=16 epochs=3")


def test_a_fit_keeps_no_model_alive(autologged):
    """Nor what else there was where it was fitted."""

    def fit_one():
        model = network()
        fit(model, epochs=1)
        return weakref.ref(model)

    model = fit_one()
    gc.collect()

    assert model() is None


def test_params_are_mlflows(autologged):
    """The same keys as of `mlflow.keras.autolog`; the optimizer's name has no number."""
    for _ in range(2):
        fit(network(keras.optimizers.Adam(0.01)), 1)
    run = autologged.runs()[-1]

    assert run.data.params.items() >= {
        "epochs": "1", "batch_size": "16", "optimizer_name": "adam", "initial_epoch": "0",
        "optimizer_learning_rate": "0.01", "optimizer_beta_1": "0.9", "shuffle": "True",
    }.items()  # fmt: skip
    assert len(run.data.params) == 26
    assert run.data.tags["mlflow.autologging"] == "keras"
    assert not {"x", "y", "self", "callbacks"} & set(run.data.params)


def test_the_model_its_summary_and_the_data_are_kept(autologged):
    """The signature is that of the first rows, though the network has no input shape."""
    model = network()
    fit(model)
    run = autologged.run()

    summary = nbtrack.artifacts.load_text(f"runs:/{run.info.run_id}/model_summary.txt")
    assert "(48, 6)" in summary or "(16, 6)" in summary or "(None, 6)" in summary
    assert inputs(run) == [("X_train", "train"), ("X_test", "eval")]
    loaded = nbtrack.pyfunc.load_model(model_uri(run))
    assert loaded.metadata.signature.inputs.inputs[0].shape == (-1, 4)
    assert (loaded.predict(X_test) == model.predict(X_test, verbose=0)).all()


def test_an_epoch_is_the_step_where_training_goes_on(autologged):
    """As `initial_epoch` says."""
    model = network()
    fit(model, 2)
    fit(model, 4, initial_epoch=2)

    assert [steps(run, "loss") for run in autologged.runs()] == [[0, 1], [2, 3]]


def test_a_learning_rate_that_changes_is_a_curve(autologged):
    """Of callbacks and of schedules alike."""
    halving = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    fit(network(keras.optimizers.SGD(0.5)), callbacks=[halving])
    schedule = keras.optimizers.schedules.ExponentialDecay(0.5, 3, 0.5)
    fit(network(keras.optimizers.SGD(schedule)))
    by_callback, by_schedule = autologged.runs()

    assert values(by_callback, "learning_rate") == [0.25, 0.125, 0.0625]
    assert values(by_schedule, "learning_rate") == [0.25, 0.125, 0.0625]
    assert by_schedule.data.params["optimizer_learning_rate"] == "ExponentialDecay"
    assert by_schedule.data.params["optimizer_learning_rate_decay_steps"] == "3"


def test_early_stopping_is_told(autologged):
    """Which epoch was the best, and that its weights are those of the model that is kept."""
    model = network(keras.optimizers.SGD(50.0))
    stopping = keras.callbacks.EarlyStopping(patience=1, restore_best_weights=True)
    history = fit(model, 20, callbacks=[stopping])
    run = autologged.run()

    assert stopping.stopped_epoch
    assert run.data.metrics.items() >= {
        "stopped_epoch": stopping.stopped_epoch, "best_epoch": stopping.best_epoch,
        "restored_epoch": stopping.best_epoch, "best_score": stopping.best,
    }.items()  # fmt: skip
    assert steps(run, "val_loss") == history.epoch
    assert run.data.params.items() >= {"monitor": "val_loss", "patience": "1"}.items()
    loaded = nbtrack.keras.load_model(model_uri(run))
    for mine, theirs in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_who_did_not_stop_says_no_stopped_epoch(autologged):
    """A zero would be the first epoch."""
    fit(network(), callbacks=[keras.callbacks.EarlyStopping(patience=9)])

    assert not {"stopped_epoch", "restored_epoch"} & set(autologged.run().data.metrics)


def test_steps_are_recorded_where_that_is_asked_for(autologged):
    """Instead of epochs, as in MLflow."""
    nbtrack.keras.autolog(log_every_epoch=False, log_every_n_steps=2)
    fit(network(), 2)

    assert steps(autologged.run(), "loss") == [2, 4, 6]
    with pytest.raises(InvalidValue, match="log_every_epoch=False"):
        nbtrack.keras.autolog(log_every_n_steps=2)


# --- callbacks


class Watching(keras.callbacks.Callback):
    def __init__(self, stop_at=None, error=None):
        super().__init__()
        self.seen, self.stop_at, self.error = [], stop_at, error

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append((epoch, sorted(logs)))
        logs["mine"] = epoch * 10
        logs["words"] = "none"
        if epoch == self.stop_at:
            if self.error is not None:
                raise self.error
            self.model.stop_training = True


@pytest.mark.parametrize("form", [list, tuple])
def test_callbacks_are_left_as_they_are(autologged, form):
    """What one adds to the logs is recorded, as `History` has it."""
    mine = Watching()
    given = form([mine])
    fit(network(), callbacks=given)
    run = autologged.run()

    assert mine.seen == [(epoch, LOGS) for epoch in range(3)]
    assert values(run, "mine") == [0, 10, 20]
    assert "words" not in run.data.metrics
    assert given == form([mine])


def test_one_callback_alone(autologged):
    """MLflow records nothing, and its run has failed."""
    mine = Watching()
    fit(network(), callbacks=mine)

    assert len(mine.seen) == 3
    assert steps(autologged.run(), "loss") == [0, 1, 2]


def test_a_callback_list_of_keras_is_given_back(autologged):
    """`fit` takes it as it is, and so does the next one."""
    mine, model = Watching(), network()
    given = keras.callbacks.CallbackList([mine], add_history=True, model=model)
    before = list(given.callbacks)
    fit(model, callbacks=given)

    assert given.callbacks == before
    assert len(mine.seen) == 3
    assert steps(autologged.run(), "loss") == [0, 1, 2]


def test_callbacks_by_position(autologged):
    """As the sixth argument."""
    mine = Watching()
    network().fit(X_train, y_train, 16, 2, 0, [mine])

    assert [epoch for epoch, _ in mine.seen] == [0, 1]
    assert steps(autologged.run(), "loss") == [0, 1]


def test_a_training_that_is_told_to_stop_has_ended_well(autologged):
    """By `model.stop_training`, with the epoch in which it is."""
    fit(network(), callbacks=[Watching(stop_at=1)])
    run = autologged.run()

    assert (run.info.status, steps(run, "loss")) == ("FINISHED", [0, 1])


@pytest.mark.parametrize(
    ("error", "status"), [(ValueError, "FAILED"), (KeyboardInterrupt, "KILLED")]
)
def test_a_training_that_fails_keeps_its_epochs(autologged, error, status):
    """The one in which it fails too; the error is the user's."""
    with pytest.raises(error, match="no more") as raised:
        fit(network(), callbacks=[Watching(stop_at=1, error=error("no more"))])
    run = autologged.run()

    assert (run.info.status, steps(run, "val_loss")) == (status, [0, 1])
    assert not any("nbtrack/hooks" in str(each.path) for each in raised.traceback)


def test_a_fit_in_a_callback_is_the_users(autologged):
    """It has a run of its own, under that of the training."""

    class Fitting(keras.callbacks.Callback):
        def on_train_end(self, logs=None):
            fit(network(), 1)

    fit(network(), 2, callbacks=[Fitting()])
    outer, inner = autologged.runs()

    assert inner.data.tags["mlflow.parentRunId"] == outer.info.run_id
    assert (steps(outer, "loss"), steps(inner, "loss")) == ([0, 1], [0])


# --- what stays as it was


def test_results_are_bit_identical(autologged):
    """The weights, also of a second training, and the history."""

    def trained():
        model = network()
        found = [fit(model, 2).history, fit(model, 2).history]
        return found, model.get_weights()

    recorded = trained()
    nbtrack.autolog(disable=True)
    plain = trained()

    assert recorded[0] == plain[0]
    for mine, theirs in zip(recorded[1], plain[1], strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert len(autologged.runs()) == 2


def test_what_torch_does_in_it_is_recorded_by_keras_alone(autologged):
    """No loss of a plain loop, no weights of one; and the next plain loop has its own losses."""
    data = torch.utils.data.TensorDataset(torch.from_numpy(X_train), torch.from_numpy(y_train))
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    optimizer.zero_grad()
    with nbtrack.start_run() as run:
        network().fit(torch.utils.data.DataLoader(data, batch_size=16), epochs=2, verbose=0)
    found = nbtrack.get_run(run.info.run_id)

    assert sorted(found.data.metrics) == ["accuracy", "learning_rate", "loss"]
    assert found.data.params["batch_size"] == "16"
    assert inputs(found) == [("data", "train")]
    assert files(found) == {"model", "model_summary.txt"}
    with nbtrack.start_run() as run:
        (weight * 3).sum().backward()
        optimizer.step()
    assert values(nbtrack.get_run(run.info.run_id), "train-loss") == [3.0]


class Own(keras.Model):
    """With a `train_step` of its own, on an optimizer of torch's."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(2)

    def call(self, given):
        return self.dense(given)

    def train_step(self, data):
        x, y = data
        if not hasattr(self, "own"):
            self.own = torch.optim.SGD(self.parameters(), lr=0.1)
        self.zero_grad()
        loss = self.compute_loss(x, y, self(x, training=True))
        loss.backward()
        self.own.step()
        return {"loss": loss}


@not_with("jax", "tensorflow", why="its `train_step` is written for torch")
def test_a_subclass_of_its_own_is_recorded(autologged):
    """By what its `train_step` returns."""
    model = Own()
    model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(X_train, y_train, epochs=2, verbose=0)
    run = autologged.run()

    assert steps(run, "loss") == [0, 1]
    assert "train-loss" not in run.data.metrics
    assert run.data.tags["estimator_name"] == "Own"


def test_single_batches_are_nobodys(autologged):
    """`train_on_batch` is part of a loop of the user's."""
    network().train_on_batch(X_train, y_train)

    assert autologged.runs() == []


def test_a_wrong_call_is_the_users(autologged):
    """And the run says that it failed."""
    with pytest.raises(TypeError, match="epochz"):
        network().fit(X_train, y_train, epochz=3)
    with pytest.raises(ValueError, match="compile"):
        keras.Sequential([keras.layers.Dense(1)]).fit(X_train, y_train)

    assert [run.info.status for run in autologged.runs()] == ["FAILED"]


# --- several trainings


def test_refit_is_a_child(autologged):
    """In a run of the user's, as with the others; each has its points."""
    with nbtrack.start_run() as mine:
        model = network()
        fit(model, 2)
        fit(model, 3)
    own, child = autologged.runs()

    assert child.data.tags["mlflow.parentRunId"] == mine.info.run_id
    assert (steps(own, "loss"), steps(child, "loss")) == ([0, 1], [0, 1, 2])


def test_threads_have_a_run_each(autologged):
    """Their epochs do not mix."""
    threads = [threading.Thread(target=fit, args=(network(), n)) for n in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(len(steps(run, "loss")) for run in autologged.runs()) == [1, 2]


@not_with("jax", "tensorflow", why="they have threads, and hang in a forked process")
def test_a_forked_child_records_nothing(autologged):
    """What it trains is part of something that its parent runs."""
    fit(network(), 1)
    if (child := os.fork()) == 0:
        fit(network(), 1)
        os._exit(0)
    os.waitpid(child, 0)

    assert len(autologged.runs()) == 1


def test_a_keras_model_as_an_estimator_is_recorded(autologged):
    """Keras calls its `fit` for the user."""
    model = keras.Sequential([keras.layers.Dense(2, "softmax")])
    model.compile("sgd", "categorical_crossentropy")
    keras.wrappers.SKLearnClassifier(model, fit_kwargs={"epochs": 2, "verbose": 0}).fit(
        X_train, y_train
    )

    assert steps(autologged.run(), "loss") == [0, 1]


# --- measured afterwards


def test_an_evaluation_goes_to_the_run_of_the_model(autologged):
    """By the name of the data, however it is returned."""
    model = network()
    fit(model)
    loss, accuracy = model.evaluate(X_test, y_test, verbose=0)
    again = model.evaluate(x=X_train, y=y_train, verbose=0, return_dict=True)
    metrics = autologged.run().data.metrics

    assert metrics["Sequential_loss_X_test"] == loss
    assert metrics["Sequential_accuracy_X_test"] == accuracy
    assert metrics["Sequential_loss-2_X_train"] == again["loss"]


def test_metrics_of_predictions_go_to_the_run_of_the_model(autologged):
    """scikit-learn's, of the classes that were made of what `predict` returned."""
    from sklearn.metrics import accuracy_score

    model = network()
    fit(model)
    y_pred = model.predict(X_test, verbose=0).argmax(axis=1)
    found = accuracy_score(y_test, y_pred)

    assert autologged.run().data.metrics["accuracy_score_X_test"] == found


@pytest.mark.parametrize("form", ["frame", "dict", "list", "generator"])
def test_data_in_any_form(autologged, form):
    """What can be described is, of the rest nothing is said; the training is as ever."""
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    both = keras.Model([a, b], keras.layers.Dense(2, "softmax")(keras.layers.Add()([a, b])))
    model = compiled(both) if form in ("dict", "list") else network()
    given = {
        "frame": pd.DataFrame(X_train, columns=list("abcd")),
        "dict": {"a": X_train, "b": X_train},
        "list": [X_train, X_train],
        "generator": ((X_train[i : i + 8], y_train[i : i + 8]) for i in (0, 8, 16, 24)),
    }[form]
    y = None if form == "generator" else y_train
    model.fit(given, y, epochs=2, verbose=0, steps_per_epoch=2 if y is None else None)
    run = autologged.run()

    expected = {"frame": ["given", "y"], "dict": ["a", "b"], "list": ["given_0", "given_1"]}
    assert [name for name, _ in inputs(run)] == expected.get(form, [])
    assert steps(run, "loss") == [0, 1]
    assert run.data.params["batch_size"] == ("None" if y is None else "32")
    assert "model" in files(run)


# --- autolog


@pytest.mark.parametrize("name", ["keras"])
def test_the_flags_are_mlflows(name):
    """Same names, same order, same defaults."""
    theirs = pytest.importorskip(f"mlflow.{name}").autolog
    found = [
        [(p.name, p.default) for p in inspect.signature(each).parameters.values()]
        for each in (getattr(nbtrack, name).autolog, theirs)
    ]
    assert found[0] == found[1]


def test_tensorflows_autolog_is_kerass(autologged):
    """Under the name that MLflow has for it, with its flags."""
    nbtrack.tensorflow.autolog(log_datasets=False, checkpoint=False, extra_tags={"team": "a"})
    fit(network(), 1)
    run = autologged.run()

    assert (inputs(run), run.data.tags["team"]) == ([], "a")


def test_off_is_off(autologged):
    """The methods are the library's own again."""
    nbtrack.autolog(disable=True)
    model = network()
    fit(model, 1)
    model.evaluate(X_test, y_test, verbose=0)

    assert autologged.runs() == []
    assert "nbtrack" not in keras.Model.fit.__code__.co_filename


@pytest.mark.slow
def test_another_backend_is_recorded_as_well(tmp_path):
    """In a process of its own: a backend is chosen once."""
    pytest.importorskip("jax")
    code = f"""
        import nbtrack
        nbtrack.set_tracking_uri({str(tmp_path / "project")!r})
        nbtrack.autolog()
        import keras, numpy as np
        X, y = np.ones((32, 3), "float32"), np.zeros(32)
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile(keras.optimizers.SGD(0.01), "mse")
        history = model.fit(X, y, epochs=3, validation_split=0.5, verbose=0)
        loss = model.evaluate(X, y, verbose=0)
        run = nbtrack.last_active_run()
        client = nbtrack.MlflowClient()
        points = client.get_metric_history(run.info.run_id, "val_loss")
        assert [p.value for p in points] == history.history["val_loss"]
        assert [p.step for p in points] == [0, 1, 2]
        assert run.data.metrics["Sequential_loss_X"] == loss
        loaded = nbtrack.pyfunc.load_model(f"runs:/{{run.info.run_id}}/model")
        assert (loaded.predict(X) == model.predict(X, verbose=0)).all()
        print(keras.backend.backend(), run.info.status)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.stdout.split() == ["jax", "FINISHED"], done.stderr
