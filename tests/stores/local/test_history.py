"""What earlier runs reached, read from what is folded."""

from __future__ import annotations

import math

import pytest

from nbtrack.journal import lines
from nbtrack.stores.opening import open_store


@pytest.fixture
def store(tmp_path):
    made = open_store(str(tmp_path / "project"))
    yield made
    made.close()


def run_of(number, *, experiment="0", t=None, **metrics):
    """A run, named after its number, with metrics and a cell of lineage "cell"."""
    run_id, t = f"{number:032x}", t or number
    text = lines.run_line(
        run_id, t=t, name=f"run {number}", status="FINISHED", start_us=t, experiment_id=experiment
    )
    text += lines.cell_line(run_id, t=t, lineage="cell", attempt=number, source="x", position=3,
                            notebook="n.ipynb")  # fmt: skip
    text += lines.param_line(run_id, "depth", str(number), t=t)
    return text + "".join(
        lines.metric_line(run_id, key, value, step=0, t=t) for key, value in metrics.items()
    )


def read(store, **options):
    store.fold()
    return store.read_history("0", **{"lineage": None, "without": "", **options})


def test_the_extremes_of_an_experiment(store):
    """Highest and lowest with the runs that reached them; no NaN, no other experiment."""
    for text in (run_of(1, f1=0.5), run_of(2, f1=0.9), run_of(3, f1=math.nan),
                 run_of(4, experiment="7", f1=2.0)):  # fmt: skip
        store.append(text)
    extremes = read(store).extremes["f1"]

    assert (extremes.highest.value, extremes.highest.run_name) == (0.9, "run 2")
    assert (extremes.lowest.value, extremes.lowest.run_name) == (0.5, "run 1")


def test_without_a_run_and_without_deleted_ones(store):
    """The run that asks is not compared with itself, nor with what was taken back."""
    for number in (1, 2, 3):
        store.append(run_of(number, f1=number))
    store.append(lines.run_line(f"{2:032x}", t=99, lifecycle_stage="deleted"))

    assert read(store, without=f"{3:032x}").extremes["f1"].highest.run_name == "run 1"


def test_the_newest_attempt_of_a_lineage(store):
    """With its params and metrics; not the asking run, not a deleted one."""
    for number in (1, 2, 3):
        store.append(run_of(number, f1=number))
    store.append(lines.run_line(f"{2:032x}", t=99, lifecycle_stage="deleted"))
    previous = read(store, lineage="cell", without=f"{3:032x}").previous

    assert (previous.number, previous.params, previous.metrics) == (1, {"depth": "1"}, {"f1": 1.0})
    assert read(store, lineage="nowhere").previous is None


def test_the_places_of_a_notebook(store):
    """One per lineage, with the newest attempt."""
    store.append(run_of(1) + run_of(2))
    store.fold()
    [place] = store.read_places("n.ipynb")

    assert (place.lineage, place.attempt, place.position, place.source) == ("cell", 2, 3, "x")
    assert store.read_places("other.ipynb") == []


def test_nothing_there_yet(store):
    """Before the first fold there is no history, and looking makes no files."""
    assert store.read_history("0", lineage="cell", without="").extremes == {}
    assert store.read_places("n.ipynb") == []
    assert not store.folder.exists()
