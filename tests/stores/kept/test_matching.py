"""Filters and orders over what is kept find what DuckDB finds, in the same order."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from nbtrack.errors import InvalidFilter
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.records.runs import RunQuery, ViewType
from nbtrack.stores.kept import kept_runs
from nbtrack.stores.kept.matching import read_filter
from nbtrack.stores.local.duckdb import DuckDBStore
from nbtrack.stores.queries import run_queries, run_values
from tests.support.begun_project import begun_project

NUMBERS = [0.5, -0.5, 0.0, float("nan"), float("inf"), float("-inf"), 1e300, 3, None, None]
TEXTS = ["1", "1.0", "1e-3", "abc", "ABC", "", " 5 ", "1_000", "nan", "inf", "ünï", "10", None]
STATUSES = ["RUNNING", "FINISHED", "FAILED", "SCHEDULED", "KILLED"]
NOON = 1_772_366_400_000_000  # 2026-03-01T12:00 UTC, in microseconds


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBStore]:
    """Forty runs, some folded and some not, with odd values of everything."""
    store = DuckDBStore(begun_project(tmp_path_factory.mktemp("matching") / ".nbtrack"))
    numbers, texts, tags = map(itertools.cycle, (NUMBERS, TEXTS, TEXTS[::-1]))
    for n in range(40):
        text = lines.run_line(
            f"run{n}", t=now_us(), status=STATUSES[n % 5], name=f"name {n % 7}" if n % 3 else None,
            experiment_id=str(n % 2), user_id="ada" if n % 4 else None,
            start_us=None if n == 5 else NOON + (n // 2) * 1_000_777 - (n % 3) * 10**16,
            end_us=NOON + n * 3_333_333 if n % 5 else None,
            lifecycle_stage="deleted" if n % 11 == 0 else None,
        )  # fmt: skip
        if (number := next(numbers)) is not None:
            text += lines.metric_line(f"run{n}", "m", number, step=n, t=now_us())
        for key, line in (("p", lines.param_line), ("t", lines.tag_line)):
            if (value := next(texts if key == "p" else tags)) is not None:
                text += line(f"run{n}", key, value, t=now_us())
        store.append(text)
        if n == 20:
            store.fold()
    yield store
    store.close()


FILTERS = [
    None,
    "",
    *(
        f"metrics.m {o} {v}"
        for o in ("=", "!=", "<", "<=", ">", ">=")
        for v in ("0.5", "3", "-1e9")
    ),
    *(f"params.p {o} {v}" for o in ("=", "!=", "<", ">=") for v in ("1", "0.001", "'abc'", "''")),
    *(f"tags.t {o} ('1', 'abc', 'nan')" for o in ("IN", "NOT IN")),
    *(f"params.p {o} (1, 10, 1000)" for o in ("IN", "NOT IN")),
    *(f"metrics.m {o} (0.5, 3)" for o in ("IN", "NOT IN")),
    *(f"{k} IS {o}" for k in ("metrics.m", "params.p", "tags.t") for o in ("NULL", "NOT NULL")),
    *(f"{k} IS NOT NULL" for k in ("end_time", "run_name", "user_id", "metrics.none")),
    "metrics.m = nan",
    "metrics.m != nan",
    "metrics.m = inf",
    "params.none != 'x'",
    "not params.none != 'x'",
    "status = 'finished'",
    "status != 'Finished'",
    "status IN ('RUNNING', 'failed')",
    "run_id IN ('run3', 'run4', 'nobody')",
    "run_id = 'run3'",
    "run_id != 'run3'",
    "run_id NOT IN ('run3')",
    "run_name = 'name 1' or user_id = 'ada' and not (metrics.m > 0 or params.p = 'abc')",
    "not (not (run_name != 'name 2'))",
    "experiment_id = '1'",
    "duration > 2.5",
    "duration != 2.5",
    "start_time >= '2026-03-01'",
    "start_time < '2026-03-01T12:00:05.001'",
    "end_time > 1772366410000",
    "end_time = 1772366403333",
    "start_time NOT IN (1772366400000)",
    "lifecycle_stage = 'deleted'",
    "artifact_uri != ''",
    "params.p LIKE '1%'",
    "tags.t ILIKE 'abc'",
    "dataset.name = 'none'",
]
ORDERS = [
    (),
    ("metrics.m",),
    ("metrics.m DESC",),
    ("params.p",),
    ("params.p DESC", "metrics.m"),
    ("tags.t DESC",),
    ("status", "duration DESC"),
    ("start_time ASC",),
    ("end_time DESC",),
    ("run_name", "run_id DESC"),
    ("metrics.none", "params.none DESC"),
    ("user_id DESC", "experiment_id"),
]


def found(store: DuckDBStore, query: RunQuery) -> list[str]:
    return [info.run_id for info in store.search_run_columns(query).infos]


def found_by_duckdb(store: DuckDBStore, query: RunQuery) -> list[str]:
    with store._snapshots.open() as connection:
        return [info.run_id for info in run_queries.find_run_columns(connection, query).infos]


@pytest.fixture(scope="module")
def found_by_filter(filled: DuckDBStore) -> dict[str | None, list[str]]:
    queries = (RunQuery(filter_string=text, view_type=ViewType.ALL) for text in FILTERS)
    return {query.filter_string: found_by_duckdb(filled, query) for query in queries}


@pytest.fixture(params=[kept_runs.MOST_CELLS, 0])
def bounded(
    filled: DuckDBStore, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[DuckDBStore]:
    """With room for all keys, or only for those that were named."""
    monkeypatch.setattr(kept_runs, "MOST_CELLS", request.param)
    filled._kept.forget()
    yield filled
    filled._kept.forget()


def test_filters_find_what_duckdb_finds(
    bounded: DuckDBStore, found_by_filter: dict[str | None, list[str]]
) -> None:
    answered = 0
    for text, wanted in found_by_filter.items():
        query = RunQuery(filter_string=text, view_type=ViewType.ALL)
        assert found(bounded, query) == wanted, text
        assert bounded.count_runs(query) == len(wanted), text
        page = bounded.read_run_page(query, folded=False)
        assert [run.info.run_id for run in page.runs] == wanted, text
        answered += read_filter(text) is not None
    assert answered == len(FILTERS) - 3  # patterns and datasets are DuckDB's


@pytest.mark.parametrize("order", ORDERS)
def test_orders_are_those_of_duckdb(filled: DuckDBStore, order: tuple[str, ...]) -> None:
    """With NaN, text among numbers and what is missing; and page by page."""
    query = RunQuery(order_by=order, view_type=ViewType.ALL)
    wanted = found_by_duckdb(filled, query)
    assert found(filled, query) == wanted
    for n in range(0, 42, 7):
        page = RunQuery(order_by=order, offset=n, max_results=7, view_type=ViewType.ALL)
        assert found(filled, page) == wanted[n : n + 7]


@pytest.mark.parametrize("view_type", list(ViewType))
@pytest.mark.parametrize("experiments", [None, (), ("1",), ("0", "1"), ("7",)])
def test_scopes_are_those_of_duckdb(
    filled: DuckDBStore, view_type: ViewType, experiments: tuple[str, ...] | None
) -> None:
    """Deleted runs and experiments."""
    query = RunQuery(view_type=view_type, experiment_ids=experiments)
    assert found(filled, query) == found_by_duckdb(filled, query)


def test_columns_of_values_are_those_of_duckdb(filled: DuckDBStore) -> None:
    """For charts of runs as points."""
    columns = ["params.p", "metrics.m", "tags.t", "duration", "start_time", "status", "params.no"]
    query = RunQuery(order_by=("metrics.m",), max_results=20)
    kept = filled.read_run_values(query, columns)
    with filled._index.open(query) as connection:
        wanted = run_values.read_run_values(connection, query, columns)
    assert str(kept) == str(wanted)  # NaN is not equal to itself


@pytest.mark.parametrize(
    "text", ["metrics.m >", "metrics.m > 'x'", "nothing = 1", "params.p > '1'"]
)
def test_a_wrong_filter_is_refused_with_the_same_words(filled: DuckDBStore, text: str) -> None:
    """Every time, not only the first."""
    with pytest.raises(InvalidFilter) as wanted:
        found_by_duckdb(filled, RunQuery(filter_string=text))
    for _ in range(2):
        with pytest.raises(InvalidFilter) as raised:
            found(filled, RunQuery(filter_string=text))
        assert str(raised.value) == str(wanted.value)
