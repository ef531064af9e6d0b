"""Metrics that are the same on other data share a chart."""

from __future__ import annotations

import pytest

from nbtrack.lookup.siblings import sharing, siblings_of


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        (["loss", "val_loss"], {"loss": ["val_loss"]}),
        (["val_loss", "loss", "train_loss"], {"loss": ["val_loss", "train_loss"]}),
        (["train/acc", "valid/acc"], {"train/acc": ["valid/acc"]}),
        (["acc_train", "acc_test"], {"acc_train": ["acc_test"]}),
        (["Val Loss", "loss"], {"loss": ["Val Loss"]}),
        (["train-loss", "eval-loss"], {"train-loss": ["eval-loss"]}),
        (["training-auc", "valid_0-auc"], {"training-auc": ["valid_0-auc"]}),
        (["validation_0-auc", "validation_1-auc"], {"validation_0-auc": ["validation_1-auc"]}),
        (["learn-Logloss", "validation-Logloss"], {"learn-Logloss": ["validation-Logloss"]}),
        (["train_loss_epoch", "val_loss"], {"train_loss_epoch": ["val_loss"]}),
        (["train_1_loss", "val_1_loss"], {"train_1_loss": ["val_1_loss"]}),
        (["val_1_loss", "val_2_loss"], {"val_1_loss": [], "val_2_loss": []}),
        (["loss", "accuracy"], {"loss": [], "accuracy": []}),
        (["test", "val_"], {"test": [], "val_": []}),
        (["validity", "evaluation"], {"validity": [], "evaluation": []}),
        ([], {}),
    ],
)
def test_families(keys, found):
    """One has the chart: that which names no data, else the first."""
    assert siblings_of(keys) == found


@pytest.mark.parametrize(
    ("curves", "together", "found"),
    [
        ("lvaf", [], {"l": [], "v": [], "a": [], "f": []}),
        ("lvaf", [["a", "l"]], {"a": ["l"], "v": [], "f": []}),
        ("lv", [["f", "gone", "v"]], {"l": [], "f": ["v"], "a": []}),
        ("lv", [["gone", "a"]], {"l": [], "v": [], "gone": ["a"], "f": []}),
        ("lv", [["gone"]], {"l": [], "v": [], "a": [], "f": []}),
    ],
)
def test_the_user_puts_metrics_together(curves, together, found):
    """What matters most on a chart says where it stands; what no run has is not drawn."""
    charts = sharing("lvaf", curves, together)

    assert charts == found
    assert list(charts) == list(found)


def test_the_users_word_goes_before_siblings():
    """One that was taken off stays off, and the others stay together."""
    keys = ["loss", "train_loss", "val_loss"]

    assert sharing(keys, keys, []) == {"loss": ["train_loss", "val_loss"]}
    assert sharing(keys, keys, [["val_loss"]]) == {"loss": ["train_loss"], "val_loss": []}
    assert sharing(keys, keys[:1], []) == {"loss": [], "train_loss": [], "val_loss": []}
