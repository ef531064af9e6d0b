"""Where a metric moved: which attempt, by the rule, on the way from one run to another."""

from __future__ import annotations

import json

import pytest

import nbtrack
from nbtrack.errors import InvalidValue
from nbtrack.provenance.bisection.view import BisectionView
from nbtrack.provenance.differences.findings import Part
from tests.provenance.recorded_runs import Origin, record
from tests.support.markup_check import HOSTILE, Page

pytestmark = pytest.mark.usefixtures("project")

LINEAGE = "nbtrack.lineage"


def attempts(*values: float | None, name: str = "a run", lineage: str = "cell") -> list[str]:
    """Ids of runs of one cell; alpha is 1 from the fourth on."""
    return [
        record(
            Origin(
                params={"alpha": int(n >= 3)},
                metrics={} if value is None else {"r2": value},
                tags={LINEAGE: lineage, "nbtrack.attempt": str(n + 1)},
            ),
            name=f"{name} {n}",
        )
        for n, value in enumerate(values)
    ]


def moved(found: BisectionView) -> tuple[str, str]:
    return found.before.info.run_id, found.after.info.run_id


def test_the_attempt_and_the_change_are_named() -> None:
    """As text, as HTML, and as plain values."""
    ids = attempts(0.9, 0.91, 0.89, 0.5, 0.52)
    found = nbtrack.bisect(ids[0], ids[-1], metric="r2")

    assert moved(found) == (ids[2], ids[3])
    assert [each.part for each in found.difference.causes] == [Part.PARAMS]
    assert "moved from 0.89 to 0.50 (▼ −0.39) in attempt 4" in str(found)
    assert "alpha: 0 → 1" in Page(found._repr_html_()).text
    assert json.loads(json.dumps(found.to_dict()))["moved_in"] == ids[3]


def test_the_way_may_be_gone_backwards() -> None:
    """What made it good is as well a question."""
    ids = attempts(0.5, 0.9, 0.91)

    assert moved(nbtrack.bisect(ids[2], ids[0], metric="r2")) == (ids[0], ids[1])


def test_the_largest_step_across_the_middle_counts() -> None:
    """Not a larger one on one side of it; and all crossings are told."""
    ids = attempts(0.9, 0.74, 0.68, 0.95, 0.6, 0.1, 0.5)
    found = nbtrack.bisect(ids[0], ids[-1], metric="r2")

    assert found.bisection.middle == pytest.approx(0.7)
    assert moved(found) == (ids[3], ids[4])
    assert "it was crossed 3 times" in str(found)


def test_the_first_of_equal_steps_counts() -> None:
    ids = attempts(1.0, 0.0, 1.0, 0.0)

    assert moved(nbtrack.bisect(ids[0], ids[-1], metric="r2")) == (ids[0], ids[1])


def test_attempts_without_the_metric_are_left_out() -> None:
    """They failed before; and are counted."""
    ids = attempts(0.9, None, float("nan"), 0.5)
    found = nbtrack.bisect(ids[0], ids[-1], metric="r2")

    assert moved(found) == (ids[0], ids[3])
    assert "2 between them without the metric" in str(found)


def test_runs_of_the_same_name_are_on_the_way() -> None:
    """Though they are of other cells; other runs are not, nor deleted ones."""
    first = record(Origin(metrics={"r2": 0.9}), name="same")
    second = record(Origin(metrics={"r2": 0.8}), name="same")
    record(Origin(metrics={"r2": 0.1}), name="other")
    nbtrack.delete_run(record(Origin(metrics={"r2": 0.0}), name="same"))
    last = record(Origin(metrics={"r2": 0.2}), name="same")
    found = nbtrack.bisect(first, last, metric="r2")

    assert [each.run.info.run_id for each in found.bisection.attempts] == [first, second, last]


def test_two_runs_that_nothing_ties_are_all_of_the_way() -> None:
    ids = [record(Origin(metrics={"r2": value}), name=str(value)) for value in (0.1, 0.2)]

    assert moved(nbtrack.bisect(*ids, metric="r2")) == tuple(ids)


@pytest.mark.parametrize(
    ("values", "metric", "words"),
    [
        ((0.5, 0.5), "r2", "is 0.5 in both runs"),
        ((0.5, None), "r2", "was not recorded in the run 'a run 1'"),
        ((0.5, float("nan")), "r2", "is nan in the run"),
        ((0.5, 0.4), "R2", "Did you mean 'r2'"),
    ],
)
def test_what_did_not_move_is_refused(
    values: tuple[float, float | None], metric: str, words: str
) -> None:
    with pytest.raises(InvalidValue, match=words):
        nbtrack.bisect(*attempts(*values), metric=metric)


def test_one_run_is_no_way() -> None:
    (only,) = attempts(0.5)

    with pytest.raises(InvalidValue, match="give two runs"):
        nbtrack.bisect(only, only, metric="r2")


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_runs_stays_text(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    ids = attempts(0.9, 0.5, name=text, lineage=text)
    found = nbtrack.bisect(*ids, metric="r2")

    assert Page(found._repr_html_()).unwanted == []
    assert not set(str(found)) & set("\x1b\x00\r\u202e")
