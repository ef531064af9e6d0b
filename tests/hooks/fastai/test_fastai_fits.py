"""fastai's learners record their fits, and are what they would be without."""

from __future__ import annotations

import pickle
import random

import numpy as np
import pytest

import nbtrack
from nbtrack.api.stopping import stop
from nbtrack.recording.session import current_session
from nbtrack.records.origins import Origin, origins_of
from tests.hooks.boosters import files, model_uri, steps, values
from tests.hooks.test_stopping import is_stopped

learners = pytest.importorskip("fastai.learner")
torch = pytest.importorskip("torch")

import fastai.callback.schedule  # noqa: E402, F401 - the other ways to fit
from fastai.callback.core import Callback, CancelFitException  # noqa: E402 - after importorskip
from fastai.callback.tracker import EarlyStoppingCallback  # noqa: E402
from fastai.data.core import DataLoaders  # noqa: E402
from fastai.data.load import DataLoader  # noqa: E402
from fastai.metrics import mae  # noqa: E402
from fastai.optimizer import OptimWrapper  # noqa: E402

X = torch.linspace(-1, 1, 96).reshape(24, 4)
y = X.sum(1, keepdim=True)
ROWS = [*zip(X, y)]


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setattr(learners.defaults, "callbacks", [learners.TrainEvalCallback,
                                                         learners.Recorder,
                                                         learners.CastToTensor])  # fmt: skip


def learner(**kwargs):
    torch.manual_seed(0)
    random.seed(0)  # which fastai's loaders draw from
    loaders = DataLoaders(DataLoader(ROWS[:16], bs=8, shuffle=True), DataLoader(ROWS[16:], bs=8))
    model = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Linear(4, 1))
    made = learners.Learner(loaders, model, torch.nn.MSELoss(), metrics=mae, **kwargs)
    made.logger = lambda _line: None
    return made


def weights(of):
    return [each.detach().numpy().copy() for each in of.model.parameters()]


def test_each_epoch_is_recorded_once(autologged):
    """With the recorder's values, under its names; and no step of a plain loop."""
    learn = learner()
    learn.fit(3, 0.01)
    run = autologged.run()
    recorded = np.array(learn.recorder.values).T.tolist()

    assert sorted(run.data.metrics) == ["learning_rate", "mae", "train_loss", "valid_loss"]
    for key, found in zip(["train_loss", "valid_loss", "mae"], recorded):
        assert values(run, key) == found
        assert steps(run, key) == [0, 1, 2]
    assert (run.info.status, run.info.run_name) == ("FINISHED", "Learner.fit n_epoch=3 lr=0.01")
    origins = origins_of(run.data.tags).metrics
    assert {origins["mae"], origins["valid_loss"]} == {Origin.MEASURED}
    assert origins["train_loss"] is Origin.TRAINING


def test_params_summary_and_model(autologged):
    """The model is its weights, as of any of PyTorch's."""
    learn = learner()
    learn.fit(1)
    run = autologged.run()

    assert run.data.params.items() >= {
        "n_epoch": "1", "lr": "0.001", "bs": "8", "opt_func": "Adam", "start_epoch": "0",
    }.items()  # fmt: skip
    assert run.data.tags["mlflow.autologging"] == "fastai"
    assert files(run) == {"model", "model_summary.txt"}
    kept = nbtrack.pytorch.load_model(model_uri(run))
    for name, value in learn.model.state_dict().items():
        assert torch.equal(kept[name], value)


def test_one_cycle_is_one_run(autologged):
    """`fit`, which it calls, is its own; the rate goes up and down."""
    learner().fit_one_cycle(4, 0.1)
    run = autologged.run()

    assert run.info.run_name == "Learner.fit_one_cycle n_epoch=4 lr_max=0.1"
    rates = values(run, "learning_rate")
    assert steps(run, "learning_rate") == [0, 1, 2, 3]
    assert rates[0] > rates[-1]


def test_the_epochs_of_fine_tune_go_on(autologged):
    """Those that are frozen first: one run."""
    learn = learner(splitter=lambda model: [[*model[0].parameters()], [*model[1].parameters()]])
    learn.fine_tune(2, freeze_epochs=2)
    run = autologged.run()

    assert steps(run, "train_loss") == [0, 1, 2, 3]
    assert run.data.params["freeze_epochs"] == "2"


def test_epochs_that_are_skipped_are_not_recorded(autologged):
    """`start_epoch` is for a training that goes on."""
    learner().fit(4, start_epoch=2)

    assert steps(autologged.run(), "train_loss") == [2, 3]


def test_early_stopping_is_told(autologged, capsys):
    """With the epoch that stopped it."""
    learner(lr=50.0).fit(20, cbs=EarlyStoppingCallback(patience=1))
    run = autologged.run()

    assert "early stopping" in capsys.readouterr().out
    last = steps(run, "train_loss")[-1]
    assert last < 19
    assert run.data.metrics["stopped_epoch"] == last
    assert run.data.metrics["best_score"] == min(values(run, "valid_loss"))
    assert run.data.params["early_stop_patience"] == "1"


class Watching(Callback):
    order = 70

    def __init__(self, error=None):
        super().__init__()
        self.seen, self.error = [], error

    def after_epoch(self):
        self.seen.append(self.learn.epoch)
        if self.error is not None and self.learn.epoch == 1:
            raise self.error


@pytest.mark.parametrize(
    ("error", "status"),
    [(ValueError, "FAILED"), (KeyboardInterrupt, "KILLED"), (CancelFitException, "FINISHED")],
)
def test_a_training_that_ends_early_keeps_its_epochs(autologged, error, status):
    """And the learner has its own callbacks."""
    learn = learner()
    before = list(learn.cbs)
    mine = Watching(error("no more"))
    if status == "FINISHED":
        learn.fit(4, cbs=mine)
    else:
        with pytest.raises(error, match="no more"):
            learn.fit(4, cbs=mine)
    run = autologged.run()

    assert (run.info.status, steps(run, "train_loss")) == (status, [0, 1])
    assert mine.seen == [0, 1]
    assert [each for each in learn.cbs if each is not mine] == before


def test_what_trains_for_nothing_is_no_training(autologged, tmp_path):
    """A finder of rates puts the weights back; a validation has none."""
    learn = learner(path=tmp_path)
    learn.lr_find(num_it=5, show_plot=False)
    learn.validate()
    learn.get_preds()

    assert autologged.runs() == []


@pytest.mark.parametrize("optimizer", ["fastai's", "torch's"])
def test_results_are_bit_identical(autologged, optimizer):
    """The weights, and what is drawn next; a wrapped optimizer of torch's is recorded once."""
    kwargs = {}
    if optimizer == "torch's":
        kwargs["opt_func"] = lambda params, **_: OptimWrapper(params, torch.optim.SGD, lr=0.01)

    def trained():
        learn = learner(**kwargs)
        learn.fit_one_cycle(2, 0.01)
        return [*weights(learn), torch.rand(3).numpy(), random.random()]

    recorded = trained()
    assert "train-loss" not in autologged.run().data.metrics
    nbtrack.autolog(disable=True)
    for mine, theirs in zip(recorded, trained(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert len(autologged.runs()) == 1


def test_refit_is_a_child_and_the_learner_still_pickles(autologged):
    """As with the others; nothing of ours is left in it."""
    learn = learner()
    with nbtrack.start_run() as mine:
        learn.fit(1)
        learn.fit(2)
    own, child = autologged.runs()

    assert child.data.tags["mlflow.parentRunId"] == mine.info.run_id
    assert (steps(own, "mae"), steps(child, "mae")) == ([0], [0, 1])
    assert b"nbtrack" not in pickle.dumps(learn.model)
    assert not [name for name in vars(learn) if "nbtrack" in name]


def test_the_next_plain_loop_has_its_own_losses(autologged):
    """What fastai went backward on is none of it."""
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    optimizer.zero_grad()
    learner().fit(1)
    with nbtrack.start_run():
        (weight * 3).sum().backward()
        optimizer.step()

    assert values(autologged.runs()[-1], "train-loss") == [3.0]


class Asks(Callback):
    """For the end, in the third batch."""

    def __init__(self):
        super().__init__()
        self.batches, self.ends = 0, 0

    def after_batch(self):
        self.batches += 1
        if self.batches == 3:
            stop(current_session().store)

    def after_fit(self):
        self.ends += 1


def test_a_fit_that_the_user_stops(autologged, monkeypatch):
    """Ends after that batch, as fastai ends one; the model is kept."""
    monkeypatch.setattr("nbtrack.hooks.training.stopping.LOOK_SECONDS", 0)
    learner(cbs=(asks := Asks())).fit(9)

    assert (asks.batches, asks.ends) == (3, 1)
    assert is_stopped(run := autologged.run())
    assert steps(run, "mae") == [0]
    assert len(run.outputs.model_outputs) == 1


def test_off_is_off(autologged):
    """The methods are the library's own again."""
    nbtrack.autolog(disable=True)
    learner().fit(1)

    assert autologged.runs() == []
