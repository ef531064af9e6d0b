"""Checkpoints of Lightning fits as artifacts, by MLflow's flags."""

from __future__ import annotations

import filecmp

import pytest

import nbtrack
from tests.hooks.boosters import content, history, steps
from tests.hooks.lightning.modules import callback, fit, line, line_of, package, torch, trainer

package()
LATEST = "mlflow.latest_checkpoint_artifact"


def kept(run):
    """Files of its folder of checkpoints."""
    client = nbtrack.MlflowClient()
    found, waiting = set(), ["checkpoints"]
    while waiting:
        for file in client.list_artifacts(run.info.run_id, waiting.pop()):
            (waiting.append if file.is_dir else found.add)(file.path)
    return found


def fetched(run, path):
    return nbtrack.artifacts.download_artifacts(f"runs:/{run.info.run_id}/{path}")


def worse_at_the_end(module):
    """The last epoch makes its `val_loss` a large one."""

    def spoil(trainer, *_):
        if trainer.current_epoch == 1:
            torch.nn.init.constant_(module.line.weight, 9.0)

    return callback(on_validation_start=spoil)


def test_the_best_is_kept(autologged, tmp_path):
    """By `val_loss`, if nothing else is said; another fit can go on from it."""
    module = line()
    fit(trainer(tmp_path, callbacks=[worse_at_the_end(module)]), module)
    run = autologged.run()

    path = "checkpoints/latest_checkpoint.pth"
    assert run.data.tags[LATEST] == path
    found = content(run, "checkpoints/latest_checkpoint_metrics.json")
    best = min(history(run, "val_loss"), key=lambda point: point.value)
    assert (found["val_loss"], found["global_step"], found["epoch"]) == (best.value, 5, 0)
    again = line_of().load_from_checkpoint(fetched(run, path))
    assert not torch.equal(again.line.weight, module.line.weight)

    fit(trainer(tmp_path), line(), ckpt_path=fetched(run, path))
    assert steps(autologged.runs()[1], "loss_step") == list(range(5, 10))


def test_each_epochs_is_kept_if_asked(autologged, tmp_path):
    """Weights alone, if these are."""
    nbtrack.pytorch.autolog(checkpoint_save_best_only=False, checkpoint_save_weights_only=True)
    fit(trainer(tmp_path), line())
    run = autologged.run()

    assert kept(run) == {
        f"checkpoints/epoch_{epoch}/{name}"
        for epoch in range(2)
        for name in ("checkpoint.weights.pth", "checkpoint_metrics.json")
    }
    found = torch.load(fetched(run, run.data.tags[LATEST]), weights_only=True)
    assert "optimizer_states" not in found


def test_some_steps_are_kept_if_asked(autologged, tmp_path):
    """After so many of them."""
    nbtrack.pytorch.autolog(checkpoint_save_best_only=False, checkpoint_save_freq=4)
    fit(trainer(tmp_path), line())
    run = autologged.run()

    folders = {path.split("/")[1] for path in kept(run)}
    assert folders == {"global_step_4", "global_step_8"}


def test_another_metric_may_make_the_best(autologged, tmp_path):
    """One of the training too, as it is at the end of the epoch."""
    nbtrack.pytorch.autolog(checkpoint_monitor="late", checkpoint_mode="max")
    module = line()
    module.on_train_epoch_end = lambda: None
    users = callback(on_train_epoch_end=lambda trainer, module: module.log("late", 1.0))
    fit(trainer(tmp_path, callbacks=[users]), module)

    assert "checkpoints/latest_checkpoint.pth" in kept(autologged.run())


def test_the_users_own_best_is_kept_instead(autologged, tmp_path):
    """If it is the same that would be kept for him."""
    own = package().callbacks.ModelCheckpoint(tmp_path / "own", "best", monitor="val_loss")
    fit(trainer(tmp_path, callbacks=[own], enable_checkpointing=True), line())
    run = autologged.run()

    assert kept(run) == {"checkpoints/best.ckpt"}
    assert run.data.tags[LATEST] == "checkpoints/best.ckpt"
    found = fetched(run, "checkpoints/best.ckpt")
    assert filecmp.cmp(found, own.best_model_path, shallow=False)
    resumed = nbtrack.resume(run.info.run_id)
    assert filecmp.cmp(resumed.checkpoint, own.best_model_path, shallow=False)


def test_none_is_kept_if_none_is_wanted(autologged, tmp_path):
    """Neither ours nor the user's."""
    nbtrack.pytorch.autolog(checkpoint=False)
    own = package().callbacks.ModelCheckpoint(tmp_path / "own", monitor="val_loss")
    fit(trainer(tmp_path, callbacks=[own], enable_checkpointing=True), line())

    assert not kept(autologged.run())


def test_checkpoints_change_nothing(autologged, tmp_path):
    """To the last bit."""
    nbtrack.pytorch.autolog(checkpoint_save_best_only=False, checkpoint_save_freq=1)
    recorded = fit(trainer(tmp_path), line(momentum=0.9))
    nbtrack.autolog(disable=True)
    nbtrack.pytorch.autolog(disable=True)
    bare = fit(trainer(tmp_path), line(momentum=0.9))

    assert torch.equal(recorded.line.weight, bare.line.weight)
    assert len(autologged.runs()) == 1


def test_a_checkpoint_is_loaded_by_its_run(autologged, tmp_path):
    """The latest, that of an epoch, and that of a global step: each with its own weights."""
    nbtrack.pytorch.autolog(checkpoint_save_best_only=False)
    fit(trainer(tmp_path), line(lr=0.01))
    run_id = autologged.run().info.run_id
    load = nbtrack.pytorch.load_checkpoint
    latest, first, last = (
        load(line_of(), run_id, epoch=epoch).state_dict() for epoch in (None, 0, 1)
    )

    assert all(torch.equal(latest[name], last[name]) for name in latest)
    assert not torch.equal(first["line.weight"], last["line.weight"])
    assert load(line_of(), run_id, kwargs={"note": "mine"}).hparams["note"] == "mine"
    assert load(line_of(), run_id).hparams["lr"] == 0.01
    with pytest.raises(nbtrack.MlflowException, match="not of both"):
        load(line_of(), run_id, epoch=1, global_step=5)
    with pytest.raises(nbtrack.MlflowException):
        load(line_of(), run_id, epoch=99)


def test_a_checkpoint_of_a_global_step_is_loaded(autologged, tmp_path):
    """From the active run, if none is named."""
    nbtrack.pytorch.autolog(checkpoint_save_best_only=False, checkpoint_save_freq=4)
    with nbtrack.start_run() as run:
        fit(trainer(tmp_path), line())
        found = nbtrack.pytorch.load_checkpoint(line_of(), global_step=4).state_dict()
    file = fetched(run, "checkpoints/global_step_4/checkpoint.pth")

    expected = torch.load(file, weights_only=True)["state_dict"]
    assert all(torch.equal(found[name], expected[name]) for name in expected)
