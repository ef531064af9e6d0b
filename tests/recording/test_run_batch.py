"""Many finished runs in one write: the same lines, and each run whole or not at all."""

from __future__ import annotations

import json
from math import inf, isnan, nan

import pytest

import nbtrack
from nbtrack.errors import InvalidValue, RunDeleted
from nbtrack.journal import lines
from nbtrack.journal.writing import Journal
from nbtrack.recording.run_batch import FinishedRun, log_finished_children, number_texts
from nbtrack.records.runs import RunQuery, RunStatus
from nbtrack.stores.local.duckdb import DuckDBStore

KEYS = ["loss", "score"]


pytestmark = pytest.mark.usefixtures("project")


def finished(**facts):
    given = {
        "name": "trial",
        "status": RunStatus.FINISHED,
        "start_us": 1_000_000,
        "end_us": 2_000_000,
        "metrics": number_texts([0.5, 1.0]),
        "params": {"C": "1"},
        "shared_params": {"kernel": "rbf"},
        "tags": {"kind": "trial"},
    }
    return FinishedRun(**{**given, **facts})


def written(parent, runs, **tags):
    return log_finished_children(parent, runs, metric_keys=KEYS, tags=tags)


def journal_of(project):
    return "".join(file.read_text() for file in sorted((project / "journal").glob("*.jsonl")))


def test_runs_are_read_back_as_they_were_written():
    """Params, shared ones too, metrics, tags, status and times; children of their parent."""
    with nbtrack.start_run() as parent:
        ids = written(parent, [finished(name="a"), finished(status=RunStatus.FAILED)], team="x")

    first, second = (nbtrack.MlflowClient().get_run(run_id) for run_id in ids)
    assert first.info.run_name == "a"
    assert (first.info.start_time, first.info.end_time) == (1000, 2000)
    assert first.data.params == {"C": "1", "kernel": "rbf"}
    assert first.data.metrics == {"loss": 0.5, "score": 1.0}
    assert first.data.tags["mlflow.parentRunId"] == parent.run_id
    assert first.data.tags["kind"] == "trial"
    assert first.data.tags["team"] == "x"
    assert (first.info.status, second.info.status) == ("FINISHED", "FAILED")
    assert first.info.artifact_uri == parent.artifact_uri.replace(parent.run_id, ids[0])


def test_lines_are_those_of_one_run(project):
    """What is copied from run to run is, line by line, what the ordinary verbs write."""
    nasty = 'a "quoted" 50% %s \\ \n é \u2028'
    with nbtrack.start_run() as parent:
        (run_id,) = written(
            parent,
            [
                finished(
                    name=nasty, params={"p": nasty}, shared_params={"q": nasty}, tags={"t": nasty}
                )
            ],
        )

    own = [line for line in journal_of(project).split("\n") if f'"r":"{run_id}"' in line]
    t = json.loads(own[0])["t"]
    expected = {
        lines.param_line(run_id, "p", nasty, t=t),
        lines.param_line(run_id, "q", nasty, t=t),
        lines.tag_line(run_id, "t", nasty, t=t),
        lines.tag_line(run_id, "mlflow.runName", nasty, t=t),
        lines.metric_line(run_id, "loss", 0.5, step=0, t=t),
        lines.metric_line(run_id, "score", 1.0, step=0, t=t),
    }
    assert expected <= {f"{line}\n" for line in own}
    assert json.loads(own[-1])["k"] == "run"


def test_a_torn_batch_shows_no_half_run(project, tmp_path):
    """Wherever a write is cut off: what is there of a run is all of it, or is not seen."""
    with nbtrack.start_run() as parent:
        ids = written(parent, [finished(name=str(n)) for n in range(2)])
        text = journal_of(project)
    assert all(run_id in text for run_id in ids)

    places = range(text.index(ids[0]), len(text) + 1, 211)
    for place in [*places, len(text)]:
        runs = {
            run.info.run_id: run for run in runs_of_another(tmp_path / str(place), text[:place])
        }
        for run in (runs[run_id] for run_id in ids if run_id in runs):
            assert run.data.params == {"C": "1", "kernel": "rbf"}
            assert run.data.metrics == {"loss": 0.5, "score": 1.0}
            assert run.data.tags["kind"] == "trial"
    assert set(ids) <= set(runs)


def runs_of_another(folder, text):
    """What a reader sees of a project whose only journal holds *text*."""
    store = DuckDBStore(folder)
    journal = Journal(folder / "journal")
    journal.append(text)
    try:
        return store.search_runs(RunQuery())
    finally:
        journal.close()
        store.close()


def test_what_is_not_finite_stays_what_it_is():
    """JSON has no NaN."""
    with nbtrack.start_run() as parent:
        ids = written(parent, [finished(metrics=number_texts([nan, -inf]))])

    found = nbtrack.MlflowClient().get_run(ids[0]).data.metrics
    assert isnan(found["loss"])
    assert found["score"] == -inf


def test_thousands_take_several_writes(project):
    """None is lost between two writes."""
    with nbtrack.start_run() as parent:
        ids = written(parent, (finished(name=f"trial {n}") for n in range(3000)))

    found = nbtrack.search_runs(output_format="list", max_results=5000)
    names = {run.info.run_id: run.info.run_name for run in found}
    assert [names[run_id] for run_id in ids] == [f"trial {n}" for n in range(3000)]


def test_artifacts_of_children_go_where_the_experiment_keeps_them(tmp_path):
    """An experiment may have a place of its own."""
    location = str(tmp_path / "50%s elsewhere")
    experiment_id = nbtrack.create_experiment("far", artifact_location=location)
    with nbtrack.start_run(experiment_id=experiment_id) as parent:
        (run_id,) = written(parent, [finished()])

    child = nbtrack.MlflowClient().get_run(run_id).info
    assert child.experiment_id == experiment_id
    assert child.artifact_uri == parent.artifact_uri.replace(parent.run_id, run_id)


def test_a_deleted_parent_and_a_wrong_key_are_refused():
    """As for every other way to log; nothing is written."""
    with nbtrack.start_run() as parent:
        with pytest.raises(InvalidValue, match="no key!"):
            log_finished_children(parent, [finished()], metric_keys=["no key!"] * 2, tags={})
        with pytest.raises(InvalidValue, match="tag"):
            written(parent, [finished(tags={"no key!": "x"})])
        nbtrack.delete_run(parent.run_id)
        with pytest.raises(RunDeleted):
            written(parent, [finished()])
    assert nbtrack.search_runs(output_format="list") == []
