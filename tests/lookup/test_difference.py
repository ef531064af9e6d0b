"""What differs between runs, as read from a real project."""

from __future__ import annotations

import pytest

import nbtrack
from nbtrack.errors import InvalidValue, RunNotFound
from nbtrack.journal.lines import environment_line, now_us
from nbtrack.lookup.difference import difference
from nbtrack.recording.session import current_session
from nbtrack.records.runs import Dataset

pytestmark = pytest.mark.usefixtures("project")


def run_with(params=None, metrics=None, tags=None):
    with nbtrack.start_run(tags=tags) as run:
        nbtrack.log_params(params or {})
        nbtrack.log_metrics(metrics or {})
    return run.info.run_id


def compare(*run_ids, **options):
    return difference(current_session().store, run_ids, **options)


def test_params_that_differ_come_first():
    """A param that only one run has differs too."""
    ids = [run_with({"a": 1, "z": 2}), run_with({"a": 1, "z": 3, "extra": 0})]

    found = compare(*ids).params

    assert [(each.key, each.differs) for each in found] == [
        ("z", True),
        ("extra", True),
        ("a", False),
    ]
    assert found[1].values == [None, "0"]


def test_metrics_are_measured_from_the_baseline():
    """The baseline itself has no delta, nor has a run without the metric."""
    ids = [run_with(metrics={"f1": 0.5}), run_with(metrics={"f1": 0.75}), run_with()]

    found = compare(*ids, baseline=ids[1])

    assert found.baseline == 1
    assert found.metrics[0].deltas == [-0.25, None, None]


def test_equal_metrics_do_not_differ():
    """NaN equals NaN here: both say that nothing could be computed."""
    ids = [run_with(metrics={"x": float("nan")}), run_with(metrics={"x": float("nan")})]

    assert not compare(*ids).metrics[0].differs


def test_tags_of_the_trackers_are_left_out():
    """What was set by hand is compared, and the note."""
    ids = [run_with(tags={"team": "a", "mlflow.note.content": "good"}), run_with()]

    assert {each.key for each in compare(*ids).tags} == {"team", "note"}


def test_equal_digests_of_sampled_data_are_no_proof():
    """They are listed among what differs, and say why."""
    from nbtrack.panels.compare.content import data_words

    ids = []
    for _ in range(2):
        with nbtrack.start_run() as run:
            profile = '{"num_rows": 9, "sampled": true}'
            nbtrack.log_input(Dataset("table", "abc", "local", "{}", None, profile))
        ids.append(run.info.run_id)

    (found,) = compare(*ids).data

    assert found.differs
    assert data_words(str(found.values[0])) == "abc · 9 rows · sampled"


def test_data_differ_by_their_digest():
    """The same name with other rows is other data."""
    import pandas as pd

    ids = []
    for rows in ([1, 2], [1, 3]):
        with nbtrack.start_run() as run:
            frame = nbtrack.data.from_pandas(pd.DataFrame({"x": rows}), name="table")
            nbtrack.log_input(frame, context="training")
        ids.append(run.info.run_id)

    (found,) = compare(*ids).data

    assert found.key == "training table"
    assert found.differs


def test_environments_differ_package_by_package():
    """A run without a recorded environment has none of its facts."""
    ids = [run_with(), run_with()]
    store = current_session().store
    from nbtrack.journal import lines

    store.append(
        environment_line("d1", {"python_version": "3.12", "packages": {"numpy": "2.1"}}, t=now_us())
        + lines.run_line(ids[0], t=now_us(), environment="d1")
    )

    found = {each.key: each.values for each in compare(*ids).environment}

    assert found["numpy"] == ["2.1", None]
    assert found["python version"] == ["3.12", None]


def test_too_few_too_many_and_unknown_runs_are_refused():
    """Each with the value and the cure."""
    known = run_with()

    with pytest.raises(InvalidValue, match="choose 2 to 20"):
        compare(known, known)
    with pytest.raises(RunNotFound, match="nowhere"):
        compare(known, "nowhere")
    with pytest.raises(InvalidValue, match="baseline"):
        compare(known, run_with(), baseline="other")


def test_a_run_id_is_no_filter():
    """An id that a panel was sent may hold anything."""
    with pytest.raises(RunNotFound):
        compare(run_with(), "x') or (attributes.run_id != '")
