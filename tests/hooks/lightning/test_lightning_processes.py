"""One Lightning fit in several processes is one run, recorded by the first of them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import nbtrack

pytest.importorskip("lightning")
pytestmark = pytest.mark.slow

# The strategy `ddp` runs it again, from the top, in its second process.
TRAINING = """
import os, torch, lightning.pytorch as pl, nbtrack
from torch.utils.data import DataLoader, TensorDataset

class Line(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.line = torch.nn.Linear(4, 1)

    def training_step(self, batch, place):
        loss = torch.nn.functional.mse_loss(self.line(batch[0]), batch[1])
        self.log("loss", loss, on_step=True, on_epoch=True, sync_dist=True)
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)

if __name__ == "__main__":
    torch.set_num_threads(1)
    nbtrack.autolog()
    data = TensorDataset(torch.randn(32, 4), torch.randn(32, 1))
    quiet = ("logger", "enable_progress_bar", "enable_model_summary", "enable_checkpointing")
    ways = ("ddp_fork", "ddp_spawn", "ddp")
    for strategy in ways[2:] if "LOCAL_RANK" in os.environ else ways:
        trainer = pl.Trainer(max_epochs=2, accelerator="cpu", devices=2, strategy=strategy,
                             **dict.fromkeys(quiet, False))
        trainer.fit(Line(), DataLoader(data, 8))
        assert not trainer.callbacks
"""


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """The client of a project with a fit for each strategy, with system metrics switched on."""
    folder = tmp_path_factory.mktemp("processes")
    (folder / "training.py").write_text(TRAINING)
    done = subprocess.run(
        [sys.executable, "training.py"],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1", "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": "true"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "nbtrack" not in done.stderr
    return nbtrack.MlflowClient(str(folder / ".nbtrack"))


def trainings(client):
    return [run for run in client.search_runs(["0"]) if "loss_step" in run.data.metrics]


def test_a_fit_in_two_processes_is_one_run(fitted):
    """Whether they begin where the first one is, are spawned, or run the script again."""
    runs = trainings(fitted)

    assert len(runs) == 3
    for run in runs:
        assert run.info.status == "FINISHED"
        assert (run.data.params["lr"], run.data.params["num_devices"]) == ("0.1", "2")
        own = [key for key in run.data.metrics if not key.startswith("system/")]
        history = {
            key: [point.step for point in fitted.get_metric_history(run.info.run_id, key)]
            for key in own
        }
        assert history == {"loss_step": [0, 1, 2, 3], "loss_epoch": [1, 3], "epoch": [1, 3]}
        assert {file.path for file in fitted.list_artifacts(run.info.run_id)} >= {"model"}


def test_the_other_process_leaves_its_machine_in_a_child(fitted):
    """One of each fit, which ends with it and has nothing else."""
    runs = fitted.search_runs(["0"])
    children = [run for run in runs if run.info.run_name == "rank 1"]
    parents = [run.data.tags["mlflow.parentRunId"] for run in children]

    assert len(runs) == 6
    assert sorted(parents) == sorted(run.info.run_id for run in trainings(fitted))
    for child in children:
        assert child.info.status == "FINISHED"
        assert {key.partition("/")[0] for key in child.data.metrics} == {"system"}
        assert not child.data.params
