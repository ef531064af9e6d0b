"""Filters run as real SQL in a real DuckDB, over five runs."""

from __future__ import annotations

import operator
import random

import pytest

from nbtrack.stores.filters.boolean_grammar import MAX_COMPARISONS, MAX_DEPTH
from nbtrack.stores.filters.clauses import experiment_filter, run_filter
from tests.support.search_tables import (
    METRICS,
    NOON,
    PARAMS,
    RUNS,
    Search,
    matching,
    open_search_tables,
)

ALL = "abcde"


@pytest.fixture(scope="module")
def sql():
    with open_search_tables() as connection:
        yield connection


@pytest.fixture
def search(sql) -> Search:
    return lambda text: matching(sql, run_filter(text))


@pytest.fixture
def search_experiments(sql) -> Search:
    return lambda text: matching(
        sql, experiment_filter(text), of="current.experiments e", show="e.experiment_id"
    )


@pytest.mark.parametrize("text", [None, "", "  ", "\n\t"])
def test_an_empty_filter_restricts_nothing(search, text):
    """No text, no condition."""
    assert search(text) == ALL


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metrics.f1 > 0.9", "a"),
        ("metrics.f1 >= 0.85", "ab"),
        ("metrics.f1 < .9", "bd"),
        ("metrics.f1 <= -1.5", "d"),
        ("metrics.f1=0.95", "a"),
        ("metrics.f1 == 0.95", "a"),
        ("metrics.f1 != 0.95", "bde"),
        ("metrics.f1 <> 0.95", "bde"),
        ("metrics.f1 > -15e-1", "ab"),
        ("metrics.f1 >+0.9", "a"),
        ("metrics.f1 IN (0.95, -1.5)", "ad"),
        ("metrics.f1 not in (0.95, -1.5)", "be"),
        ("metrics.f1 IS NULL", "c"),
        ("metrics.f1 is  not\nnull", "abde"),
        ("metrics.val/loss > 0", "ab"),
        ("metrics.absent != 1", ""),
    ],
)
def test_metrics_compare_as_numbers(search, text, expected):
    """A run without the metric matches no comparison."""
    assert search(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metrics.f1 = NaN", "e"),
        ("metrics.f1 != nan", "abd"),
        ("metrics.f1 in (nan, 0.95)", "ae"),
        ("metrics.f1 > -inf", "abd"),
        ("metrics.f1 >= 0", "ab"),
        ("metrics.f1 < inf", "abd"),
        ("metrics.val/loss = inf", "b"),
        ("metrics.val/loss = +Infinity", "b"),
        ("metrics.val/loss <= -inf", "c"),
        ("metrics.val/loss < 1e999", "ac"),
    ],
)
def test_nan_equals_only_nan_and_is_never_larger(search, text, expected):
    """DuckDB counts NaN as the largest number; a filter must not."""
    assert search(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("params.model = 'SVC'", "a"),
        ('param.model = "SVC"', "a"),
        ("parameters.model != 'SVC'", "bcde"),
        ("parameter.model LIKE 'S%'", "a"),
        ("params.model ILIKE 's%'", "ac"),
        ("params.model LIKE '_vc'", "c"),
        ("params.model NOT LIKE '%S%'", "bcde"),
        ("params.model not ilike '%s%'", "e"),
        ("params.model IN ('SVC', 'svc',)", "ac"),
        ("params.model NOT IN ('SVC', 'svc')", "bde"),
        ("params.model > 'SVC'", "cd"),
        ("params.model = 'it''s'", "d"),
        (r"params.model = 'it\'s'", "d"),
        ('params.model = "it\'s"', "d"),
        (r"params.model = 'C:\x'", "e"),
        ("params.absent IS NULL", ALL),
        ("params.lr IS NOT NULL", "abcd"),
        ("params.lr IN ('10')", "c"),
    ],
)
def test_params_compare_as_text(search, text, expected):
    """Quotes mean text, to the letter; LIKE minds case, ILIKE does not."""
    assert search(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("params.lr < 0.1", "ab"),
        ("params.lr >= 0.01", "bc"),
        ("params.depth = 10", "ac"),
        ("params.depth != 10", "be"),
        ("params.lr != 10", "abd"),
        ("params.depth IN (8, 10)", "abc"),
        ("params.lr NOT IN (10, 0.01)", "ad"),
        ("params.depth > 0", "abc"),
        ("params.depth = nan", "e"),
        ("tags.team = 5", ""),
    ],
)
def test_an_unquoted_number_compares_params_as_numbers(search, text, expected):
    """1e-3 is below 0.01 and 10.0 is 10; text that is no number differs from every number."""
    assert search(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metrics.`f1 score` > 0", "a"),
        ('metrics."f1 score" > 0', "a"),
        ("metrics.'f1 score' > 0", "a"),
        ("`metrics`.`f1 score` > 0", "a"),
        ("`metrics`.f1 > 0.9", "a"),
        ('metrics.`odd "``key` < 1', "b"),
        (r'metrics."odd \"`key" < 1', "b"),
        ("params.`learning rate` = '0.5'", "b"),
        ("tags.mlflow.source.name = 'nb.ipynb'", "a"),
        ("tags.`mlflow.source.name` = 'nb.ipynb'", "a"),
        ("tag.team LIKE '100%'", "c"),
        ("METRICS.f1 > 0.9", "a"),
        ("metrics.F1 > 0.9", ""),
    ],
)
def test_keys_may_be_quoted(search, text, expected):
    """Names with blanks and quotes stand in backticks or quotes; only prefixes ignore case."""
    assert search(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("status = 'FINISHED'", "ad"),
        ("attributes.status != 'FINISHED'", "bce"),
        ("attribute.status IN ('FAILED', 'KILLED')", "be"),
        ("attr.run_id = 'a'", "a"),
        ("run.run_id NOT IN ('a', 'b')", "cde"),
        ("`run_id` = 'a'", "a"),
        ("run_name LIKE 'SVC%'", "a"),
        ("attributes.`Run name` = 'it''s 100%'", "d"),
        ("\"run name\" ilike 'é%'", "e"),
        ("run_name != 'SVC C=10'", "bde"),
        ("run_name IS NULL", "c"),
        ("user_id = 'ada' and lifecycle_stage = 'active' and experiment_id = '1'", ALL),
        ("artifact_uri = '/r/b'", "b"),
        ("duration > 10", "ad"),
        ("duration = 0.25", "e"),
        ("duration IS NULL", "c"),
    ],
)
def test_attributes_of_a_run(search, text, expected):
    """Every attribute, with each of its prefixes or none."""
    assert search(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"start_time = {NOON}", "a"),
        (f"created > {NOON}", "bcde"),
        (f"attributes.Created <= {NOON}", "a"),
        (f"start_time < {NOON}.5", "a"),
        (f"start_time in ({NOON}, 5)", "a"),
        (f"end_time = {NOON + 14_500}", "a"),
        ("end_time is null", "c"),
        ("start_time >= '2026-03-02'", "e"),
        ("start_time < '2026-03-01T13:00'", "a"),
        ("start_time = '2026-03-01 12:00'", "a"),
        ("start_time = '2026-03-01T13:00+01:00'", "a"),
        ("start_time > '2026-03-01T12:00:00.0005'", "bcde"),
        (f"start_time < {'9' * 18}", ALL),
        (f"start_time < {'9' * 5000}", ALL),
        (f"start_time < -{'9' * 30}", ""),
    ],
)
def test_times_are_utc_milliseconds_or_dates(search, text, expected):
    """The store keeps microseconds; a filter never shows it."""
    assert search(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("datasets.name = 'iris'", "ab"),
        ("dataset.digest = 'd2'", "a"),
        ("datasets.context LIKE 't%'", "a"),
        ("datasets.name IN ('wine', 'x') and datasets.name = 'iris'", "a"),
        ("datasets.context IS NOT NULL", "a"),
        ("datasets.context IS NULL", "bcde"),
        ("datasets.name != 'iris'", "a"),
    ],
)
def test_one_matching_dataset_is_enough(search, text, expected):
    """A run matches if any of its datasets does."""
    assert search(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metrics.f1 > 0.9 and status = 'FINISHED'", "a"),
        ("metrics.f1 > 0.9 OR params.model = 'svc'", "ac"),
        ("status = 'KILLED' or status = 'FINISHED' and metrics.f1 > 0", "ae"),
        ("(status = 'KILLED' or status = 'FINISHED') and metrics.f1 > 0", "a"),
        ("not metrics.f1 > 0.9", "bcde"),
        ("not metrics.f1 != 0.95", "ac"),
        ("NOT (run_name LIKE 'SVC%')", "bcde"),
        ("not duration > 10", "bce"),
        ("not params.absent = 'x'", ALL),
        ("not status = 'FINISHED' and metrics.f1 > 0", "b"),
        ("not not metrics.f1 > 0.9", "a"),
        ("((((status='FAILED'))))", "b"),
        ("not(run_id='a')and not(run_id='b')", "cde"),
    ],
)
def test_or_not_and_parentheses(search, text, expected):
    """`not` binds tightest, then `and`, then `or`; a missing value makes a comparison false."""
    assert search(text) == expected


def test_values_and_keys_are_bound(search):
    """Nothing that a person typed between quotes reaches the SQL text."""
    clause = run_filter("params.`k'; drop table x; --` in ('v''; drop table x') or run_id = 'r''1'")

    assert not any(word in clause.sql for word in ("drop", "r'1", "k'"))
    bound = ["k'; drop table x; --", ["v'; drop table x"], "r'1"]
    assert sorted(map(str, clause.parameters.values())) == sorted(map(str, bound))


@pytest.mark.slow
def test_the_largest_filter_still_runs(search):
    """The limits of depth and length are ones that Python and DuckDB bear."""
    deep = "not (" * MAX_DEPTH + "metrics.f1 > 0.9" + ")" * MAX_DEPTH
    long = " and ".join(["metrics.f1 > 0.9"] * MAX_COMPARISONS)
    wide = " or ".join(["(metrics.f1 > 0.9)"] * (MAX_DEPTH + 1))

    assert search(deep) == "a"
    assert search(wide) == "a"
    assert search("not " * 5000 + "metrics.f1 > 0.9") == "a"
    assert search(long) == "a"


def test_a_long_list_is_one_value(search):
    """Thousands of ids in one IN are one bound list."""
    ids = ", ".join(f"'id{number}'" for number in range(5000))

    assert search(f"run_id in ({ids}, 'b')") == "b"
    assert search(f"run_id not in ({ids}, 'b')") == "acde"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name = 'churn'", "1"),
        ("attribute.name ILIKE '%d%'", "02"),
        ("experiment_id IN ('0', '2')", "02"),
        ("lifecycle_stage = 'active'", "01"),
        ("tags.team = 'red' or tag.rank < 10", "12"),
        ("not tags.team = 'red'", "02"),
        ("tags.team IS NULL", "0"),
        (f"creation_time > {NOON}", "12"),
        ("last_update_time <= '2026-03-01T12:00:01.500'", "0"),
    ],
)
def test_experiments_have_their_own_keys(search_experiments, text, expected):
    """Names, ids, times and tags of experiments."""
    assert search_experiments(text) == expected


ORDERED = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
COMPARE = {"=": operator.eq, "!=": operator.ne, **ORDERED}


@pytest.mark.slow
def test_random_filters_agree_with_plain_python(search):
    """Filters built at random select the runs that the same conditions select in Python."""
    dice = random.Random(7)
    for _ in range(100):
        text, expected = random_filter(dice, depth=3)

        assert search(text) == "".join(sorted(expected)), text


def random_filter(dice: random.Random, *, depth: int) -> tuple[str, set[str]]:
    choice = dice.choice(["metric", "param", "and", "or", "not"] if depth else ["metric", "param"])
    if choice in ("metric", "param"):
        return random_comparison(dice, choice)
    left, in_left = random_filter(dice, depth=depth - 1)
    if choice == "not":
        return f"NOT ({left})", {run[0] for run in RUNS} - in_left
    right, in_right = random_filter(dice, depth=depth - 1)
    return (
        f"({left}) {choice} ({right})",
        in_left & in_right if choice == "and" else in_left | in_right,
    )


def random_comparison(dice: random.Random, kind: str) -> tuple[str, set[str]]:
    sign = dice.choice(list(COMPARE))
    values: dict = METRICS["f1"] if kind == "metric" else PARAMS["model"]
    value = dice.choice([*values.values(), 0.5] if kind == "metric" else [*values.values(), "x"])
    if value != value:
        sign, value = "!=", 0.0
    shown = str(value) if kind == "metric" else "'" + value.replace("'", "''") + "'"
    key = "metrics.f1" if kind == "metric" else "params.model"
    return f"{key} {sign} {shown}", {r for r, v in values.items() if COMPARE[sign](v, value)}


@pytest.mark.parametrize(
    "text",
    [
        "status = 'finished'",
        "status IN ('Finished', 'x')",
        "attributes.status LIKE 'fin%'",
        "not status != 'finished'",
    ],
)
def test_a_status_is_asked_for_in_any_case(sql, text):
    """It is stored in capitals and printed in small letters."""
    assert matching(sql, run_filter(text)) == matching(sql, run_filter("status = 'FINISHED'"))
    assert matching(sql, run_filter(text)) != ""
