"""A Trainer that the user stops ends at its next step; how far it is can be told."""

from __future__ import annotations

import os

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"
torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("accelerate")

from nbtrack.api.stopping import stop  # noqa: E402 - where it is installed
from nbtrack.recording import training_progress  # noqa: E402
from nbtrack.recording.session import current_session  # noqa: E402
from tests.hooks.test_stopping import is_stopped  # noqa: E402
from tests.hooks.transformers.small_trainers import trainer  # noqa: E402


class Watching(transformers.TrainerCallback):
    """It asks for the end at its third step, if it is to."""

    def __init__(self, *, stops: bool) -> None:
        self.seen, self.stops = [], stops

    def on_step_end(self, _args, state, _control, **_):
        run = current_session().active_run()
        told = training_progress.outermost(run)
        self.seen.append((told.done, told.total, told.noun, told.may_end_early))
        if self.stops and state.global_step == 3:
            stop(current_session().store, run.run_id)


@pytest.fixture(autouse=True)
def _looks_at_once(monkeypatch):
    torch.set_num_threads(1)
    monkeypatch.setattr("nbtrack.hooks.training.stopping.LOOK_SECONDS", 0)


def test_how_far_it_is(autologged, tmp_path):
    """By global step, whatever is logged how often."""
    watching = Watching(stops=False)
    made = trainer(tmp_path, logging_steps=2)
    made.add_callback(watching)
    made.train()

    total = made.state.max_steps
    assert watching.seen == [(step, total, "step", False) for step in range(1, total + 1)]
    assert not training_progress._open


def test_it_is_stopped(autologged, tmp_path):
    """At the next step; the run has the model as it is then."""
    watching = Watching(stops=True)
    made = trainer(tmp_path)
    made.add_callback(watching)
    made.train()

    assert made.state.global_step == len(watching.seen) == 4
    assert is_stopped(run := autologged.run())
    assert len(run.outputs.model_outputs) == 1
