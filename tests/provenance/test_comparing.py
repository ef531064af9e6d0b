"""Which values of two runs are compared: what only time decides proves nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from tempfile import gettempdir, mkdtemp

import pytest

import nbtrack
from nbtrack.provenance.reproduction.comparing import Comparison, compare_families
from nbtrack.recording.session import current_session
from nbtrack.records.origins import ORIGINS_TAG
from nbtrack.records.runs import Run
from nbtrack.records.tags import TRAINING_METRICS_TAG

pytestmark = pytest.mark.usefixtures("project")

Curve = Sequence[int]  # the steps, each with a value of its own
TRAINING = {ORIGINS_TAG: json.dumps({"metrics": {"training": ["train_loss"]}})}


def recorded(
    curves: Sequence[Curve], *, tags: Mapping[str, str] = TRAINING, more: float = 0.0
) -> Run:
    """*curves*: what each fit of one run told of `train_loss`."""
    with nbtrack.start_run(tags=dict(tags) if curves else {}) as run:
        nbtrack.log_metric("accuracy", 0.5)
        for curve in curves:
            for step in curve:
                nbtrack.log_metric("train_loss", 1 / (step + 1) + more, step=step)
    return current_session().store.get_run(run.info.run_id)


def compared(one: Run, other: Run) -> Comparison:
    return compare_families(current_session().store, [one], [other])


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ([], [range(9)]),
        ([range(9)], []),
        ([range(3), range(9)], [range(5), range(7)]),
        ([range(3), range(5)], [range(8)]),
        ([[0, 1, 4]], [[0, 2, 4]]),
        ([[0, 1]], [[2, 3]]),
    ],
)
def test_a_curve_that_autolog_cut_short_is_no_difference(before, now):
    """On a busy machine it leaves out other parts of its own curves."""
    found = compared(recorded(before), recorded(now))

    assert found.differences == []
    assert found.remarks[0].startswith("train_loss: autolog had time for more points")
    steps = [{step for curve in each for step in curve} for each in (before, now)]
    assert found.compared == 1 + len(steps[0] & steps[1])


def test_what_both_have_of_such_a_curve_is_compared():
    """By steps."""
    (found,) = compared(recorded([range(3)]), recorded([range(5)], more=0.25)).differences
    assert found.what.startswith("metric train_loss at step")
    assert found.by == pytest.approx(0.25)


def test_a_curve_of_the_users_is_to_be_the_same():
    """Nobody cuts it short."""
    (found,) = compared(recorded([range(3)], tags={}), recorded([range(5)], tags={})).differences
    assert found.text == "metric train_loss 3 points → 5 points"


def test_training_metrics_of_other_rows_are_not_compared():
    """How many there was time for is said on the run."""
    tags = {**TRAINING, TRAINING_METRICS_TAG: "on 900 of 9,000 rows"}
    found = compared(recorded([[0]]), recorded([[0]], tags=tags, more=0.1))

    assert (found.differences, found.compared) == ([], 1)
    assert found.remarks[0].startswith("training metrics were not compared")


@pytest.mark.parametrize(
    ("key", "is_time"),
    [("fit_seconds", True), ("cv_fit_time_mean", True), ("std_score_time", True),
     ("eval_samples_per_second", True), ("steps_per_s", True), ("second_rmse", False),
     ("error_of_the_second", False),
     ("time_to_failure_rmse", False), ("mean_error", False), ("gb_auc", False)],
)  # fmt: skip
def test_what_measures_time_is_not_compared(key, is_time):
    """Also where it is summed up."""
    runs = []
    for value in (1.0, 1.5):
        with nbtrack.start_run() as run:
            nbtrack.log_metric(key, value)
        runs.append(current_session().store.get_run(run.info.run_id))

    assert bool(compared(*runs).differences) is not is_time


def test_a_folder_that_tempfile_names_is_no_difference():
    """It has another name each time; what lies in it has the same."""
    again = f"{gettempdir()}/nbtrack-again-x1y2/temporary"
    recorded, moved = with_cache(mkdtemp()), with_cache(mkdtemp(dir=gettempdir()))
    in_shadow = with_cache(f"{again}/tmpab12_xyz")

    assert compared(recorded, moved).differences == []
    assert compared(recorded, in_shadow).differences == []
    assert compared(recorded, with_cache(f"{gettempdir()}/models")).differences


def with_cache(folder: str) -> Run:
    with nbtrack.start_run() as run:
        nbtrack.log_param("memory", f"Memory(location={folder}/joblib)")
    return current_session().store.get_run(run.info.run_id)
