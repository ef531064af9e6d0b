"""With the second fit of a tracked cell the first one becomes a child like the others."""

from __future__ import annotations

import signal

import pytest

from nbtrack.lookup.own_values import without_moved
from nbtrack.records.logged_models import LoggedModelQuery
from nbtrack.records.origins import Origin, origins_of
from nbtrack.records.runs import LoggedModelOutput, Run
from tests.support.kernel import Kernel

DATA = (
    "import nbtrack, os\n"
    "from sklearn.datasets import load_iris\n"
    "from sklearn.linear_model import LogisticRegression, SGDClassifier\n"
    "from sklearn.metrics import accuracy_score, confusion_matrix\n"
    "from sklearn.model_selection import GridSearchCV, cross_val_score\n"
    "from sklearn.naive_bayes import GaussianNB\n"
    "from sklearn.neural_network import MLPClassifier\n"
    "from sklearn.svm import SVC\n"
    "X, y = load_iris(return_X_y=True)"
)


@pytest.fixture
def ready(kernel: Kernel) -> Kernel:
    kernel.run(DATA)
    return kernel


def family(kernel: Kernel, name: str) -> tuple[Run, list[Run]]:
    """The newest run of that name, and its children, the first one first."""
    runs = kernel.runs()
    parent = next(run for run in runs if run.info.run_name == name)
    of_it = [r for r in runs if r.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
    return parent, of_it[::-1]


def files(kernel: Kernel, run: Run) -> set[str]:
    """But for those that are written when nobody waits for anything."""
    found = kernel.store.trace_run(run.info.run_id).artifacts
    return {
        path for path in found if path.startswith(("model/", "training_")) and "png" not in path
    }


def test_all_fits_are_children(ready: Kernel):
    """Alike in name, params, metrics, tags, files and inputs; each began before it ended."""
    ready.run("%%track sweep\nfor C in (2, 3, 4):\n    SVC(C=C).fit(X, y).score(X, y)")
    parent, children = family(ready, "sweep")
    first, second, _ = children

    assert [run.info.run_name for run in children] == ["SVC C=2", "SVC C=3", "SVC C=4"]
    assert [run.data.params["C"] for run in children] == ["2", "3", "4"]
    assert first.data.params.keys() == second.data.params.keys()
    assert first.data.metrics.keys() == second.data.metrics.keys()
    assert first.data.tags.keys() == second.data.tags.keys()
    assert origins_of(first.data.tags) == origins_of(second.data.tags)
    assert files(ready, first) == files(ready, second) != set()
    assert len(first.inputs.dataset_inputs) == len(second.inputs.dataset_inputs) > 0
    times = [(run.info.start_time, run.info.end_time) for run in children]
    assert times == sorted(times)
    assert {run.info.status for run in (parent, *children)} == {"FINISHED"}


def test_what_the_cell_keeps_is_marked(ready: Kernel):
    """Nothing is taken away, and it is shown as the cell's own no more."""
    reply = ready.run("%%track kept\nmine = 3\nfor C in (2, 3): SVC(C=C).fit(X, y).score(X, y)")
    parent, (first, _) = family(ready, "kept")
    origins = origins_of(parent.data.tags)

    assert first.data.metrics.keys() <= parent.data.metrics.keys()
    moved = {key for key, origin in origins.metrics.items() if origin is Origin.MOVED}
    assert moved == first.data.metrics.keys() - {"SVC_score_X"}  # that is of the best one
    assert origins.params["tol"] is Origin.MOVED
    assert origins.params["mine"] is Origin.ASSIGNED
    assert "2 fits" in reply.card
    assert reply.card.count("SVC_score_X") == 1


BY_HAND = "nbtrack.log_param('C', 10); nbtrack.log_metric('training_score', 0.25)"


@pytest.mark.parametrize("place", ["before", "between", "after"])
def test_what_the_user_logged_is_the_cells(ready: Kernel, place: str):
    """Under a name of the first fit's too, before it, before the second and after that."""
    cells = ["SVC(C=2).fit(X, y)", "SVC(C=3).fit(X, y)"]
    cells.insert(["before", "between", "after"].index(place), BY_HAND)
    ready.run("\n".join((f"%%track {place}", *cells, "nbtrack.log_metric('mine', 1)")))
    parent, (first, _) = family(ready, place)
    shown = without_moved(parent).data

    assert shown.params["C"] == "10"
    assert "training_score" in shown.metrics
    assert shown.metrics["mine"] == 1
    assert "tol" not in shown.params
    assert first.data.params["C"] == "2"
    assert origins_of(first.data.tags).params["C"] is Origin.CHANGED


def test_the_logged_model_goes_to_the_child(ready: Kernel):
    """With its files, params and metrics; what the cell logs is not measured of it."""
    ready.run(
        "%%track models\nSVC(C=2).fit(X, y)\nnbtrack.log_metric('mine', 1)\nSVC(C=3).fit(X, y)"
    )
    parent, children = family(ready, "models")
    query = LoggedModelQuery(experiment_ids=(parent.info.experiment_id,))
    ids = {run.info.run_id for run in (parent, *children)}  # other cells have models too
    found = ready.store.search_logged_models(query)
    models = {model.source_run_id: model for model in found if model.source_run_id in ids}
    first = models[children[0].info.run_id]

    assert parent.outputs.model_outputs == []
    assert {run.info.run_id: run.outputs.model_outputs for run in children} == {
        run_id: [LoggedModelOutput(model.model_id, 0)] for run_id, model in models.items()
    }
    assert first.artifact_location == f"{children[0].info.artifact_uri}/model"
    assert first.params["C"] == "2"
    assert {point.run_id for point in first.metrics} == {children[0].info.run_id}
    assert "mine" not in {point.key for point in first.metrics}


def test_the_model_is_loaded_from_both(ready: Kernel):
    """By the run that it was logged to first, and by the child; the disk has it once."""
    ready.run(
        "%%track twice\nfirst = SVC(C=2).fit(X, y)\n"
        "uri = f'runs:/{nbtrack.active_run().info.run_id}/model'\n"
        "second = SVC(C=3).fit(X, y)"
    )
    _, (first, _) = family(ready, "twice")
    ready.run(f"of_child = nbtrack.sklearn.load_model('runs:/{first.info.run_id}/model')")
    ready.run("of_cell = nbtrack.sklearn.load_model(uri)")
    folder = f"nbtrack.artifacts.download_artifacts('runs:/{first.info.run_id}/model')"

    assert ready.value("of_child.C, of_cell.C") == "(2, 2)"
    assert ready.value(f"os.stat({folder} + '/MLmodel').st_nlink") == "2"


def test_what_is_measured_later_goes_to_the_child(ready: Kernel):
    """In the same cell and in others, numbered on, with what was measured before."""
    ready.run(
        "%%track later\nfirst = SVC(C=2).fit(X, y)\nbefore = accuracy_score(y, first.predict(X))\n"
        "second = SVC(C=3).fit(X, y)\nafter = accuracy_score(y, first.predict(X))"
    )
    ready.run("accuracy_score(y, first.predict(X)); confusion_matrix(y, first.predict(X))")
    _, (first, second) = family(ready, "later")
    found = {key for key in first.data.metrics if not key.startswith(("training", "n_iter"))}

    keys = {f"accuracy_score{n}_X" for n in ("", "-2", "-3")}
    assert found == {*keys, "before", "after"}
    assert {"before", "after", *keys}.isdisjoint(second.data.metrics)


def test_curves_move_whole(ready: Kernel):
    """Every point with its step and time."""
    ready.run(
        "%%track curves\nfor width in (3, 4):\n    MLPClassifier((width,), max_iter=20).fit(X, y)"
    )
    parent, (first, _) = family(ready, "curves")
    curves = [
        [(p.step, p.timestamp, p.value) for p in ready.store.read_metrics(run_id, "train_loss")]
        for run_id in (first.info.run_id, parent.info.run_id)
    ]

    assert len(curves[0]) == 20
    assert curves[0] == curves[1]


def test_one_fit_stays(ready: Kernel):
    """It is the cell's; so is a warm start that goes on, and a model that was validated first."""
    ready.run("%%track single\nmodel = GaussianNB()\ncross_val_score(model, X, y)\nmodel.fit(X, y)")
    ready.run(
        "%%track warm\nmodel = LogisticRegression(warm_start=True, max_iter=300)\n"
        "for _ in range(3): model.fit(X, y)"
    )

    for name in ("single", "warm"):
        parent, children = family(ready, name)
        assert (len(children), Origin.MOVED in origins_of(parent.data.tags).params.values()) == (
            0,
            False,
        )
        assert "nbtrack.fit" in parent.data.tags


def test_a_search_takes_its_candidates_along(ready: Kernel):
    """They are its children, and the cell's children are the fits."""
    reply = ready.run(
        "%%track search\nGridSearchCV(SVC(), {'C': [1, 2, 3]}).fit(X, y)\nGaussianNB().fit(X, y)"
    )
    _, children = family(ready, "search")
    search = children[0]
    _, candidates = family(ready, str(search.info.run_name))

    assert len(children) == 2
    assert [run.data.params["C"] for run in candidates] == ["1", "2", "3"]
    assert search.data.tags["nbtrack.best_child"] in {run.info.run_id for run in candidates}
    assert "2 fits" in reply.card
    assert "children" not in reply.card


def test_a_first_fit_that_fails(ready: Kernel):
    """Is a child that failed."""
    ready.run(
        "%%track broken\ntry: SVC().fit(X, y[:-1])\nexcept ValueError: pass\nSVC(C=2).fit(X, y)"
    )
    _, children = family(ready, "broken")

    assert [run.info.status for run in children] == ["FAILED", "FINISHED"]


def test_fits_in_threads(ready: Kernel):
    """Also when the first one still runs as the others begin."""
    ready.run(
        "%%track threads\nfrom concurrent.futures import ThreadPoolExecutor\n"
        "def fit(n): return MLPClassifier((n,), max_iter=60).fit(X, y)\n"
        "with ThreadPoolExecutor(4) as pool: list(pool.map(fit, range(2, 8)))"
    )
    _, children = family(ready, "threads")

    assert len(children) == 6
    assert {run.info.status for run in children} == {"FINISHED"}
    assert all("training_score" in run.data.metrics for run in children)
    assert all("model/MLmodel" in files(ready, run) for run in children)


def test_runs_that_the_user_opened(ready: Kernel):
    """In them all is as in MLflow: the first fit is on the run."""
    ready.run(
        "%%track outer\nwith nbtrack.start_run(run_name='own', nested=True):\n"
        "    for C in (2, 3): SVC(C=C).fit(X, y)"
    )
    parent, children = family(ready, "own")

    assert parent.data.params["C"] == "2"
    assert [run.data.params["C"] for run in children] == ["3"]


@pytest.mark.parametrize("place", ["RunPart._link_files", "RunPart._leave_whole"])
def test_killed_in_the_midst(new_kernel, place: str):
    """Whatever was logged is there, once or twice."""
    kernel = new_kernel()
    kernel.run(DATA)
    name = place.partition(".")[2]
    kernel.run(
        "from nbtrack.recording.run_part import RunPart\n"
        f"RunPart.{name} = lambda *_: os.kill(os.getpid(), {int(signal.SIGKILL)})"
    )
    kernel.send("%%track dies\nfor C in (2, 3): SVC(C=C).fit(X, y)")
    while kernel.manager.provisioner.process.poll() is None:
        pass
    parent, children = family(kernel, "dies")

    assert parent.data.params["C"] == "2"
    assert [run.data.params["C"] for run in children] == ["2"] * (name == "_leave_whole")
    for run in (parent, *children):
        assert "training_score" in run.data.metrics
