"""A Keras fit that the user stops ends with its epoch; how far it is can be told."""

from __future__ import annotations

import os

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")

from nbtrack.api.stopping import stop  # noqa: E402 (after importorskip)
from nbtrack.recording import training_progress  # noqa: E402
from nbtrack.recording.session import current_session  # noqa: E402
from tests.hooks.test_stopping import is_stopped  # noqa: E402


class Watching(keras.callbacks.Callback):
    """It asks for the end in its second epoch."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_epoch_end(self, epoch, logs=None):
        run = current_session().active_run()
        told = training_progress.outermost(run)
        self.seen.append((told.done, told.total, told.noun))
        if len(self.seen) == 2:
            stop(current_session().store, run.run_id)


def test_a_fit(autologged, monkeypatch):
    """With epochs that do not begin at 0; the run has the model as it is then."""
    monkeypatch.setattr("nbtrack.hooks.training.stopping.LOOK_SECONDS", 0)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    watching = Watching()
    X = np.ones((4, 2), "float32")
    model.fit(X, X[:, :1], epochs=9, initial_epoch=2, verbose=0, callbacks=[watching])

    assert watching.seen == [(1, 7, "epoch"), (2, 7, "epoch"), (3, 7, "epoch")]
    assert is_stopped(run := autologged.run())
    assert len(run.outputs.model_outputs) == 1
    assert not training_progress._open
