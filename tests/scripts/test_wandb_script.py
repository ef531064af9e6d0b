"""`nbtrack run --as-wandb`: a script of W&B's records here what W&B itself recorded of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest

from nbtrack import MlflowClient
from nbtrack.cli.main import main
from tests.support.told_runs import files_of

OTHERS = Path(__file__).parents[1] / "transfer" / "others"
REFUSED = """
import argparse
import wandb
print(wandb.run, wandb.__version__[0].isdigit())
for verb in (lambda: wandb.log({"a": 1}), lambda: wandb.config.update({"a": 1})):
    try:
        verb()
    except wandb.Error as exc:
        print(exc)
run = wandb.init(config=argparse.Namespace(lr=0.1))
wandb.config.batch = 32
run.log({"list": [1, 2], "none": None, "old": 1}, step=5)
run.log({"old": 2}, step=3)
print(wandb.init(config={"epochs": 3}) is run, dict(wandb.config), wandb.run.summary["old"])
again = wandb.init(reinit=True, mode="disabled")
again.log({"loss": 1})
again.config.lr = 1
print(again is run, run.disabled, again.disabled)
wandb.finish()
print(wandb.run)
for name in ("Molecule", "Api"):
    try:
        getattr(wandb, name)
    except AttributeError as exc:
        print(exc)
try:
    import wandb.apis
except ModuleNotFoundError as exc:
    print(exc)
try:
    wandb.Table(columns=["a"]).add_data(1, 2)
except ValueError as exc:
    print(exc)
import nbtrack
nbtrack.takeover(False)
from importlib.util import find_spec
print("wandb" in __import__("sys").modules, find_spec("mlflow") is None)
try:
    nbtrack.takeover(of="aim")
except nbtrack.NbtrackError as exc:
    print(exc)
"""

USED = """
import os, pathlib, subprocess, sys
import wandb
for name in ("sub/one/f.txt", "sub/two/f.txt", "top.txt", "far/in/g.txt"):
    pathlib.Path(name).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(name).write_text(name)
run = wandb.init(id="kept")
run._label(code="transformers_trainer")
for step in range(3):
    run.log({"acc": step / 10, "x[0]": 1})
run.summary["acc"] = 0.99
run.summary["x[0]"] = 5
run.summary["best"] = 7
run.log({"x[0]": 2})
wandb.save("sub/*/f.txt")
wandb.save(os.path.abspath("top.txt"))
wandb.save("far/in/*", base_path="far")
wandb.save("nothing/*.bin")
pathlib.Path(run.dir, "model.bin").write_text("weights")
wandb.save(os.path.join(run.dir, "model.bin"))
pathlib.Path(run.dir, "deep").mkdir()
pathlib.Path(run.dir, "deep", "late.txt").write_text("late")
run.log({"hist": wandb.Histogram([1, 2]), "acc": 0.3})
artifact = wandb.Artifact("model", type="model", metadata={"a": 1})
artifact.add_file("top.txt")
with artifact.new_file("n.txt") as file:
    file.write("x")
wandb.log_artifact(artifact, aliases=["best"])
run.log_artifact(artifact)
run.summary["acc"] = 0.98
print(run.summary["acc"], os.path.isdir(run.dir), run.disabled)
show = "import os; print(os.environ.get('WANDB_MODE'))"
print(subprocess.run([sys.executable, "-c", show], capture_output=True, text=True).stdout.strip())
import nbtrack
nbtrack.takeover(False)
print(os.environ.get("WANDB_MODE"))
"""


def run(folder: Path, script: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NBTRACK_DIR": str(folder / ".nbtrack")}
    return subprocess.run(
        [sys.executable, "-m", "nbtrack", "run", "--as-wandb", str(script)],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=240,
    )  # fmt: skip


def told_of(client: MlflowClient) -> dict[str, Any]:
    """Params, points and tags of each run of W&B, by its name."""
    ids = [e.experiment_id for e in client.search_experiments() if e.name in ("wine", "other")]
    return {run.data.tags["mlflow.runName"]: _run(client, run) for run in client.search_runs(ids)}


def _run(client: MlflowClient, run: Any) -> list[Any]:
    keys = [key for key in run.data.metrics if not key.startswith("system/")]
    points = {
        key: [(p.step, repr(p.value)) for p in client.get_metric_history(run.info.run_id, key)]
        for key in keys
    }
    own = {k: v for k, v in run.data.tags.items() if k.startswith(("wandb.", "summary."))}
    note = run.data.tags.get("mlflow.note.content")
    return [run.info.status, run.data.params, points, own | {"wandb.host": "host"}, note]


def test_it_records_what_wandb_recorded(tmp_path, capsys):
    """Every key, step, value, param, tag and status of a script that W&B ran, too."""
    done = run(tmp_path, OTHERS / "train_wandb.py")
    shutil.unpack_archive(OTHERS / "wandb-0.31.0.zip", tmp_path / "wandb")
    words = ["import", "wandb", str(tmp_path / "wandb"), "--to", str(tmp_path / "theirs")]
    main(words)

    assert (done.returncode, done.stdout) == (0, "printed line\n"), done.stderr
    assert "calls 'x[0]/<b>' 'x_0_/_b_'" in done.stderr
    ours = MlflowClient(str(tmp_path / ".nbtrack"))
    assert told_of(ours) == told_of(MlflowClient(str(tmp_path / "theirs" / ".nbtrack")))
    [first] = [
        each
        for each in ours.search_runs([ours.get_experiment_by_name("wine").experiment_id])
        if each.data.tags["mlflow.runName"] == "first <b>"
    ]
    files = files_of(ours, first.info.run_id, tmp_path / "files")
    assert [path.rpartition("/")[0] for path in sorted(files)] == [
        "media/images/img", "media/tables/table"
    ]  # fmt: skip
    assert b'[[1, "x"], [2, "y"]]' in files[max(files)]
    assert not (tmp_path / "wandb" / "latest-run").exists()


def test_what_it_has_not_is_said(tmp_path):
    """Verbs before `init`, other names, values without a place; disabled, nothing is recorded."""
    (tmp_path / "script.py").write_text(REFUSED)

    done = run(tmp_path, tmp_path / "script.py")

    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert lines[0] == "None True"
    assert lines[1:3] == [
        "Call wandb.init() before wandb.log().", "Call wandb.init() before wandb.config.update()."
    ]  # fmt: skip
    assert lines[3] == "True {'lr': 0.1, 'batch': 32, 'epochs': 3} 2"
    assert lines[4:6] == ["False False True", "None"]
    assert "has no wandb.Molecule" in lines[6]
    assert "has no wandb.Api" in lines[7]
    assert "has no 'wandb.apis'" in lines[8]
    assert "2 cells for 1 columns" in lines[9]
    assert lines[10:] == ["False False", "of='aim' is none of what is taken over: mlflow, wandb."]
    assert "no place for what wandb.log was given as 'list'" in done.stderr
    client = MlflowClient(str(tmp_path / ".nbtrack"))
    [inner] = [r for r in client.search_runs(["0"]) if r.data.params]
    assert inner.data.params == {"lr": "0.1", "batch": "32", "epochs": "3"}
    points = client.get_metric_history(inner.info.run_id, "old")
    assert [(p.step, p.value) for p in points] == [(3, 2.0), (5, 1.0)]


def test_what_a_training_does_with_it_is_kept_or_left_out(tmp_path):
    """Files by their paths, those of `run.dir` though nothing ends the run; a summary beside its
    metric's points; classes without a place; and processes that it starts send nothing."""
    (tmp_path / "script.py").write_text(USED)

    done = run(tmp_path, tmp_path / "script.py")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["0.98 True False", "disabled", "None"]
    for words in ("'nothing/*.bin') found no file", "no wandb.Histogram", "no wandb.Artifact"):
        assert done.stderr.count(words) == 1
    client = MlflowClient(str(tmp_path / ".nbtrack"))
    [inner] = client.search_runs(["0"], "tags.`wandb.id` = 'kept'")
    acc = client.get_metric_history(inner.info.run_id, "acc")
    assert [(p.step, p.value) for p in acc] == [(0, 0), (1, 0.1), (2, 0.2), (4, 0.3)]
    assert inner.data.metrics["best"] == 7
    summed = {k: v for k, v in inner.data.tags.items() if k.startswith("summary.")}
    assert summed == {"summary.acc": "0.98"}
    assert files_of(client, inner.info.run_id, tmp_path / "files").keys() == {
        "sub/one/f.txt", "sub/two/f.txt", "top.txt", "in/g.txt", "model.bin", "deep/late.txt"
    }  # fmt: skip


LIGHTNING = """
import pickle
from importlib.metadata import distributions, version
import numpy as np
from lightning.pytorch.loggers import WandbLogger
logger = WandbLogger(name="first", project="digits", version="kept", save_dir="here", tags=["a"])
logger.log_hyperparams({"lr": 0.1, "net": {"layers": [1, 2]}, "act": len})
for step in (10, 20):
    logger.log_metrics({"loss": 1 / step}, step=step)
logger.log_image("img", [np.zeros((4, 4, 3), "uint8")], caption=["black"])
logger.log_table("table", columns=["a"], data=[[1]])
again = pickle.loads(pickle.dumps(logger))
again.log_metrics({"acc": 0.5})
logger.finalize("success")
print(logger.name, logger.version, version("wandb")[0].isdigit())
print("wandb" in {each.name for each in distributions()})
import wandb
wandb.finish()
"""


def test_lightnings_logger_logs_here(tmp_path):
    """Though W&B is not installed: it asks for its version, and for classes inside of it."""
    pytest.importorskip("lightning")
    (tmp_path / "script.py").write_text(LIGHTNING)

    done = run(tmp_path, tmp_path / "script.py")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["digits kept True", str(_is_installed("wandb"))]
    client = MlflowClient(str(tmp_path / ".nbtrack"))
    home = client.get_experiment_by_name("digits")
    [inner] = client.search_runs([home.experiment_id])
    assert (inner.info.run_name, inner.info.status) == ("first", "FINISHED")
    assert inner.data.params == {"lr": "0.1", "net.layers": "[1, 2]", "act": "len"}
    points = client.get_metric_history(inner.info.run_id, "loss")
    assert [(p.step, p.value) for p in points] == [(0, 0.1), (1, 0.05)]
    assert inner.data.metrics["trainer/global_step"] == 20
    assert inner.data.metrics["acc"] == 0.5
    files = files_of(client, inner.info.run_id, tmp_path / "files")
    kinds = {path.rpartition("/")[0] for path in files}
    assert kinds == {"media/images/img", "media/tables/table"}, done.stderr


def _is_installed(name: str) -> bool:
    return name in {each.name for each in distributions()}
