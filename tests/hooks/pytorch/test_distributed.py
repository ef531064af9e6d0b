"""One model that several processes train is recorded once, by the first of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import nbtrack
from nbtrack.entities import Run

pytest.importorskip("torch")
pytestmark = pytest.mark.slow

TRAINING = """
import os, sys, torch, nbtrack
import torch.distributed as dist
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

def train(rank=0, port=None, workers=0):
    if port is not None:
        os.environ |= {"RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1",
                       "MASTER_PORT": str(port)}
    torch.set_num_threads(1)
    nbtrack.pytorch.autolog(log_models=False)
    dist.init_process_group("gloo")
    model = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    data = TensorDataset(torch.randn(32, 4), torch.randn(32, 1))
    for _ in range(2):
        for X, y in DataLoader(data, 8, sampler=DistributedSampler(data), num_workers=workers):
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(model(X), y).backward()
            optimizer.step()
    dist.destroy_process_group()

if __name__ == "__main__":
    if os.environ["RANK"] == "0" and "own" in sys.argv:
        nbtrack.start_run(run_name="own")
    train(workers=1)
"""

LAUNCHER = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
SLOW_STEP = "optimizer.step(); import time; time.sleep(0.6)"

SPAWNING = """
import socket, torch.multiprocessing, nbtrack, training

if __name__ == "__main__":
    with socket.socket() as free, nbtrack.start_run():
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        torch.multiprocessing.spawn(training.train, (port,), nprocs=2)
        nbtrack.log_metric("after", 1)
"""


def test_ranks_of_torchrun_are_one_run(tmp_path):
    """The user's, in the first of them. How its other ranks do nobody asked."""
    (tmp_path / "training.py").write_text(TRAINING)
    (run,) = runs_of(tmp_path, *LAUNCHER, "training.py", "own")

    assert (run.info.run_name, run.info.status) == ("own", "FINISHED")
    assert steps(tmp_path, run) == list(range(4))
    assert run.data.metrics["train-epoch"] == 2


def test_spawned_ranks_leave_what_the_first_one_logs(tmp_path):
    """In a child of the run that spawned them, which goes on."""
    (tmp_path / "training.py").write_text(TRAINING)
    (tmp_path / "main.py").write_text(SPAWNING)
    training, run = runs_of(tmp_path, "main.py")

    assert run.data.metrics == {"after": 1}
    assert training.data.tags["mlflow.parentRunId"] == run.info.run_id
    assert training.info.status == "FINISHED"
    assert steps(tmp_path, training) == list(range(4))


SWITCHED_ON = {"MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": "true"}


def test_other_ranks_leave_their_machines_in_children(tmp_path):
    """If it is asked for, and nothing else; here of a run that the training opened."""
    (tmp_path / "training.py").write_text(TRAINING.replace("optimizer.step()", SLOW_STEP))
    found = runs_of(tmp_path, *LAUNCHER, "training.py", **SWITCHED_ON)
    child, run = sorted(found, key=lambda each: "train-loss" in each.data.metrics)

    assert child.info.run_name == "rank 1"
    assert child.data.tags["mlflow.parentRunId"] == run.info.run_id
    assert (child.info.status, run.info.status) == ("FINISHED", "FINISHED")
    assert {key.partition("/")[0] for key in child.data.metrics} == {"system"}
    assert "system/cpu_utilization_percentage" in child.data.metrics
    assert steps(tmp_path, run) == list(range(4))
    assert run.data.metrics["train-epoch"] == 2
    assert not child.data.params


def runs_of(folder: Path, *command: str, **variables: str) -> list[Run]:
    """What Python leaves when it has run *command*, the newest first."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1", **variables},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    return client_of(folder).search_runs(["0"])


def steps(folder: Path, run: Run) -> list[int]:
    history = client_of(folder).get_metric_history(run.info.run_id, "train-loss")
    return [point.step for point in history]


def client_of(folder: Path) -> nbtrack.MlflowClient:
    return nbtrack.MlflowClient(str(folder / ".nbtrack"))
