"""Metrics that are the same on other data share a chart."""

from __future__ import annotations

import pytest

from nbtrack.panels.charts_tab.siblings import siblings_of


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        (["loss", "val_loss"], {"loss": ["val_loss"]}),
        (["val_loss", "loss", "train_loss"], {"loss": ["val_loss", "train_loss"]}),
        (["train/acc", "valid/acc"], {"train/acc": ["valid/acc"]}),
        (["acc_train", "acc_test"], {"acc_train": ["acc_test"]}),
        (["Val Loss", "loss"], {"loss": ["Val Loss"]}),
        (["loss", "accuracy"], {"loss": [], "accuracy": []}),
        (["test", "val_"], {"test": [], "val_": []}),
        (["validity", "evaluation"], {"validity": [], "evaluation": []}),
        ([], {}),
    ],
)
def test_families(keys, found):
    """One has the chart: that which names no data, else the first."""
    assert siblings_of(keys) == found
