"""Each kind of line, written and folded, comes back the same through the public views."""

from __future__ import annotations

import json
import math
import random
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nbtrack.journal import lines
from nbtrack.journal.lines import POINTS_OF_LINE, Points
from nbtrack.stores.local.duckdb import DuckDBStore
from tests.support.begun_project import begun_project

RUN = "0123456789abcdef0123456789abcdef"
T = 1_772_366_400_123_456  # 2026-03-01T12:00:00.123456 UTC
HEADER = lines.experiment_line("7", t=T, name="churn", created_us=T) + lines.run_line(
    RUN, t=T, experiment_id="7", name="SVC", user_id="ada", status="RUNNING", start_us=T
)
MOMENT = "2026-03-01 12:00:00.123456"

# line(s), the query over the public views, the rows it must give
CASES: dict[str, tuple[str, str, list[tuple[Any, ...]]]] = {
    "run": (
        lines.run_line(RUN, t=T + 5_000_000, status="FINISHED", end_us=T + 2_500_000),
        "select run_id, run_name, experiment_id, experiment, status, start_time::varchar,"
        " duration_seconds, user_id, lifecycle_stage from runs",
        [(RUN, "SVC", "7", "churn", "FINISHED", MOMENT, 2.5, "ada", "active")],
    ),
    "run in a place of its own": (
        lines.run_line(RUN, t=T + 1, artifact_uri="/elsewhere/a", environment="e1"),
        "select artifact_uri, environment_digest, status, end_time from runs",
        [("/elsewhere/a", "e1", "RUNNING", None)],
    ),
    "deleted run": (
        lines.run_line(RUN, t=T + 1, lifecycle_stage="deleted"),
        "select lifecycle_stage, run_name from runs",
        [("deleted", "SVC")],
    ),
    "metric": (
        lines.metric_line(RUN, "loss", 0.1, step=3, t=T),
        "select run_id, key, value, step, timestamp::varchar from metrics",
        [(RUN, "loss", 0.1, 3, MOMENT)],
    ),
    "latest metric": (
        lines.metric_line(RUN, "loss", 0.1, step=3, t=T)
        + lines.metric_line(RUN, "loss", 0.2, step=1, t=T + 9),
        "select key, value, step from latest_metrics",
        [("loss", 0.1, 3)],  # the highest step, as in MLflow
    ),
    "infinite metric": (
        lines.metric_line(RUN, "loss", -math.inf, step=-1, t=T),
        "select value, step from metrics",
        [(-math.inf, -1)],
    ),
    "points": (
        lines.points_lines(
            RUN, "loss", Points([0.1, -math.inf, 0.0, 0.5], [3, -1, -2, -3], [T, T - 5, T, T])
        ),
        "select run_id, key, value, step, epoch_us(timestamp) from metrics"
        " order by step desc",
        [
            (RUN, "loss", 0.1, 3, T), (RUN, "loss", -math.inf, -1, T - 5),
            (RUN, "loss", 0.0, -2, T), (RUN, "loss", 0.5, -3, T),
        ],
    ),
    "param": (
        lines.param_line(RUN, "lr", "0.1", t=T),
        "select run_id, key, value, is_inferred from params",
        [(RUN, "lr", "0.1", False)],
    ),
    "inferred param": (
        lines.param_line(RUN, "lr", "0.1", t=T, is_inferred=True),
        "select key, value, is_inferred from params",
        [("lr", "0.1", True)],
    ),
    "explicit param before an inferred one": (
        lines.param_line(RUN, "lr", "1", t=T)
        + lines.param_line(RUN, "lr", "2", t=T + 1, is_inferred=True),
        "select value, is_inferred from params",
        [("1", False)],
    ),
    "param logged again": (
        lines.param_line(RUN, "lr", "1", t=T) + lines.param_line(RUN, "lr", "2", t=T + 1),
        "select value from params",
        [("2",)],
    ),
    "empty param": (lines.param_line(RUN, "p", "", t=T), "select value from params", [("",)]),
    "tag": (
        lines.tag_line(RUN, "team", "red", t=T),
        "select run_id, key, value from tags",
        [(RUN, "team", "red")],
    ),
    "removed tag": (
        lines.tag_line(RUN, "team", "red", t=T) + lines.tag_line(RUN, "team", None, t=T + 1),
        "select * from tags",
        [],
    ),
    "parent": (
        lines.tag_line(RUN, "mlflow.parentRunId", "f" * 32, t=T),
        "select parent_run_id from runs",
        [("f" * 32,)],
    ),
    "artifact": (
        lines.artifact_line(RUN, "plots/a b.png", "ab12", size=5_000_000_000, t=T),
        "select run_id, path, size, sha256, logged_at::varchar from artifacts",
        [(RUN, "plots/a b.png", 5_000_000_000, "ab12", MOMENT)],
    ),
    "removed artifact": (
        lines.artifact_line(RUN, "a", "ab12", size=1, t=T)
        + lines.artifact_line(RUN, "a", None, size=None, t=T + 1),
        "select * from artifacts",
        [],
    ),
    "cell": (
        lines.cell_line(
            RUN, t=T, source="x = 1\n'é'", sha256="cd", execution_count=4, cell_id=None,
            notebook="a.ipynb", kernel_started=T, lineage="l", attempt=2, position=3,
            cpu_seconds=0.25, peak_memory_bytes=1 << 40,
        ),
        "select run_id, source, sha256, execution_count, cell_id, notebook, lineage, attempt,"
        " position, kernel_started::varchar, cpu_seconds, peak_memory_bytes from cells",
        [(RUN, "x = 1\n'é'", "cd", 4, None, "a.ipynb", "l", 2, 3, MOMENT, 0.25, 1 << 40)],
    ),
    "cell told in two lines": (
        lines.cell_line(RUN, t=T, source="x", attempt=1)
        + lines.cell_line(RUN, t=T + 1, error="ValueError"),
        "select source, attempt, error from cells",
        [("x", 1, "ValueError")],
    ),
    "input": (
        lines.input_line(
            RUN, t=T, name="iris", digest="d1", source_type="local", source="{}", context="train",
            schema='{"a": 1}', tags="{}",
        ),
        "select run_id, name, digest, source_type, context, schema, logged_at::varchar from inputs",
        [(RUN, "iris", "d1", "local", "train", '{"a": 1}', MOMENT)],
    ),
    "environment": (
        lines.environment_line("e1", {"python": "3.11", "packages": {"a": "1"}}, t=T) * 2,
        "select digest, content->>'python', content->'packages'->>'a', first_seen::varchar"
        " from environments",
        [("e1", "3.11", "1", MOMENT)],
    ),
    "experiment": (
        lines.experiment_line("7", t=T + 1, name="churn", created_us=T + 1),
        "select experiment_id, name, lifecycle_stage, creation_time::varchar from experiments"
        " where experiment_id <> '0'",
        [("7", "churn", "active", MOMENT)],
    ),
    "renamed and deleted experiment": (
        lines.experiment_line("7", t=T + 1, renamed="loss")
        + lines.experiment_line("7", t=T + 2, lifecycle_stage="deleted")
        + lines.experiment_line("7", t=T + 3, name="churn", created_us=T + 3),
        "select name, lifecycle_stage from experiments where experiment_id <> '0'",
        [("loss", "deleted")],
    ),
    "close": (lines.CLOSE_LINE, "select * from bad_lines", []),
    "unknown kind": (
        '{"k":"hologram","t":1}\n',
        "select line from bad_lines",
        [('{"k":"hologram","t":1}',)],
    ),
}  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    opened = DuckDBStore(begun_project(tmp_path / ".nbtrack"))
    yield opened
    opened.close()


@pytest.mark.parametrize(("text", "query", "rows"), CASES.values(), ids=CASES)
def test_a_line_comes_back_the_same(store: DuckDBStore, text: str, query: str, rows: Any) -> None:
    """From the journal, from the database, and with its run in the one and itself in the other."""
    store.append(HEADER + text)
    assert rows_of(store, query) == rows
    store.fold()
    assert rows_of(store, query) == rows


@pytest.mark.parametrize(("text", "query", "rows"), CASES.values(), ids=CASES)
def test_a_line_is_understood_before_its_run(
    store: DuckDBStore, text: str, query: str, rows: Any
) -> None:
    """No line depends on another one: another process may tell of the run later."""
    store.append(text)
    store.fold()
    store.append(HEADER)
    assert rows_of(store, query) == rows


def test_an_experiment_tag_comes_back_and_goes(store: DuckDBStore) -> None:
    """Set, changed and removed."""
    store.append(HEADER + lines.experiment_tag_line("7", "team", "red", t=T))
    assert store.get_experiment("7").tags == {"team": "red"}
    store.append(lines.experiment_tag_line("7", "team", "blue", t=T + 1))
    store.fold()
    assert store.get_experiment("7").tags == {"team": "blue"}
    store.append(lines.experiment_tag_line("7", "team", None, t=T + 2))
    assert store.get_experiment("7").tags == {}


def test_every_line_is_one_line_of_json() -> None:
    """Whatever is in the values: a line break in a param would make two lines of it."""
    texts = [text for text, _, _ in CASES.values()] + [lines.param_line(RUN, "p", "a\nb\r", t=T)]
    for text in texts:
        assert text.endswith("\n")
        assert all(isinstance(json.loads(line), dict) for line in text.splitlines())


OTHER = "b" * 32
_POINTS = "select value, step, epoch_us(timestamp) from metrics"
ODD = [0.1, -0.0, 5e-324, 1.7976931348623157e308, 1e22, math.pi, math.inf, -math.inf, math.nan]


@pytest.mark.parametrize("count", [1, 4, POINTS_OF_LINE, 5 * POINTS_OF_LINE + 1])
def test_lines_of_many_points_say_the_same_as_a_line_each(store: DuckDBStore, count: int) -> None:
    """Whatever the numbers are, to the last bit: each line alone, and as the tables have it."""
    chance = random.Random(count)
    of_bits = (struct.unpack("<d", chance.randbytes(8))[0] for _ in range(count))
    values = [chance.choice(ODD) if chance.random() < 0.3 else each for each in of_bits]
    steps = [chance.randrange(-(2**63) + 1, 2**63) for _ in range(count)]
    times = [chance.randrange(-(2**57), 2**57) for _ in range(count)]
    many = lines.points_lines(RUN, 'k"ey', Points(values, steps, times))
    each = map(Points, zip(values), zip(steps), zip(times))
    single = "".join(lines.points_lines(OTHER, 'k"ey', point) for point in each)

    assert len(many.splitlines()) == -(-count // POINTS_OF_LINE)
    store.append(HEADER + many + single)
    for _ in range(2):
        for run_id in (RUN, OTHER):
            found = rows_of(store, f"{_POINTS} where key = 'k\"ey' and run_id = '{run_id}'")
            assert exact(found) == exact(zip(values, steps, times))
        store.fold()


def test_points_that_are_not_of_one_length_are_no_line() -> None:
    """It would be kept as damaged, with all that is in it."""
    for count in (3, 9):
        with pytest.raises(ValueError, match=r"zip|Points of 'loss' have"):
            lines.points_lines(RUN, "loss", Points([0.5] * count, [1], [T] * count))


def exact(points: Iterable[tuple[float, int, int]]) -> list[tuple[Any, ...]]:
    return sorted((struct.pack("<d", v) if v == v else b"nan", s, t) for v, s, t in points)


def rows_of(store: DuckDBStore, query: str) -> list[tuple[Any, ...]]:
    with store._snapshots.open() as connection:
        return connection.execute(query).fetchall()
