"""What a Lightning fit leaves, of both packages, and that it is what it would be without."""

from __future__ import annotations

import gc
import signal
import weakref

import pytest

import nbtrack
from nbtrack.hooks.autolog import HOOKS
from tests.hooks.boosters import files, history, model_uri, steps, values
from tests.hooks.lightning.modules import (
    PACKAGES,
    callback,
    fit,
    line,
    loader,
    logger_of,
    package,
    quiet,
    torch,
    trainer,
)

package()
BOTH = pytest.mark.parametrize("name", PACKAGES)


def points(run, key):
    return [(point.step, point.value) for point in history(run, key)]


@BOTH
def test_every_value_stands_at_its_step(autologged, tmp_path, name):
    """As the user's own logger is told it; but what was not logged again is not told again."""
    logger = logger_of(name)
    fit(trainer(tmp_path, name, logger=logger, log_every_n_steps=1), line(name))
    run = autologged.run()

    told = {key for key in run.data.metrics if key != "epoch"}
    assert told == {
        *("loss_step", "loss_epoch", "train_loss", "seldom", "after", "late"),
        *("val_loss", "val_place"),
    }
    for key in told - {"seldom"}:
        assert points(run, key) == logger.points[key], key
    assert points(run, "seldom") == [(s, float(s % 5)) for s in (0, 2, 4, 5, 7, 9)]
    assert points(run, "epoch") == [(4, 0.0), (9, 1.0)]


def test_values_are_those_that_a_callback_sees(autologged, tmp_path):
    """Each step's, though no logger wants them and Lightning logs one of fifty."""
    seen = []

    def look(trainer, *_):
        seen.append(trainer.callback_metrics["loss_step"].item())

    users = callback(on_train_batch_end=look)
    fit(trainer(tmp_path, callbacks=[users]), line())

    assert values(autologged.run(), "loss_step") == seen
    assert len(seen) == 10


@BOTH
def test_a_fit_leaves_its_settings(autologged, tmp_path, name):
    """Hyperparameters, the trainer's, the optimizer's and the scheduler's; MLflow's names."""
    fit(trainer(tmp_path, name, gradient_clip_val=0.5), line(name, lr=0.05, note="mine"))
    run = autologged.run()

    assert run.data.params.items() >= {
        "lr": "0.05", "momentum": "0.0", "note": "mine", "epochs": "2", "gradient_clip_val": "0.5",
        "optimizer_name": "SGD", "weight_decay": "0", "scheduler_name": "StepLR",
        "scheduler_gamma": "0.5", "device": "cpu",
    }.items()  # fmt: skip
    assert "max_steps" not in run.data.params
    assert run.data.tags["mlflow.autologging"] == "pytorch"
    assert run.info.run_name == "Line lr=0.05 note=mine"


def test_a_fit_leaves_its_model_and_summary(autologged, tmp_path):
    """The weights that it ended with."""
    module = fit(trainer(tmp_path), line())
    run = autologged.run()

    assert {"model", "model_summary.txt"} <= files(run)
    kept = nbtrack.pytorch.load_model(model_uri(run))
    assert torch.equal(kept["line.weight"], module.line.weight)


def test_a_call_of_the_module_makes_the_signature(autologged, tmp_path):
    """The first that is made of it; it is not called for that."""
    fit(trainer(tmp_path), line())

    info = nbtrack.models.get_model_info(model_uri(autologged.run()))
    assert info.signature.inputs.to_dict()[0]["tensor-spec"]["shape"] == (-1, 4)
    assert not torch.nn.modules.module._global_forward_hooks


@BOTH
def test_results_are_the_same_without(autologged, tmp_path, name):
    """To the last bit, and the trainer has the callbacks that it had."""
    found = trainer(tmp_path, name, callbacks=[callback(name)])
    before, own = found.callbacks, [*found.callbacks]
    recorded = fit(found, line(name))
    assert found.callbacks is before
    assert found.callbacks == own

    nbtrack.autolog(disable=True)
    bare = fit(trainer(tmp_path, name), line(name))
    assert torch.equal(recorded.line.weight, bare.line.weight)
    assert not hasattr(type(found).fit, "__wrapped__")
    assert len(autologged.runs()) == 1


def test_callbacks_see_what_they_saw(autologged, tmp_path):
    """All events, in their order, with what was logged by then."""

    def events():
        seen = []

        def note(event):
            return lambda trainer, *_: seen.append((event, dict(trainer.callback_metrics)))

        names = ("on_train_batch_end", "on_train_epoch_end", "on_validation_end", "on_train_end")
        fit(trainer(tmp_path, callbacks=[callback(**{n: note(n) for n in names})]), line())
        return seen

    recorded = events()
    nbtrack.autolog(disable=True)
    assert recorded == events()


def test_a_module_that_brings_callbacks_keeps_them(autologged, tmp_path):
    """Lightning makes another list then."""
    own = callback()
    module = line()
    module.configure_callbacks = lambda: [own]
    found = trainer(tmp_path)
    fit(found, module)

    assert found.callbacks == [own]


def test_the_plain_hook_tells_nothing_of_it(autologged, tmp_path):
    """No loss, no learning rate, no model of its own; and a plain loop after it has its own."""
    module = line()
    with nbtrack.start_run():
        fit(trainer(tmp_path), module)
    run = autologged.run()
    assert not [key for key in run.data.metrics if key.startswith(("train-", "eval-"))]
    assert {path for path in files(run) if "model" in path} == {"model", "model_summary.txt"}

    with nbtrack.start_run():
        optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
        loss = module(torch.ones(1, 4)).mean()
        loss.backward()
        optimizer.step()
    assert values(autologged.runs()[-1], "train-loss") == [loss.item()]


def test_early_stopping_is_told(autologged, tmp_path):
    """By MLflow's keys; `restored_epoch` is none, for nothing is restored."""
    stop = package().callbacks.EarlyStopping("late", patience=2, mode="min", min_delta=0.1)
    fit(trainer(tmp_path, callbacks=[stop], max_epochs=9), line())
    run = autologged.run()

    params = [run.data.params[key] for key in ("monitor", "mode", "patience", "min_delta")]
    assert params == ["late", "min", "2", "0.1"]
    found = run.data.metrics
    assert (found["stopped_epoch"], found["wait_count"], found["best_score"]) == (2, 2, 0)
    assert steps(run, "loss_step") == list(range(15))
    assert "restored_epoch" not in found


def test_fits_in_one_run_are_children(autologged, tmp_path):
    """From the second one on; the same trainer goes on counting."""
    found, module = trainer(tmp_path), line()
    with nbtrack.start_run() as run:
        fit(found, module)
        found.fit_loop.max_epochs = 3
        fit(found, module)
    (child,) = autologged.children(run.run_id)

    assert steps(autologged.runs()[0], "loss_step") == list(range(10))
    assert steps(child, "loss_step") == list(range(10, 15))


def test_a_resumed_fit_has_true_steps(autologged, tmp_path):
    """From where the checkpoint is."""
    first = trainer(tmp_path)
    fit(first, line())
    first.save_checkpoint(tmp_path / "kept.ckpt")
    fit(trainer(tmp_path, max_epochs=3), line(), ckpt_path=tmp_path / "kept.ckpt")

    assert [steps(run, "loss_step") for run in autologged.runs()] == [
        list(range(10)),
        list(range(10, 15)),
    ]
    assert steps(autologged.runs()[1], "val_loss") == [14]


def test_accumulated_gradients_have_one_value_a_step(autologged, tmp_path):
    """That of the batch that ends with the step, as loggers are told."""
    logger = logger_of()
    given = {"logger": logger, "log_every_n_steps": 1, "accumulate_grad_batches": 2}
    fit(trainer(tmp_path, **given), line())
    run = autologged.run()

    assert run.data.params["accumulate_grad_batches"] == "2"
    assert len(steps(run, "loss_step")) == 6
    for key in ("loss_step", "val_loss", "loss_epoch"):
        assert points(run, key) == logger.points[key]


@pytest.mark.parametrize("said_by", ["the trainer", "autolog"])
def test_one_step_of_several_is_recorded(autologged, tmp_path, said_by):
    """If somebody says so; what is logged of an epoch stays."""
    given = {"log_every_n_steps": 3} if said_by == "the trainer" else {}
    if said_by == "autolog":
        nbtrack.pytorch.autolog(log_every_n_step=3, log_every_n_epoch=2)
    fit(trainer(tmp_path, **given), line())
    run = autologged.run()

    assert steps(run, "loss_step") == [2, 5, 8]
    assert steps(run, "val_loss") == ([9] if said_by == "autolog" else [4, 9])
    assert steps(run, "loss_epoch") == ([9] if said_by == "autolog" else [4, 9])


def test_a_validation_within_an_epoch_stands_where_it_is(autologged, tmp_path):
    """And the step that it interrupts is told once."""
    logger = logger_of()
    found = trainer(tmp_path, logger=logger, log_every_n_steps=1, val_check_interval=2)
    fit(found, line())
    run = autologged.run()

    for key in ("loss_step", "val_loss", "val_place"):
        assert points(run, key) == logger.points[key]


def test_several_loaders_are_told_apart(autologged, tmp_path):
    """By the names that Lightning gives."""

    class Two(type(line())):
        def validation_step(self, batch, place, dataloader_idx=0):
            super().validation_step(batch, place)

    logger = logger_of()
    fit(trainer(tmp_path, logger=logger), Two(), loader(), [loader(8, 10), loader(4, 8)])
    run = autologged.run()

    for place in range(2):
        for key in ("val_loss", "val_place"):
            name = f"{key}/dataloader_idx_{place}"
            assert points(run, name) == logger.points[name]


def test_manual_optimization_of_two_optimizers(autologged, tmp_path):
    """A step is a batch, however many optimizers step in it; each has its settings."""

    class Manual(type(line())):
        def __init__(self):
            super().__init__()
            self.automatic_optimization = False

        def training_step(self, batch, place):
            for optimizer in self.optimizers():
                optimizer.zero_grad()
                self.manual_backward(self.loss(batch))
                optimizer.step()
            self.log("loss", self.loss(batch))

        def on_train_batch_end(self, *_):
            pass

        def configure_optimizers(self):
            weights = self.parameters
            return [torch.optim.SGD(weights(), 0.1), torch.optim.Adam(weights(), 0.2)], []

    fit(trainer(tmp_path), Manual())
    run = autologged.run()

    assert steps(run, "loss") == list(range(10))
    assert not [key for key in run.data.metrics if key.startswith("train-")]
    assert run.data.params["optimizer_name"] == "SGD"
    assert run.data.params["optimizer_2_optimizer_name"] == "Adam"
    assert run.data.params["optimizer_2_lr"] == "0.2"


def test_hyperparameters_of_the_data_are_params(autologged, tmp_path):
    """Nested ones by their path; where both have one, the module's counts."""

    class Data(package().LightningDataModule):
        def __init__(self, batch=4, lr="data's", augment=None):
            super().__init__()
            self.save_hyperparameters()

        def train_dataloader(self):
            return loader(self.hparams.batch)

    fit(trainer(tmp_path), line(), datamodule=Data(augment={"flip": True}))
    params = autologged.run().data.params

    assert (params["batch"], params["augment/flip"], params["lr"]) == ("4", "True", "0.1")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_was_logged_before_an_error_is_kept(autologged, tmp_path, error):
    """The batch that it came after too; an interrupt is one, though Lightning makes it an exit."""

    def fail(trainer, module, outputs, batch, place):
        if place == 3:
            raise error("enough")

    found = trainer(tmp_path, callbacks=[callback(on_train_batch_end=fail)])
    handler = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises((error, SystemExit)):
            fit(found, line())
    finally:
        signal.signal(signal.SIGINT, handler)  # Lightning lets it be ignored
    run = autologged.run()

    assert run.info.status == ("KILLED" if error is KeyboardInterrupt else "FAILED")
    assert error.__name__ in run.data.tags["nbtrack.fit_error"]
    assert steps(run, "loss_step") == [0, 1, 2, 3]
    assert len(found.callbacks) == 1


def test_fast_dev_run_is_recorded(autologged, tmp_path):
    """Its one step, and that it was no more."""
    fit(trainer(tmp_path, fast_dev_run=True), line())
    run = autologged.run()

    assert (steps(run, "loss_step"), run.data.params["fast_dev_run"]) == ([0], "True")


def test_the_search_for_a_learning_rate_is_no_fit(autologged, tmp_path):
    """Lightning calls `fit` for it."""
    found, module = trainer(tmp_path), line()
    with quiet():
        package().tuner.Tuner(found).lr_find(module, loader(), num_training=5, update_attr=False)

    assert not autologged.runs()


def test_other_ranks_record_nothing(autologged, tmp_path):
    """Of a training in several processes."""
    found = trainer(tmp_path)
    found.strategy.__class__ = type("Second", (type(found.strategy),), {"is_global_zero": False})
    fit(found, line())

    assert not autologged.runs()


def test_disabling_torch_disables_lightning(autologged, tmp_path):
    """It is one flavor."""
    nbtrack.pytorch.autolog(disable=True)
    fit(trainer(tmp_path), line())

    assert not autologged.runs()


def test_an_excluded_flavor_is_not_recorded(autologged, tmp_path):
    """Lightning is "pytorch", as in MLflow."""
    for switch in HOOKS.values():
        switch.forget()
    nbtrack.autolog(exclude_flavors=["pytorch"])
    fit(trainer(tmp_path), line())

    assert not autologged.runs()


def test_no_module_is_kept_alive(autologged, tmp_path):
    """It goes when the user lets go of it."""
    module = fit(trainer(tmp_path), line())
    found = weakref.ref(module)
    del module
    gc.collect()

    assert found() is None


def test_lightnings_own_mlflow_flags_hold(autologged, tmp_path):
    """No model, if none is wanted, and the tags that are."""
    nbtrack.pytorch.autolog(log_models=False, checkpoint=False, extra_tags={"team": "a"})
    fit(trainer(tmp_path), line())
    run = autologged.run()

    assert files(run) == {"model_summary.txt"}
    assert run.data.tags["team"] == "a"
