"""The name that was meant."""

from __future__ import annotations

import random
import time

import pytest

from nbtrack.base.nearest import MOST_NAMES, did_you_mean, nearest


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("chrun", "Churn"),
        ("CHURN", "Churn"),
        ("wine-quality", "wine quality"),
        ("forest", "random forest, depth 12, on all of the data"),
        ("zz", None),
        ("", None),
        (None, None),
    ],
)
def test_the_nearest_name(typed: object, meant: str | None):
    """Whatever the case, and also when it is only a part; nothing where nothing is near."""
    names = ["iris", "Churn", "wine quality", "random forest, depth 12, on all of the data"]

    assert nearest(typed, names) == meant


def test_the_sentence():
    """It goes behind another one."""
    assert did_you_mean("chrun", ["churn"]) == " Did you mean 'churn'?"
    assert did_you_mean("chrun", []) == ""


def test_many_long_names_take_no_time():
    """The first of many are looked at, and only the likely ones letter by letter."""
    draw = random.Random(0)
    names = [f"{draw.getrandbits(2000):x}" for _ in range(MOST_NAMES)] + ["churn"]
    began = time.perf_counter()

    assert nearest("chrun", names) is None
    assert nearest(names[7][:90], names) == names[7]
    assert time.perf_counter() - began < 1.0
