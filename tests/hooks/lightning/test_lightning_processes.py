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
    for strategy in ("ddp",) if "LOCAL_RANK" in os.environ else ("ddp_fork", "ddp"):
        trainer = pl.Trainer(max_epochs=2, accelerator="cpu", devices=2, strategy=strategy,
                             **dict.fromkeys(quiet, False))
        trainer.fit(Line(), DataLoader(data, 8))
        assert not trainer.callbacks
"""


def test_a_fit_in_two_processes_is_one_run(tmp_path):
    """Whether they begin where the first one is, or run the script again."""
    (tmp_path / "training.py").write_text(TRAINING)
    done = subprocess.run(
        [sys.executable, "training.py"],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "nbtrack" not in done.stderr
    client = nbtrack.MlflowClient(str(tmp_path / ".nbtrack"))
    runs = client.search_runs(["0"])

    assert len(runs) == 2
    for run in runs:
        assert run.info.status == "FINISHED"
        assert (run.data.params["lr"], run.data.params["num_devices"]) == ("0.1", "2")
        history = {
            key: [point.step for point in client.get_metric_history(run.info.run_id, key)]
            for key in run.data.metrics
        }
        assert history == {"loss_step": [0, 1, 2, 3], "loss_epoch": [1, 3], "epoch": [1, 3]}
        assert {file.path for file in client.list_artifacts(run.info.run_id)} >= {"model"}
