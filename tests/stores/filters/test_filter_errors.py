"""A wrong filter raises InvalidFilter at the right spot, with what was expected."""

from __future__ import annotations

import random
import sys

import pytest

from nbtrack.errors import InvalidFilter
from nbtrack.stores.filters.boolean_grammar import MAX_COMPARISONS, MAX_DEPTH
from nbtrack.stores.filters.clauses import (
    experiment_filter,
    experiment_order,
    run_filter,
    run_order,
)


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("statsu = 'FINISHED'", "statsu", "Did you mean status?"),
        ("f1 > 0.9", "f1", "Did you mean metrics.f1 or params.f1 or tags.f1?"),
        ("f1 > 0.9", "f1", "Accepted keys: metrics.NAME, params.NAME, tags.NAME, run_id"),
        ("metrcis.f1 > 0.9", "metrcis", "Did you mean metrics?"),
        ("attributes.nme = 'x'", "attributes", "Accepted keys"),
        ("datasets.nam = 'x'", "datasets", "Did you mean name?"),
        ("metrics. > 1", "metrics", "A name is missing"),
        ("metrics. `f1` > 1", "metrics", "A name is missing"),
        ("`metrics` .f1 > 1", ".f1", "an operator"),
        ("metrics.`` > 1", "metrics", "A name is missing"),
        ("status = FINISHED", "FINISHED", "text in quotes, as 'FINISHED'"),
        ("start_time > 2026-03-01", "2026", "text in quotes, as '2026-03-01'"),
        ("params.x = `a`", "`a`", "single quotes"),
        ("status 'FINISHED'", "'FINISHED'", "an operator (=, !=, <"),
        ("metrics.f1 score > 1", "score", "metrics.`f1 score`"),
        ("metrics.a@b > 1", "@", "metrics.`a @ b`"),
        ("status = 'FINISHED", "'FINISHED", "never closed"),
        ("metrics.`f1 > 1", "`f1", "never closed"),
        ("metrics.f1 > '0.9'", "'0.9'", "without quotes"),
        ("metrics.f1 LIKE '0.9'", "LIKE", "Accepted: =, !=, <, <=, >, >=, IN"),
        ("metrics.f1 > nan", "nan", "use = or !="),
        ("status > 'A'", ">", "> does not apply to status. Accepted: =, !=, LIKE"),
        ("status = 5", "5", "as '5'"),
        ("params.lr > '0.01'", "'0.01'", "Take the quotes off"),
        ("params.lr LIKE 5", "5", "'%5%'"),
        ("params.lr IN (1, 'a')", "1", "not both"),
        ("params.lr IN ()", ")", "a number or text"),
        ("params.lr IN ('a' 'b')", "'b'", "a comma or the closing )"),
        ("params.lr IN 'a'", "'a'", "a list after IN"),
        ("params.lr IS 5", "5", "NULL or NOT NULL"),
        ("params.lr NOT = 5", "=", "IN, LIKE or ILIKE"),
        ("(status = 'A'", "", "a closing )"),
        ("status = 'A')", ")", "the end of the filter"),
        ("status = 'A' and", "", "a key such as metrics.f1"),
        ("status = 'A' status = 'B'", "status = 'B'", "and, or"),
        ("and status = 'A'", "and", "a key such as"),
        ("0.9 < metrics.f1", "0.9", "a key such as"),
        ("start_time > 'yesterday'", "'yesterday'", "is not a time"),
        ("start_time > '2026-02-30'", "'2026-02-30'", "is not a time"),
        ("any_text = 'x'", "=", "Accepted: LIKE, ILIKE."),
        ("any_text LIKE 5", "5", "as '5'"),
        ("start_time = '2026-03-01'", "'2026-03-01'", "start_time >= '2026-03-01'"),
    ],
)
def test_the_error_points_at_the_spot_and_names_the_cure(text, at, says):
    """The position is where the wrong part begins."""
    with pytest.raises(InvalidFilter) as caught:
        run_filter(text)

    assert text[caught.value.position :].startswith(at)
    assert caught.value.position < len(text) or not at
    assert says in str(caught.value)


def test_the_caret_stands_under_the_spot_in_a_filter_of_many_lines():
    """Line breaks and tabs are shown as blanks."""
    with pytest.raises(InvalidFilter) as caught:
        run_filter("status = 'A'\n\tand statsu = 'B'")

    shown, caret = str(caught.value).splitlines()[-2:]
    assert shown[caret.index("^") :].startswith("statsu")


@pytest.mark.parametrize("text", [5, ["status = 'A'"], b"x"])
def test_a_filter_is_a_string(text):
    """Another type is named."""
    with pytest.raises(InvalidFilter, match="A filter is a string, not"):
        run_filter(text)


def test_half_a_character_is_refused():
    """DuckDB could not bind it."""
    with pytest.raises(InvalidFilter, match="surrogate") as caught:
        run_filter("params.x = '\ud800'")

    assert str(caught.value).encode()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("(" * (MAX_DEPTH + 1) + "status = 'A'", "deep"),
        ("(" * 20_000, "deep"),
        ("not (" * 20_000, "deep"),
        (" or ".join(["status = 'A'"] * (MAX_COMPARISONS + 1)), "at most"),
    ],
)
def test_a_monstrous_filter_is_refused(text, says):
    """Long before Python's stack or DuckDB's patience ends."""
    with pytest.raises(InvalidFilter, match=says):
        run_filter(text)


def test_experiments_refuse_keys_of_runs():
    """Experiments have no metrics, and the error lists what they have."""
    with pytest.raises(InvalidFilter, match=r"Accepted keys: tags\.NAME, name, experiment_id"):
        experiment_filter("metrics.f1 > 1")
    with pytest.raises(InvalidFilter, match=r"Unknown prefix 'datasets\.'"):
        experiment_filter("datasets.name = 'x'")


@pytest.mark.parametrize(
    "text", ["", "metrics.f1 up", "metrics.f1 desc asc", "f1", "a b c", "asc,"]
)
def test_a_wrong_order_is_refused(text):
    """order_by raises the same error as a filter."""
    with pytest.raises(InvalidFilter):
        run_order([text])


@pytest.mark.parametrize(
    ("key", "why"), [("datasets.name", "several datasets"), ("any_text", "many texts")]
)
def test_runs_have_no_order_by_what_is_many(key, why):
    """One run may have many of these, so there is nothing to sort by."""
    with pytest.raises(InvalidFilter, match=why):
        run_order(key)


PIECES = [
    *("metrics.", "params.x", "tags.`a b`", "status", "start_time", "datasets.name", "run name"),
    *("and", "or", "not", "in", "is", "null", "like", "desc", ".", ",", "(", ")", "=", "!=", ">"),
    *("<", "<>", "'a'", '"b"', "'", '"', "`", "\\", "\\'", "1", "-1e-3", "nan", "2026-03-01", ";"),
    *("--", "/*", "%", "$f0", "?", "\0", "\n", "é", "\ud800", "💥", "'2026-03-01T00:00'"),
]


@pytest.mark.parametrize("seed", range(4))
def test_garbage_only_ever_raises_invalid_filter(seed):
    """Whatever is typed: a condition or an InvalidFilter that can be printed."""
    dice = random.Random(seed)
    for _ in range(3000):
        glue = dice.choice(["", " "])
        text = glue.join(dice.choices(PIECES, k=dice.randrange(12)))
        text += "".join(chr(dice.randrange(sys.maxunicode)) for _ in range(dice.randrange(3)))
        for parse in (run_filter, experiment_filter, run_order, experiment_order):
            refusal = refusal_of(parse, text)
            assert refusal is None or 0 <= refusal.position <= len(refusal.text)
            assert str(refusal).encode()


def refusal_of(parse, text: str) -> InvalidFilter | None:
    try:
        parse(text)
    except InvalidFilter as exc:
        return exc
    return None
