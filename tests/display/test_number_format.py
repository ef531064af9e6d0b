"""Numbers as people read them."""

from __future__ import annotations

import math

import pytest

from nbtrack.display.number_format import (
    format_age,
    format_column,
    format_delta,
    format_duration,
    format_like,
    format_number,
    most_decimals,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.9534, "0.9534"),
        (0.5, "0.5"),
        (0, "0"),
        (0.99996, "1.0000"),
        (1.0, "1"),
        (1204, "1,204"),
        (1204.56, "1,204.6"),
        (1.2e-05, "1.2e-05"),
        (0.000491, "0.000491"),
        (-3.14159, "-3.142"),
        (123456789.5, "1.235e+08"),
        (5e-324, "4.941e-324"),
        (1.7e308, "1.7e+308"),
    ],
)
def test_a_number_keeps_four_significant_digits_and_never_looks_rounder_than_it_is(value, text):
    """Trailing zeros say that a number was rounded; an exact one has none."""
    assert format_number(value) == text


def test_missing_and_non_finite_numbers_are_named_not_zeroed():
    """None is a dash; NaN and the infinities show as what they are."""
    shown = [format_number(v) for v in (None, math.nan, math.inf, -math.inf)]

    assert shown == ["–", "NaN", "inf", "-inf"]


def test_a_column_shares_its_decimals():
    """Scores of one column line up at the point; what is not a number keeps its word."""
    assert format_column([0.95, 0.9534, None, math.nan]) == ["0.9500", "0.9534", "–", "NaN"]
    assert format_column([0.9, 1, 0.25]) == ["0.90", "1.00", "0.25"]


def test_a_column_keeps_small_numbers_apart():
    """Two losses that differ are not shown as the same beside a large one."""
    shown = format_column([0.9534, 0.000521, 0.000493])

    assert shown == ["0.953400", "0.000521", "0.000493"]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([1, 204, 3000], ["1", "204", "3,000"]),
        ([1e-05, 0.5], ["1e-05", "0.5"]),
        ([1e-05], ["1e-05"]),
        ([], []),
    ],
)
def test_a_column_of_counts_or_of_very_unlike_sizes_formats_each_on_its_own(values, texts):
    """Equal decimals are only for numbers that they suit."""
    assert format_column(values) == texts


def test_a_number_like_another_does_not_vanish():
    """Decimals are borrowed only where they still show a digit."""
    assert format_like(0.2, "0.9561") == "0.2000"
    assert format_like(0.00001, "0.9561") == "1e-05"
    assert format_like(math.inf, "0.9561") == "inf"


def test_the_number_with_the_most_decimals_is_the_pattern():
    """What is written like it loses nothing; an exponent has no decimals to give."""
    assert most_decimals(["0.5", "0.972", "1.235e+08", "–", "120"]) == "0.972"


def test_a_delta_always_has_a_sign_and_no_float_noise():
    """0.9561 - 0.9438 is 0.012299999999999978 to a float, and +0.0123 to a reader."""
    assert format_delta(0.9561 - 0.9438) == "+0.0123"
    assert format_delta(0.31 - 0.33, like="0.3100") == "−0.0200"
    assert format_delta(0.9561 - 0.5, like="0.9561") == "+0.4561"
    assert format_delta(-0.00001, like="0.3100") == "−1e-05"
    assert format_delta(104) == "+104"
    assert format_delta(0.0) == "="


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.00042, "0.4 ms"),
        (0.85, "850 ms"),
        (0.9999, "1.0 s"),
        (14.23, "14.2 s"),
        (59.97, "1 min 0 s"),
        (185, "3 min 5 s"),
        (7500, "2 h 5 min"),
        (100_000, "1 d 3 h"),
        (None, "–"),
        (-1, "–"),
        (math.nan, "–"),
    ],
)
def test_durations_use_the_two_units_that_matter(seconds, text):
    """No duration is shown as 60 s, or below zero."""
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "just now"),
        (42, "42 s ago"),
        (130, "2 min ago"),
        (3 * 3600, "3 h ago"),
        (5 * 86_400, "5 d ago"),
        (45 * 86_400, "6 w ago"),
        (800 * 86_400, "2 y ago"),
        (None, "–"),
    ],
)
def test_ages_are_rounded_down(seconds, text):
    """Something is two minutes old until it is three."""
    assert format_age(seconds) == text
