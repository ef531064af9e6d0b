"""Small modules of Lightning's two packages, their trainers, and what a user could see of a fit."""

from __future__ import annotations

import contextlib
import importlib
import logging
import warnings
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

torch = pytest.importorskip("torch")
PACKAGES = ("lightning.pytorch", "pytorch_lightning")
X = torch.linspace(-1, 1, 80).reshape(20, 4)
y = X.sum(1, keepdim=True)


def package(name: str = PACKAGES[0]) -> Any:
    found = pytest.importorskip(name)
    logging.getLogger(name).setLevel(logging.ERROR)
    torch.set_num_threads(1)
    return found


def loader(batch_size: int = 4, rows: int = 20) -> Any:
    data = torch.utils.data.TensorDataset(X[:rows], y[:rows])
    return torch.utils.data.DataLoader(data, batch_size=batch_size)


@cache
def line_of(name: str = PACKAGES[0]) -> Any:
    class Line(package(name).LightningModule):
        """It logs in every way that there is."""

        def __init__(self, lr=0.1, momentum=0.0, note=None):
            super().__init__()
            self.save_hyperparameters()
            self.line = torch.nn.Linear(4, 1)

        def loss(self, batch):
            return torch.nn.functional.mse_loss(self(batch[0]), batch[1])

        def forward(self, x):
            return self.line(x)

        def training_step(self, batch, place):
            loss = self.loss(batch)
            self.log("loss", loss, on_step=True, on_epoch=True)
            self.log("train_loss", loss, on_step=False, on_epoch=True)
            if place % 2 == 0:
                self.log("seldom", float(place))
            return loss

        def on_train_batch_end(self, outputs, batch, place):
            self.log("after", outputs["loss"])

        def on_train_epoch_end(self):
            self.log("late", float(self.current_epoch))

        def validation_step(self, batch, place):
            self.log("val_loss", self.loss(batch))
            self.log("val_place", float(place), on_step=True, on_epoch=False)

        def test_step(self, batch, place):
            self.log("test_loss", self.loss(batch))

        def configure_optimizers(self):
            given = {"lr": self.hparams.lr, "momentum": self.hparams.momentum}
            optimizer = torch.optim.SGD(self.parameters(), **given)
            return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)]

    return Line


def line(name: str = PACKAGES[0], **hparams: Any) -> Any:
    torch.manual_seed(0)
    return line_of(name)(**hparams)


def trainer(folder: Any, name: str = PACKAGES[0], **kwargs: Any) -> Any:
    given = {
        "max_epochs": 2,
        "accelerator": "cpu",
        "logger": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "enable_checkpointing": False,
        "default_root_dir": folder,
    }
    with quiet():
        return package(name).Trainer(**{**given, **kwargs})


def fit(found: Any, module: Any, *data: Any, **kwargs: Any) -> Any:
    if not data and "datamodule" not in kwargs:
        data = loader(), loader(8, 10)
    with quiet():
        found.fit(module, *data, **kwargs)
    return module


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Lightning warns of few workers, and of much else."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def callback(name: str = PACKAGES[0], **events: Any) -> Any:
    """One that has these events."""
    base = importlib.import_module(name).Callback
    wrapped = {event: staticmethod(does) for event, does in events.items()}
    return type("Users", (base,), wrapped)()


def logger_of(name: str = PACKAGES[0]) -> Any:
    """One of the user's, that keeps (step, value) of each key."""

    class Kept(importlib.import_module(f"{name}.loggers.logger").Logger):
        name, version = "kept", 0

        def __init__(self):
            super().__init__()
            self.points = defaultdict(list)

        def log_hyperparams(self, *args, **kwargs):
            pass

        def log_metrics(self, metrics, step=None):
            for key, value in metrics.items():
                self.points[key].append((step, value))

    return Kept()
