"""What a LearningRateMonitor tells loggers is recorded at the same steps."""

from __future__ import annotations

import importlib

import pytest

from tests.hooks.boosters import history
from tests.hooks.lightning.modules import (
    PACKAGES,
    fit,
    line_of,
    logger_of,
    package,
    torch,
    trainer,
)

package()


def falling(name, interval):
    class Falling(line_of(name)):
        def configure_optimizers(self):
            optimizer = torch.optim.SGD(self.parameters(), lr=0.1, momentum=0.5)
            scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
            return [optimizer], [{"scheduler": scheduler, "interval": interval}]

    return Falling()


def monitor(name, **options):
    return importlib.import_module(f"{name}.callbacks").LearningRateMonitor(**options)


def rates(points):
    return {key: found for key, found in points.items() if key.startswith("lr-")}


def recorded(run, keys):
    return {key: [(point.step, point.value) for point in history(run, key)] for key in keys}


@pytest.mark.parametrize("name", PACKAGES)
@pytest.mark.parametrize(
    ("interval", "options"),
    [
        ("step", {"log_momentum": True, "log_weight_decay": True}),
        ("epoch", {}),
        ("epoch", {"logging_interval": "step"}),
    ],
)
def test_rates_are_those_that_loggers_are_told(autologged, tmp_path, name, interval, options):
    """With its names, and what it was asked to tell beside them."""
    logger = logger_of(name)
    callbacks = [monitor(name, **options)]
    found = trainer(tmp_path, name, logger=logger, log_every_n_steps=1, callbacks=callbacks)
    fit(found, falling(name, interval))
    run, told = autologged.run(), rates(logger.points)

    assert "lr-SGD" in told
    assert {key for key in run.data.metrics if key.startswith("lr-")} == told.keys()
    assert recorded(run, told) == told


def test_rates_of_accumulated_gradients_stand_once_at_a_step(autologged, tmp_path):
    """The monitor tells them with every batch."""
    logger, options = logger_of(), {"accumulate_grad_batches": 2, "log_every_n_steps": 1}
    fit(trainer(tmp_path, logger=logger, callbacks=[monitor(PACKAGES[0])], **options),
        falling(PACKAGES[0], "step"))  # fmt: skip
    run = autologged.run()
    (key,) = rates(logger.points)

    assert [p.step for p in history(run, key)] == sorted({s for s, _ in logger.points[key]})
