"""What was logged to a run and its children: the same from journal lines and from the database."""

from __future__ import annotations

import math

import pytest

from nbtrack.journal import lines
from nbtrack.records.tags import BEST_CHILD_TAG, CANDIDATE_TAG, PARENT_TAG
from nbtrack.records.traces import SPARK_POINTS
from nbtrack.stores.local import trace
from nbtrack.stores.local.duckdb import MOST_TRACED_BYTES
from nbtrack.stores.local.trace import trace_of_lines
from nbtrack.stores.opening import open_store

RUN, CHILD, OTHER = "a" * 32, "b" * 32, "c" * 32

FAMILY = "".join(
    [
        lines.run_line(RUN, t=1, name="parent", status="RUNNING", start_us=1, experiment_id="0"),
        lines.param_line(RUN, "lr", "0.1", t=2, is_inferred=True),
        lines.param_line(RUN, "lr", "0.2", t=3),
        lines.metric_line(RUN, "loss", 0.1, step=2, t=5),
        lines.points_lines(
            RUN, "loss", lines.Points([0.5, math.nan, 7.0, 8.0], [1, 0, -1, -2], [6, 4, 4, 4])
        ),
        lines.artifact_line(RUN, "a.txt", "0" * 64, size=1, t=7),
        lines.artifact_line(RUN, "b.txt", "0" * 64, size=1, t=7),
        lines.artifact_line(RUN, "b.txt", None, size=None, t=8),
        lines.run_line(CHILD, t=4, name="child", status="FAILED", start_us=4, experiment_id="0"),
        lines.tag_line(CHILD, "mlflow.parentRunId", RUN, t=4),
        lines.metric_line(CHILD, "f1", math.inf, step=0, t=5),
        lines.run_line(OTHER, t=4, name="other", status="FINISHED", start_us=4, experiment_id="0"),
        lines.metric_line(OTHER, "f1", 1.0, step=0, t=5),
    ]
)


@pytest.fixture
def store(tmp_path):
    made = open_store(str(tmp_path / "project"))
    yield made
    made.close()


@pytest.mark.parametrize("source", ["lines", "journal", "database"])
def test_a_run_and_its_children(store, source):
    """Latest values by step, explicit params over inferred ones, children with their status."""
    if source == "lines":
        found = trace_of_lines(FAMILY, RUN)
    else:
        since = store.position()
        store.append(FAMILY)
        read = {"journal": lambda: store.trace_written(RUN, since)}
        found = read.get(source, lambda: store.trace_run(RUN))()

    assert (found.name, found.status, found.params) == ("parent", "RUNNING", {"lr": "0.2"})
    assert found.values() == {"loss": 0.1}
    assert [*map(repr, found.metrics["loss"].series)] == ["8.0", "7.0", "nan", "0.5", "0.1"]
    assert found.metrics["loss"].count == 5
    assert found.artifacts == {"a.txt"}
    assert [(c.name, c.status, c.values()) for c in found.children.values()] == [
        ("child", "FAILED", {"f1": math.inf})
    ]


@pytest.mark.parametrize("source", ["lines", "database"])
def test_a_long_series_is_thinned(store, source):
    """Few points, in order, the last one among them; the count is of all."""
    text = lines.run_line(RUN, t=1, name="r", status="RUNNING", start_us=1, experiment_id="0")
    text += "".join(lines.metric_line(RUN, "loss", float(i), step=i, t=i) for i in range(1, 1001))
    store.append(text)
    found = trace_of_lines(text, RUN) if source == "lines" else store.trace_run(RUN)
    metric = found.metrics["loss"]

    assert (metric.count, len(metric.series), metric.latest) == (1000, SPARK_POINTS, 1000.0)
    assert metric.series == sorted(metric.series)


def test_damaged_lines_cost_themselves_only():
    """Text that is no line of ours is passed over."""
    assert trace_of_lines("{torn\nnull\n[1]\n" + FAMILY, RUN).values() == {"loss": 0.1}


def test_much_text_is_left_to_the_database(store):
    """Parsing here would take longer than a look at the database."""
    since = store.position()
    line = lines.metric_line(RUN, "m", 0.0, step=0, t=1)
    few = MOST_TRACED_BYTES // len(line)
    store.append(line * few)
    assert store.trace_written(RUN, since).metrics["m"].count == few
    store.append(line)

    assert store.trace_written(RUN, since) is None


SEARCH = FAMILY + "".join(
    lines.run_line(
        str(row) * 32, t=5, name=f"C={row}", status=status, start_us=4, experiment_id="0"
    )
    + lines.tag_line(str(row) * 32, PARENT_TAG, RUN, t=5)
    + lines.tag_line(str(row) * 32, CANDIDATE_TAG, str(row), t=5)
    + lines.metric_line(str(row) * 32, "mean_test_score", row / 10, step=0, t=5)
    for row, status in enumerate(["FINISHED", "FAILED", "FINISHED", "FINISHED"])
)


@pytest.mark.parametrize("best", ["2" * 32, None])
def test_of_many_candidates_the_best_is_read_and_the_others_are_counted(store, monkeypatch, best):
    """Other children are read as ever; where no search says which is best, none is picked."""
    monkeypatch.setattr(trace, "MOST_CANDIDATES", 3)
    store.append(SEARCH + (lines.tag_line(RUN, BEST_CHILD_TAG, best, t=6) if best else ""))
    found = store.trace_run(RUN)

    read = {"child": {"f1": math.inf}} | ({"C=2": {"mean_test_score": 0.2}} if best else {})
    assert {child.name: child.values() for child in found.children.values()} == read
    assert (found.uncounted, found.uncounted_failed) == (3 if best else 4, 1)
    assert found.best_child == best


@pytest.mark.parametrize("source", ["lines", "database"])
def test_few_candidates_are_all_read(store, source):
    """And known as what they are."""
    store.append(SEARCH)
    found = trace_of_lines(SEARCH, RUN) if source == "lines" else store.trace_run(RUN)
    kinds = {child.name: child.is_candidate for child in found.children.values()}

    assert kinds == {"child": False, "C=0": True, "C=1": True, "C=2": True, "C=3": True}
    assert found.uncounted == 0


def test_a_segment_that_went_away(store):
    """What it held may be folded: only the database knows."""
    assert store.trace_written(RUN, {"gone-0.jsonl": 10}) is None


@pytest.mark.parametrize("separator", ["\u2028", "\x85", "\x0b", "\r"])
def test_a_value_may_hold_what_some_take_for_the_end_of_a_line(separator):
    """Only a newline ends a line."""
    text = lines.param_line(RUN, "note", f"a{separator}b", t=1)
    assert trace_of_lines(text, RUN).params == {"note": f"a{separator}b"}
