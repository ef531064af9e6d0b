"""Plots of a fit: numbers first, pictures when there is time."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fit_steps import FLAGS, fitted, open_run
from sklearn import metrics
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.linear_model import LinearRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC

import nbtrack
from nbtrack.base import background
from nbtrack.hooks.plot_drawing import can_draw, draw, draw_missing_plots
from nbtrack.hooks.sklearn import plot_numbers
from nbtrack.hooks.sklearn.plot_numbers import CONFUSION, PRECISION_RECALL, ROC, log_plots
from nbtrack.recording.active_run import ActiveRun
from nbtrack.recording.run_writer import RunWriter
from nbtrack.recording.session import current_session

IRIS, FLOWERS = load_iris(return_X_y=True)
TUMOURS, IS_BENIGN = load_breast_cancer(return_X_y=True)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[ActiveRun]:
    with open_run(tmp_path) as opened:
        yield opened


def numbers(run: ActiveRun, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run.artifacts.read(f"{name}.json"))
    return found


def paths(run: RunWriter) -> set[str]:
    return {each.path for each in run.artifacts.list()}


def test_the_confusion_matrix_is_scikit_learns(run: ActiveRun) -> None:
    """Rows are true labels, in the order of the classes; weights count as they are."""
    names, weights = np.array(["a", "b", "c"])[FLOWERS], np.linspace(0, 2, 150)
    call = fitted(GaussianNB(), IRIS, names, weights=weights)

    log_plots(run, call, FLAGS)

    found = numbers(run, CONFUSION)
    predicted = call.estimator.predict(IRIS)
    expected = metrics.confusion_matrix(names, predicted, sample_weight=weights)
    assert found["labels"] == ["a", "b", "c"]
    assert np.allclose(found["counts"], expected, atol=1e-5)
    assert found["is_weighted"] is True


@pytest.mark.parametrize("estimator", [GaussianNB(), LinearSVC(), KNeighborsClassifier(9)])
def test_curves_and_their_areas_are_scikit_learns(run: ActiveRun, estimator: Any) -> None:
    """By probabilities, or decisions where there are none; areas are of all points."""
    call = fitted(estimator, TUMOURS, np.array(["no", "yes"])[IS_BENIGN])

    log_plots(run, call, FLAGS)

    has_chances = hasattr(estimator, "predict_proba")
    ask = estimator.predict_proba if has_chances else estimator.decision_function
    scores = ask(TUMOURS)[:, 1] if has_chances else ask(TUMOURS)
    roc, precision_recall = numbers(run, ROC), numbers(run, PRECISION_RECALL)
    assert roc["auc"] == pytest.approx(metrics.roc_auc_score(IS_BENIGN, scores))
    assert precision_recall["average_precision"] == pytest.approx(
        metrics.average_precision_score(IS_BENIGN, scores)
    )
    false, true, _ = metrics.roc_curve(IS_BENIGN, scores, drop_intermediate=False)
    assert np.allclose(np.interp(false, roc["fpr"], roc["tpr"]).max(), true.max())
    assert set(zip(roc["fpr"], roc["tpr"])) <= set(zip(false.round(6), true.round(6)))
    assert roc["positive_label"] == "yes"


def test_long_curves_keep_their_shape_in_few_points(run: ActiveRun) -> None:
    """The area under the stored points is nearly that under all of them."""
    random_numbers = np.random.default_rng(0)
    X = random_numbers.normal(size=(20_000, 1))
    y = (X[:, 0] + random_numbers.normal(size=20_000) > 0).astype(int)

    log_plots(run, fitted(GaussianNB(), X, y), FLAGS)

    found = numbers(run, ROC)
    assert len(found["fpr"]) == len(found["thresholds"]) <= plot_numbers.MOST_POINTS + 2
    assert (found["fpr"][0], found["tpr"][0]) == (0, 0)
    assert (found["fpr"][-1], found["tpr"][-1]) == (1, 1)
    assert np.trapezoid(found["tpr"], found["fpr"]) == pytest.approx(found["auc"], abs=1e-3)
    assert len(numbers(run, PRECISION_RECALL)["recall"]) <= plot_numbers.MOST_POINTS + 2


def test_of_very_many_classes_the_most_frequent_are_kept(run: ActiveRun) -> None:
    """A picture of 200 classes shows nothing, and would be stored with every fit."""
    y = np.concatenate([np.arange(200), np.repeat([3, 5], 50)])

    log_plots(run, fitted(KNeighborsClassifier(1), np.arange(300.0)[:, None], y), FLAGS)

    found = numbers(run, CONFUSION)
    assert found["classes"] == 200
    assert len(found["labels"]) == len(found["counts"]) == plot_numbers.MOST_CLASSES
    assert {"3", "5"} <= set(found["labels"])


@pytest.mark.parametrize(
    ("estimator", "y", "expected"),
    [
        (LinearRegression(), FLOWERS, set()),
        (GaussianNB(), FLOWERS, {f"{CONFUSION}.json"}),
        (KNeighborsClassifier(), np.c_[FLOWERS, FLOWERS], set()),
    ],
    ids=["regressor", "three classes", "several outputs"],
)
def test_only_what_has_such_plots_gets_them(
    run: ActiveRun, estimator: Any, y: Any, expected: set[str]
) -> None:
    """Curves for two classes; nothing for regressors and several outputs, as in MLflow."""
    log_plots(run, fitted(estimator, IRIS, y), FLAGS)

    assert paths(run) == expected


def test_pictures_are_drawn_after_the_run(run: ActiveRun) -> None:
    """None while the run is open; all three, with MLflow's names, soon after it ended."""
    pytest.importorskip("matplotlib")
    log_plots(run, fitted(GaussianNB(), TUMOURS, IS_BENIGN), FLAGS)
    assert background.waiting(run.run_id) == 1
    assert not any(path.endswith(".png") for path in paths(run))

    run.end()
    background.wait(run.run_id)

    pictures = {f"{name}.png" for name in (CONFUSION, ROC, PRECISION_RECALL)}
    assert pictures <= paths(run)
    assert run.artifacts.read(f"{ROC}.png").startswith(b"\x89PNG")


def test_a_picture_can_be_drawn_sooner_and_by_anyone(run: ActiveRun) -> None:
    """Whoever reads the artifact gets it, also from a run of another process that has ended."""
    pytest.importorskip("matplotlib")
    log_plots(run, fitted(GaussianNB(), IRIS, FLOWERS), FLAGS)
    reader = RunWriter(run.store, run.run_id, artifact_uri=run.artifact_uri)

    assert draw_missing_plots(reader) == [f"{CONFUSION}.png"]
    assert draw_missing_plots(reader) == []


@pytest.fixture(scope="module")
def abandoned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A project, and its run, whose process went away before it had drawn anything."""
    code = (
        "import os, nbtrack; from sklearn.datasets import load_iris;"
        "from sklearn.naive_bayes import GaussianNB; nbtrack.autolog();"
        "from nbtrack.base import background; background.hold();"  # else it may be quick enough
        "GaussianNB().fit(*load_iris(return_X_y=True));"
        "print(nbtrack.last_active_run().info.run_id, flush=True); os._exit(0)"
    )
    project = tmp_path_factory.mktemp("abandoned") / "project"
    environment = {**os.environ, "NBTRACK_DIR": str(project)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    return project, done.stdout.strip()


@pytest.fixture
def undrawn(abandoned: tuple[Path, str], tmp_path: Path) -> Iterator[str]:
    """The id of that run, in a project of one's own."""
    project, run_id = abandoned
    shutil.copytree(project, tmp_path / "project")
    nbtrack.set_tracking_uri(tmp_path / "project")
    yield run_id
    nbtrack.set_tracking_uri(None)


READERS: dict[str, Callable[[str], bool]] = {
    "listed": lambda run_id: f"{CONFUSION}.png" in listed(run_id),
    "downloaded": lambda run_id: Path(
        nbtrack.MlflowClient().download_artifacts(run_id, f"{CONFUSION}.png")
    ).exists(),
    "read": lambda run_id: (
        nbtrack.artifacts.load_image(f"runs:/{run_id}/{CONFUSION}.png").width > 0
    ),
}


def listed(run_id: str) -> set[str]:
    return {each.path for each in nbtrack.artifacts.list_artifacts(run_id=run_id)}


@pytest.mark.parametrize("reader", READERS)
def test_who_reads_artifacts_gets_the_pictures(undrawn: str, reader: str) -> None:
    """Although the process that trained ended before it had drawn them; they are on record, too."""
    pytest.importorskip("matplotlib")

    assert READERS[reader](undrawn)
    records = current_session().store.list_artifact_records(undrawn)
    assert f"{CONFUSION}.png" in {each.path for each in records}


def test_without_matplotlib_there_are_the_numbers(
    undrawn: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """And nothing is said."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    can_draw.cache_clear()

    assert f"{CONFUSION}.json" in listed(undrawn)
    assert (f"{CONFUSION}.png" in listed(undrawn), caplog.text) == (False, "")
    can_draw.cache_clear()


def test_files_of_the_user_are_not_drawn(run: ActiveRun, caplog: pytest.LogCaptureFixture) -> None:
    """He may call his own as ours are called; and a deleted run is only read."""
    run.log_dict({"mine": 1}, f"{CONFUSION}.json")
    assert (listed(run.run_id), caplog.text) == ({f"{CONFUSION}.json"}, "")

    log_plots(run, fitted(GaussianNB(), IRIS, FLOWERS), FLAGS)
    nbtrack.MlflowClient().delete_run(run.run_id)
    assert listed(run.run_id) == {f"{CONFUSION}.json"}


def test_what_was_not_drawn_in_time_is_no_fault(run: ActiveRun) -> None:
    """A run that was deleted meanwhile is left alone."""
    log_plots(run, fitted(GaussianNB(), IRIS, FLOWERS), FLAGS)

    nbtrack.MlflowClient().delete_run(run.run_id)
    background.wait(run.run_id)

    assert paths(run) == {f"{CONFUSION}.json"}


COUNTS = [[40, 2, 0], [1, 30, 9], [0, 0, 0]]
FACTS = {"estimator": "GaussianNB", "rows": 82, "is_weighted": False}
PLOTS: dict[str, dict[str, Any]] = {
    CONFUSION: {**FACTS, "classes": 3, "labels": ["a", "$\\b{", ""], "counts": COUNTS},
    ROC: {**FACTS, "positive_label": "$x", "auc": 0.9, "fpr": [0, 0.1, 1], "tpr": [0, 0.8, 1]},
    PRECISION_RECALL: {
        **{**FACTS, "of_rows": 9000, "is_weighted": True, "positive_label": "x" * 500},
        **{"average_precision": 0.8, "positive_rate": 0.3},
        **{"recall": [0, 0.5, 1], "precision": [1, 0.9, 0.3]},
    },
}


@pytest.mark.parametrize("name", PLOTS)
def test_a_picture_does_not_follow_the_users_style(name: str) -> None:
    """Dark styles, TeX and odd fonts are for the user's own plots; the settings stay untouched."""
    matplotlib = pytest.importorskip("matplotlib")
    plain = draw(name, PLOTS[name])

    with matplotlib.rc_context():
        pytest.importorskip("matplotlib.style").use(["dark_background", "fivethirtyeight"])
        matplotlib.rcParams.update({"text.usetex": True, "xtick.bottom": False, "font.size": 30})
        chosen = dict(matplotlib.rcParams)
        styled = draw(name, PLOTS[name])
        assert dict(matplotlib.rcParams) == chosen

    assert styled == plain


@pytest.mark.parametrize("count", [1, 2, 12, 60])
def test_every_confusion_matrix_is_a_sensible_picture(count: int) -> None:
    """From one class to the most: not tiny, not huge, and not blank."""
    pytest.importorskip("matplotlib")
    image_of = pytest.importorskip("PIL.Image").open
    labels = [f"category number {i}" for i in range(count)]
    counts = (np.eye(count) * 9 + 1).tolist()

    data = draw(CONFUSION, {**FACTS, "classes": 500, "labels": labels, "counts": counts})

    image = image_of(io.BytesIO(data)).convert("L")
    assert 600 < image.width < 2500
    assert 600 < image.height < 2500
    assert image.getextrema()[0] < 80


def test_drawing_needs_no_pyplot() -> None:
    """pyplot would choose a backend and open windows for the user."""
    pytest.importorskip("matplotlib")
    code = (
        "import sys; from nbtrack.hooks.plot_drawing import draw;"
        f"draw({CONFUSION!r}, {PLOTS[CONFUSION]!r});"
        "print('matplotlib.pyplot' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"


# --- importances


def test_importances_are_drawn_from_their_numbers(autologged):
    """The numbers are MLflow's: a dict of features; what is none is a file of the user's."""
    with nbtrack.start_run() as run:
        nbtrack.log_dict({"a": 3, "b": 1.5}, "feature_importance_gain.json")
        nbtrack.log_dict({"a": "much"}, "feature_importance_split.json")
    drawn = draw_missing_plots(run)

    assert drawn == ["feature_importance_gain.png"]
    many = {f"feature {n}": -n for n in range(50)}
    assert draw("feature_importance_weight", many).startswith(b"\x89PNG")
