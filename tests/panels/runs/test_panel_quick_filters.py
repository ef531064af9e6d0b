"""What is typed under a header."""

from __future__ import annotations

import pytest

from nbtrack.errors import InvalidValue
from nbtrack.panels.runs.quick_filters import quick_condition
from nbtrack.stores.filters.clauses import run_filter


@pytest.mark.parametrize(
    ("column", "text", "condition"),
    [
        ("run_name", "heron", "run_name ILIKE '%heron%'"),
        ("run_name", "it's", "run_name ILIKE '%it''s%'"),
        ("status", "fail", "status ILIKE '%fail%'"),
        ("params.model", "= SVC", "params.`model` = 'SVC'"),
        ("params.model", "!= SVC", "params.`model` != 'SVC'"),
        ("metrics.f1 score", "> 0.5", "metrics.`f1 score` > 0.5"),
        ("metrics.f1", "0.2..0.8", "metrics.`f1` >= 0.2 and metrics.`f1` <= 0.8"),
        ("metrics.f1", "–", "metrics.`f1` IS NULL"),
        ("duration", "> 2 min", "duration > 120"),
        ("duration", "1h..2h", "duration >= 3600 and duration <= 7200"),
        ("start_time", "2026-02-28", "start_time >= '2026-02-28' and start_time < '2026-03-01'"),
        ("start_time", "> 2026-03-01", "start_time > '2026-03-01'"),
    ],
)
def test_the_condition(column, text, condition):
    """In the grammar that the query box speaks."""
    assert quick_condition(column, text, is_number=False) == condition
    run_filter(condition)


def test_a_param_of_numbers_is_compared():
    """0.1 is not part of 0.15 there; a word is still looked for."""
    assert quick_condition("params.lr", "0.1", is_number=True) == "params.`lr` = 0.1"
    assert quick_condition("params.lr", "auto", is_number=True) == "params.`lr` ILIKE '%auto%'"


def test_an_age_is_a_time():
    """Younger than two hours is started after two hours ago."""
    assert quick_condition("start_time", "< 2h", is_number=False).startswith("start_time > 1")
    assert quick_condition("start_time", "> 2h", is_number=False).startswith("start_time < 1")


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("metrics.f1", "> x"),
        ("duration", "> 3 moons"),
        ("start_time", "soon"),
        ("start_time", "2026-13-01"),
        ("start_time", "9999-12-31"),
        ("start_time", f"< {'9' * 400}d"),
    ],
)
def test_what_means_nothing(column, text):
    """Is refused with the value."""
    with pytest.raises(InvalidValue, match=r"x|moons|soon|2026-13-01|9999"):
        quick_condition(column, text, is_number=False)
