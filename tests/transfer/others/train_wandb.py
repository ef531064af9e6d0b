"""What wandb-0.31.0.zip was made with, offline: `python train_wandb.py`, and then only what W&B
needs of its folder `wandb`. It runs under `nbtrack run --as-wandb`, too."""

from __future__ import annotations

import os
import sys
import time

os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true")

import numpy as np
import wandb


def settings() -> object:
    return wandb.Settings(host="host", x_disable_stats=True, x_disable_meta=True)


CONFIG = {"lr": 0.1, "net": {"layers": [1, 2], "act": "relu"}, "none": None, "a//b": 1}
run = wandb.init(
    project="wine", id="abc", name="first <b>", config=CONFIG, tags=["a", "b"], notes="note ☃",
    group="g", settings=wandb.Settings(host="host", x_disable_meta=True),
)  # fmt: skip
for step in range(4):
    odd = {2: float("nan"), 3: float("inf")}.get(step, step)
    wandb.log({"loss": 1 / (step + 1), "val/acc": np.float32(step / 5), "ünï": odd})
run.log({"early": 1}, commit=False)
run.log({"text": "hello", "nested": {"a": 1.5}, "flag": True, "x[0]/<b>": 3, "../up": 4})
run.log({"big": 2**70}, step=1000)
run.log({"same": 1})
picture = wandb.Image(np.zeros((4, 4, 3), dtype=np.uint8), caption="<script>")
run.log({"img": picture}, step=10**12)
if hasattr(wandb, "Histogram"):
    run.log({"hist": wandb.Histogram([1, 2, 3])}, commit=False)
run.log({"table": wandb.Table(columns=["a", "b"], data=[[1, "x"], [2, "y"]])})
run.log({"long": "x" * 100_000})
run.summary["best"] = 0.25
wandb.config.update({"later": 3})
sys.stdout.write("printed line\n")
wandb.finish()
with wandb.init(project="wine", id="crashed", name="crashed", settings=settings()) as run:
    run.log({"loss": 1})
    run.finish(exit_code=1)
with wandb.init(project="other", id="resumed", name="resumed", settings=settings()) as run:
    run.log({"loss": 1})
    run.finish(exit_code=1)
time.sleep(1.2)  # the folder of a run is called by the second
with wandb.init(project="other", id="resumed", resume="allow", settings=settings()) as run:
    run.log({"loss": 0.5}, step=1)
