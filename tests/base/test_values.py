"""What may be stored as key, metric, step, time or text."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from nbtrack.base.values import as_metric, as_microseconds, as_step, as_text, check_key, check_tags
from nbtrack.errors import InvalidValue

LAST = 2**63 - 1
HUGE = pytest.param(10**5000, id="more digits than Python writes")


class TensorLike:
    """What a scalar of torch, jax or tensorflow is to us."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def item(self) -> Any:
        if isinstance(self._value, Exception):
            raise self._value
        return self._value


@pytest.mark.parametrize(
    "key", ["loss", "val/loss", "a b", "a.b-c_d:e", "ünïcödé", "x" * 250, "1", "a..b"]
)
def test_good_keys_are_taken_as_they_are(key: str) -> None:
    """Words in any alphabet, with MLflow's marks."""
    assert check_key(key) == key


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("", "at least one character"), ("  ", "at least one character"), (None, "None.*is text"),
        (3, r"The key is 3 \(int\); a key is text, such as '3'"), ("x" * 251, "251 characters"),
        ("a\nb", "letters"), ("a*", "letters"),
        ("loss\n", "letters"), ("a\0", "letters"), ("\ud83d", "letters"), ("../x", "path"),
        ("a/../b", "path"), ("/abs", "path"), ("..", "path"),
    ],
)  # fmt: skip
def test_bad_keys_are_named_with_what_is_wrong(key: Any, problem: str) -> None:
    """Wrong input raises where it is seen."""
    with pytest.raises(InvalidValue, match=problem):
        check_key(key)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (1, 1.0), (0.1, 0.1), (True, 1.0), (Decimal("0.5"), 0.5), (Fraction(1, 4), 0.25),
        (np.float32(0.5), 0.5), (np.int64(LAST), float(LAST)), (np.bool_(True), 1.0),
        (np.array([[2.5]]), 2.5), (np.array(2), 2.0), (np.float64(0.1), 0.1),
        (TensorLike(0.1), 0.1), (TensorLike(3), 3.0), (math.inf, math.inf), (-math.inf, -math.inf),
        (np.longdouble(0.5), 0.5), (2**70, float(2**70)),
    ],
)  # fmt: skip
def test_any_one_real_number_is_a_metric(value: Any, number: float) -> None:
    """Always a plain float, whatever library it comes from."""
    found = as_metric("m", value)
    assert (type(found), found) == (float, number)


def test_not_a_number_is_a_metric() -> None:
    """A diverged loss is worth knowing."""
    assert math.isnan(as_metric("m", math.nan))
    assert math.isnan(as_metric("m", np.float32("nan")))


@pytest.mark.parametrize(
    "value",
    [
        "0.5", b"1", None, [1], {}, object(), 1j, np.array([1, 2]), np.array([]), 10**400,
        TensorLike(ValueError("only one element")), TensorLike(RuntimeError("needs grad")),
        np.datetime64("2026-01-01"), np.str_("0.5"), np.array("0.5"),
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_its_key_and_type(value: Any) -> None:
    """Before anything is written."""
    with pytest.raises(InvalidValue, match="Metric 'm' is"):
        as_metric("m", value)


@pytest.mark.parametrize(
    ("step", "number"),
    [(None, 0), (0, 0), (-1, -1), (LAST, LAST), (-LAST, -LAST), (3.0, 3), (True, 1),
     (np.int64(LAST), LAST), (np.uint8(7), 7), (np.float64(2.0), 2), (1.5, 1)],
)  # fmt: skip
def test_any_whole_number_of_64_bits_is_a_step(step: Any, number: int) -> None:
    """Always a plain int, because it is written as it is."""
    found = as_step(step)
    assert (type(found), found) == (int, number)


@pytest.mark.parametrize(
    "step",
    [LAST + 1, -LAST - 2, "3", [1], math.nan, math.inf, np.uint64(2**63), 10**400, HUGE],
)
def test_other_steps_are_refused(step: Any) -> None:
    """By name, before anything is written."""
    with pytest.raises(InvalidValue, match="step is"):
        as_step(step)


@pytest.mark.parametrize(
    ("timestamp", "microseconds"),
    [(None, 7), (0, 0), (1500, 1_500_000), (1500.9, 1_500_000), (np.int64(5), 5000), ("1e3", 10**6),
     (-1, -1000), (253402300799999, 253402300799999000)],
)  # fmt: skip
def test_a_time_is_milliseconds_since_1970(timestamp: Any, microseconds: int) -> None:
    """None is now."""
    assert as_microseconds(timestamp, default=7) == microseconds


@pytest.mark.parametrize(
    "timestamp", ["noon", math.nan, math.inf, 10**18, [], b"x", 253402300800000, 10**400, HUGE]
)
def test_a_time_beyond_the_calendar_is_refused(timestamp: Any) -> None:
    """No view could show it; microseconds given by mistake are found out, too."""
    with pytest.raises(InvalidValue, match=re.escape("timestamp is")):
        as_microseconds(timestamp, default=0)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "x"), (0.1, "0.1"), (None, "None"), (True, "True"), ([64, 64], "[64, 64]"),
        ({"lr": np.float64(0.1)}, "{'lr': 0.1}"), ([np.int64(1), 2], "[1, 2]"),
        ([np.array([1, 2])], "[[1, 2]]"), ({"a": {"b": [1]}}, "{'a': {'b': [1]}}"),
    ],
)  # fmt: skip
def test_params_are_kept_readable(value: Any, text: str) -> None:
    """`0.1`, and not `np.float64(0.1)`."""
    assert as_text(value) == text


def test_tags_are_checked_as_a_whole() -> None:
    """One wrong key, and none of them is taken."""
    assert check_tags({"a": 1, "b": None}) == {"a": "1", "b": "None"}
    assert check_tags(None) == {}
    for wrong in ({"a": 1, "": 2}, [("a", 1)], "a"):
        with pytest.raises(InvalidValue):
            check_tags(wrong)  # type: ignore[arg-type]
