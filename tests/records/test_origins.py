"""Where params and metrics came from, as a run's tag tells it."""

from __future__ import annotations

import random

import pytest

from nbtrack.records.origins import (
    NO_ORIGINS,
    Origin,
    Origins,
    origins_of,
    origins_text,
    parsed_origins,
)


@pytest.mark.parametrize("seed", range(20))
def test_a_tag_says_what_was_put_in(seed: int):
    """Whatever the keys are called; what was logged by hand takes no words."""
    chance = random.Random(seed)
    keys = [chr(chance.randrange(1, 0xD800)) * chance.randrange(1, 5) for _ in range(30)]
    told = [each for each in Origin if each is not Origin.LOGGED]
    origins = Origins(
        params={key: chance.choice(told) for key in keys[:20]},
        metrics={key: chance.choice(told) for key in keys[10:]},
        aliases=dict(zip(keys, reversed(keys))),
    )

    assert parsed_origins(origins_text(origins)) == origins
    assert parsed_origins(origins_text(Origins(params={"lr": Origin.LOGGED}))) == NO_ORIGINS


@pytest.mark.parametrize(
    "text",
    ["", "no json", "[]", "3", '{"params": 1}', '{"params": {"default": 3, "newer": ["a"]}}'],
)
def test_what_is_not_understood_is_left_out(text: str):
    """A newer nbtrack, or somebody's hand, may have written it."""
    assert origins_of({"nbtrack.origins": text}) == NO_ORIGINS


def test_later_words_win():
    """Of one key; what is known of others stays."""
    before = Origins(params={"C": Origin.DEFAULT, "tol": Origin.DEFAULT})
    after = before | Origins(params={"C": Origin.CHANGED})

    assert after.params == {"C": Origin.CHANGED, "tol": Origin.DEFAULT}


def test_an_alias_is_one_until_something_else_is_said():
    """Of the metric, which then stands for itself."""
    alias = Origins(metrics={"r2_score_X": Origin.ALIAS}, aliases={"r2_score_X": "r2"})

    assert (NO_ORIGINS | alias).aliases == {"r2_score_X": "r2"}
    assert (alias | Origins(metrics={"r2_score_X": Origin.MEASURED})).aliases == {}
