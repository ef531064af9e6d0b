"""The name that was meant."""

from __future__ import annotations

import random
import sys
from types import FrameType

import pytest

from nbtrack.base.nearest import MOST_COMPARED, MOST_NAMES, did_you_mean, nearest


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


def test_of_many_names_only_the_likely_ones_are_read_letter_by_letter():
    """A millisecond each: of a project's thousands that would be a pause."""
    draw = random.Random(0)
    names = [f"{draw.getrandbits(2000):x}" for _ in range(MOST_NAMES)] + ["churn"]
    compared: list[str] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_name == "real_quick_ratio":
            compared.append(event)

    sys.setprofile(note)
    try:
        found = nearest("chrun", names), nearest(names[7][:90], names)
    finally:
        sys.setprofile(None)

    assert found == (None, names[7])
    assert 0 < len(compared) <= 2 * MOST_COMPARED
