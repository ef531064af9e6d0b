"""One Trainer in several processes is one run, recorded by the first of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import nbtrack

pytest.importorskip("transformers")
pytest.importorskip("accelerate")
pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
TRAINING = """
import torch, nbtrack
from tests.hooks.transformers.small_trainers import trainer

torch.set_num_threads(1)
nbtrack.transformers.autolog()
for folder in ("first", "second"):
    trained = trainer(folder, per_device_train_batch_size=4, ddp_backend="gloo")
    before = len(trained.callback_handler.callbacks)
    trained.train()
    assert len(trained.callback_handler.callbacks) == before
torch.distributed.destroy_process_group()
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The runs of two trainings by torchrun, with system metrics switched on."""
    folder = tmp_path_factory.mktemp("processes")
    (folder / "training.py").write_text(TRAINING)
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [sys.executable, *launcher, "training.py"],
        cwd=folder,
        env={**os.environ, **SWITCHED_ON, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "nbtrack" not in done.stderr
    return nbtrack.MlflowClient(str(folder / ".nbtrack"))


SWITCHED_ON = {"MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": "true"}


def test_each_training_is_one_run(trained):
    """With every step once, and the model of the first process."""
    runs = [run for run in trained.search_runs(["0"]) if "loss" in run.data.metrics]

    assert len(runs) == 2
    for run in runs:
        assert run.info.status == "FINISHED"
        points = trained.get_metric_history(run.info.run_id, "loss")
        assert [point.step for point in points] == list(range(1, 7))
        assert {file.path for file in trained.list_artifacts(run.info.run_id)} >= {"model"}


def test_the_other_process_leaves_its_machine_in_a_child(trained):
    """One of each training, and nothing else."""
    runs = trained.search_runs(["0"])
    children = [run for run in runs if run.info.run_name == "rank 1"]
    parents = [run.data.tags["mlflow.parentRunId"] for run in children]

    assert len(runs) == 4
    assert sorted(parents) == sorted(r.info.run_id for r in runs if "loss" in r.data.metrics)
    for child in children:
        assert child.info.status == "FINISHED"
        assert {key.partition("/")[0] for key in child.data.metrics} == {"system"}
        assert not child.data.params
