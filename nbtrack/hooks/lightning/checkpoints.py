"""Checkpoints as artifacts: those that MLflow's flags ask for, and the best that the user keeps.

| `checkpoint_save_best_only` | is kept in `checkpoints/`                                         |
|-----------------------------|-------------------------------------------------------------------|
| True                        | `latest_checkpoint.pth`, that of the best epoch so far            |
| False                       | `epoch_3/checkpoint.pth`, or `global_step_40/checkpoint.pth`      |
| either                      | the best of each `ModelCheckpoint` of the trainer that monitors   |

Beside each of ours is a JSON file of what was logged by then. The names are MLflow's.
"""

from __future__ import annotations

import os
from math import isnan
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nbtrack.base.guard import guarded, warn_once
from nbtrack.hooks.pytorch.hook import Flags
from nbtrack.recording.run_writer import RunWriter
from nbtrack.records.tags import LATEST_CHECKPOINT_TAG

FOLDER = "checkpoints"


class Checkpoints:
    """Those of one fit that nobody but autolog asks for."""

    def __init__(self, run: RunWriter, flags: Flags) -> None:
        self._run, self._flags = run, flags
        self._best: float | None = None

    def save(self, trainer: Any) -> None:
        """If there is to be one now. Nothing is trained by it, and no random number is drawn."""
        if self._flags.checkpoint and not trainer.fast_dev_run and trainer.world_size == 1:
            with guarded("keep a checkpoint of a Lightning fit"):
                if not self._flags.checkpoint_save_best_only:
                    self._save(trainer, trainer.callback_metrics)
                elif not self._is_kept_by_user(trainer):
                    self._save_if_best(trainer)

    def _is_kept_by_user(self, trainer: Any) -> bool:
        wanted = self._flags.checkpoint_monitor, self._flags.checkpoint_mode
        return any((each.monitor, each.mode) == wanted for each in _monitoring(trainer))

    def _save_if_best(self, trainer: Any) -> None:
        logged = trainer.callback_metrics
        monitor = self._flags.checkpoint_monitor
        if monitor in logged:
            value = float(logged[monitor])
            if self._is_better(value):
                self._best = value
                self._save(trainer, logged)
        elif monitor != Flags().checkpoint_monitor:
            warn_once(f"nbtrack: no checkpoint is kept, for nothing logs {monitor!r}.")

    def _is_better(self, value: float) -> bool:
        if self._best is None or isnan(self._best):
            return True
        is_less = self._flags.checkpoint_mode == "min"
        return value < self._best if is_less else value > self._best

    def _save(self, trainer: Any, logged: Any) -> None:
        folder, prefix = self._place(trainer)
        weights = ".weights" if self._flags.checkpoint_save_weights_only else ""
        name = f"{prefix}checkpoint{weights}.pth"
        with TemporaryDirectory() as place:
            path = Path(place) / name
            trainer.save_checkpoint(path, weights_only=self._flags.checkpoint_save_weights_only)
            self._run.log_artifact(path, folder)
        facts = {key: float(value) for key, value in logged.items()}
        facts |= {"epoch": trainer.current_epoch, "global_step": trainer.global_step}
        self._run.log_dict(facts, f"{folder}/{prefix}checkpoint_metrics.json")
        self._run.set_tag(LATEST_CHECKPOINT_TAG, f"{folder}/{name}")

    def _place(self, trainer: Any) -> tuple[str, str]:
        """Its folder, and what its name begins with."""
        if self._flags.checkpoint_save_best_only:
            return FOLDER, "latest_"
        if self._flags.checkpoint_save_freq == "epoch":
            return f"{FOLDER}/epoch_{trainer.current_epoch}", ""
        return f"{FOLDER}/global_step_{trainer.global_step}", ""


def keep_users_best(run: RunWriter, trainer: Any, flags: Flags) -> None:
    for callback in _monitoring(trainer) if flags.checkpoint else ():
        path = callback.best_model_path
        if path and os.path.exists(path):  # it may be a place in a cloud
            run.log_artifact(path, FOLDER)
            run.set_tag(LATEST_CHECKPOINT_TAG, f"{FOLDER}/{Path(path).name}")


def _monitoring(trainer: Any) -> list[Any]:
    return [each for each in trainer.checkpoint_callbacks if getattr(each, "monitor", None)]
