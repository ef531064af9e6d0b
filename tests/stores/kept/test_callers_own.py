"""What a store has answered is the caller's own: changing it changes no other answer."""

from __future__ import annotations

import pytest

from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.records.runs import Run, RunQuery
from nbtrack.records.tags import PARENT_TAG
from nbtrack.stores.local.duckdb import DuckDBStore


@pytest.fixture
def filled(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> DuckDBStore:
    """A parent and its child, each with a param, a tag, a dataset, models and points."""
    monkeypatch.setattr("nbtrack.stores.local.signs.TICK_SECONDS", 0.0)
    for run in ("parent", "child"):
        text = lines.run_line(run, t=now_us(), status="FINISHED", start_us=now_us())
        text += lines.param_line(run, "lr", "0.1", t=now_us())
        text += lines.tag_line(run, "team", "red", t=now_us())
        text += lines.input_line(run, t=now_us(), name="iris", context="train")
        text += lines.model_link_line(run, "m-1", "input", t=now_us())
        text += lines.model_link_line(run, "m-2", "output", t=now_us())
        for step in range(3):
            text += lines.metric_line(run, "loss", 1.0, step=step, t=now_us())
        store.append(text)
    store.append(lines.tag_line("child", PARENT_TAG, "parent", t=now_us()))
    store.fold()
    return store


def spoil(run: Run) -> None:
    data, inputs = run.data, run.inputs.dataset_inputs
    for values in (data.params, data.metrics, data.tags):
        values.clear()
    for each in inputs:
        each.tags.clear()
    inputs.clear()
    run.inputs.model_inputs.clear()
    run.outputs.model_outputs.clear()


def test_runs_of_a_page(filled: DuckDBStore) -> None:
    """Of the first one, which is read, and of the next ones."""
    pages = [filled.read_run_page(RunQuery(), folded=True)]
    wanted = repr(pages[0])
    for _ in range(2):
        spoil(pages[-1].runs[0])
        pages[-1].runs.clear()
        dict(pages[-1].children).clear()
        pages.append(filled.read_run_page(RunQuery(), folded=True))
        assert repr(pages[-1]) == wanted


def test_runs_of_a_search(filled: DuckDBStore) -> None:
    """The first one is of the file, the next ones are kept, and are the same."""
    query = RunQuery(filter_string="params.lr = '0.1'", order_by=("metrics.loss",), max_results=2)
    wanted = repr(filled.search_runs(query))
    assert "red" in wanted
    for _ in range(3):
        found = filled.search_runs(query)
        assert repr(found) == wanted
        spoil(found.pop())
    assert filled._kept._table is not None


def test_children(filled: DuckDBStore) -> None:
    """As those of a page."""
    wanted = repr(filled.read_child_runs("parent"))
    assert "red" in wanted
    for _ in range(3):
        found = filled.read_child_runs("parent")
        assert repr(found) == wanted
        spoil(found.pop())


def test_series_and_points(filled: DuckDBStore) -> None:
    """The lists of a curve too."""
    for _ in range(3):
        (found,) = filled.read_series(["child"], ["loss"], x="step")
        assert (found.x, found.last) == ([0, 1, 2], [1.0, 1.0, 1.0])
        for numbers in (found.x, found.low, found.high, found.last):
            numbers.clear()
        points = filled.read_metrics("child", "loss")
        assert len(points) == 3
        points.clear()


def test_columns(filled: DuckDBStore) -> None:
    """Their lists, and the dicts that these are in."""
    for _ in range(3):
        found = filled.search_run_columns(RunQuery())
        assert [info.run_id for info in found.infos] == ["child", "parent"]
        assert found.params == {"lr": ["0.1", "0.1"]}
        assert found.metrics == {"loss": [1.0, 1.0]}
        assert found.tags["team"] == ["red", "red"]
        for values in (found.params["lr"], found.metrics["loss"], found.tags["team"]):
            values.clear()
        for kind in (found.params, found.metrics, found.tags):
            kind.clear()
        found.infos.clear()


def test_values(filled: DuckDBStore) -> None:
    """Of runs as points."""
    for _ in range(3):
        found = filled.read_run_values(RunQuery(), ["params.lr", "metrics.loss"])
        assert found.columns == {"params.lr": ["0.1", "0.1"], "metrics.loss": [1.0, 1.0]}
        for values in found.columns.values():
            values.clear()
        found.run_ids.clear()
