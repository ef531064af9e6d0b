"""Turning autolog on and off, its flags, and what the notebook has to say in it."""

from __future__ import annotations

import inspect
import logging

import mlflow
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC

import nbtrack
import nbtrack.sklearn
from nbtrack.hooks.autolog import follow_notebook
from nbtrack.hooks.sklearn.flags import current_flags
from nbtrack.hooks.sklearn.hook import TESTED_VERSIONS
from nbtrack.journal.lines import now_us
from nbtrack.recording.here import CellLine
from nbtrack.recording.session import current_session

X, y = load_iris(return_X_y=True)


@pytest.mark.parametrize("ours, theirs", [  # noqa: PT006
    (nbtrack.autolog, mlflow.autolog), (nbtrack.sklearn.autolog, mlflow.sklearn.autolog)
])  # fmt: skip
def test_the_flags_are_mlflows(ours, theirs):
    """Same names, same order, same defaults; only a search keeps all its candidates."""
    mine = {p.name: p.default for p in inspect.signature(ours).parameters.values()}
    other = {p.name: p.default for p in inspect.signature(theirs).parameters.values()}

    assert list(mine) == list(other)
    assert {name for name in mine if mine[name] != other[name]} <= {"max_tuning_runs"}


# --- on and off


def test_disabled_records_nothing(autologged):
    """Until it is called again."""
    nbtrack.autolog(disable=True)
    GaussianNB().fit(X, y)
    assert autologged.runs() == []
    nbtrack.autolog()
    GaussianNB().fit(X, y)

    assert len(autologged.runs()) == 1


def test_a_flavor_can_be_left_out(autologged):
    """`exclude_flavors` leaves it as it is: off, here."""
    nbtrack.autolog(disable=True)
    nbtrack.sklearn.autolog(disable=True)
    nbtrack.autolog(exclude_flavors=["sklearn"])
    GaussianNB().fit(X, y)

    assert autologged.runs() == []


def test_what_was_set_for_scikit_learn_stays(autologged):
    """As in MLflow, whether the general autolog() is called before or after."""
    nbtrack.sklearn.autolog(log_models=False, max_tuning_runs=3)
    nbtrack.autolog(log_datasets=False)

    assert not current_flags().log_models
    assert current_flags().log_datasets
    assert current_flags().max_tuning_runs == 3


def test_other_flags_take_effect(autologged):
    """Called again, the newest flags count, also those that change what is patched."""
    nbtrack.sklearn.autolog(log_post_training_metrics=False)
    model = GaussianNB().fit(X, y)
    accuracy_score(y, model.predict(X))
    assert not [key for key in autologged.run().data.metrics if "_X" in key]
    nbtrack.sklearn.autolog()
    model = SVC().fit(X, y)
    accuracy_score(y, model.predict(X))

    assert "accuracy_score_X" in autologged.runs()[-1].data.metrics


# --- flags


def test_exclusive_leaves_the_users_runs_alone(autologged):
    """Only where none is active does a fit make its own."""
    nbtrack.autolog(exclusive=True)
    with nbtrack.start_run() as run:
        GaussianNB().fit(X, y)
    assert nbtrack.get_run(run.info.run_id).data.params == {}
    assert len(autologged.runs()) == 1
    SVC().fit(X, y)

    assert autologged.runs()[-1].data.tags["estimator_name"] == "SVC"


def test_extra_tags_are_for_runs_that_a_fit_makes(autologged):
    """Not for those that the user started."""
    nbtrack.autolog(extra_tags={"team": "blue"})
    with nbtrack.start_run() as mine:
        GaussianNB().fit(X, y)
        GaussianNB().fit(X, y)
    own, child = autologged.runs()

    assert own.info.run_id == mine.info.run_id
    assert (own.data.tags.get("team"), child.data.tags["team"]) == (None, "blue")


def test_untested_versions_can_be_left_out(autologged, monkeypatch):
    """disable_for_unsupported_versions: of a version yet to come nothing is patched."""
    original = inspect.unwrap(LogisticRegression.fit)
    monkeypatch.setattr("sklearn.__version__", "9.0.dev0")
    nbtrack.autolog()
    GaussianNB().fit(X, y)
    nbtrack.autolog(disable_for_unsupported_versions=True)
    GaussianNB().fit(X, y)

    assert len(autologged.runs()) == 1
    assert inspect.unwrap(LogisticRegression.fit) is original
    assert TESTED_VERSIONS[0] < TESTED_VERSIONS[1]


class NoPickle(SVC):
    def __reduce__(self):
        raise RuntimeError(f"{type(self).__name__} is no pickle")


class NoPickleEither(NoPickle):
    pass


def test_silent(autologged, caplog):
    """What could not be recorded is not said; what has nothing to do with autolog is."""
    with caplog.at_level(logging.WARNING, logger="nbtrack"):
        nbtrack.autolog(silent=True)
        NoPickle().fit(X, y)
        assert caplog.text == ""
        nbtrack.log_metric("m", 1)
        assert "nothing was open" in caplog.text
        nbtrack.autolog()
        NoPickleEither().fit(X, y)

    assert "NoPickleEither is no pickle" in caplog.text


def test_models_and_examples(autologged):
    """log_models, log_model_signatures and log_input_examples, as files of the run."""
    wanted = [
        ({}, {"signature"}),
        ({"log_model_signatures": False}, set()),
        ({"log_input_examples": True}, {"signature", "example"}),
        ({"log_models": False}, None),
    ]
    for flags, expected in wanted:
        nbtrack.autolog(**flags)
        GaussianNB().fit(X, y)
        found = model_of(autologged.runs()[-1])
        assert found == expected, flags


def model_of(run):
    from nbtrack.errors import ArtifactNotFound

    try:
        text = nbtrack.artifacts.load_text(f"runs:/{run.info.run_id}/model/MLmodel")
    except ArtifactNotFound:
        return None
    parts = {"signature": "signature:", "example": "saved_input_example_info:"}
    return {name for name, word in parts.items() if word in text}


def test_a_search_keeps_its_best_estimator(autologged):
    """Beside the search itself."""
    GridSearchCV(SVC(), {"C": [1, 2]}, cv=2).fit(X, y)
    (run,) = (run for run in autologged.runs() if "mlflow.parentRunId" not in run.data.tags)
    found = {file.path for file in nbtrack.artifacts.list_artifacts(run_id=run.info.run_id)}

    assert {"model", "best_estimator", "cv_results.csv"} <= found


def test_each_model_is_registered(autologged):
    """As the next version of one name; of a search the search, and not its best estimator too."""
    nbtrack.sklearn.autolog(registered_model_name="m")
    GaussianNB().fit(X, y)
    GridSearchCV(SVC(), {"C": [1, 2]}, cv=2).fit(X, y)

    assert type(nbtrack.sklearn.load_model("models:/m/1")) is GaussianNB
    assert type(nbtrack.sklearn.load_model("models:/m/latest")) is GridSearchCV
    assert len(nbtrack.search_model_versions()) == 2


def test_a_name_that_no_model_can_have_costs_no_fit(autologged, caplog):
    """Said, and the model is kept."""
    nbtrack.sklearn.autolog(registered_model_name="a/b")
    with caplog.at_level(logging.WARNING, logger="nbtrack"):
        GaussianNB().fit(X, y)

    assert "could not register a model as 'a/b'" in caplog.text
    assert model_of(autologged.run()) == {"signature"}


def test_the_diagram_is_drawn_later(autologged):
    """`estimator.html` is there when somebody asks for it, and shows the params of the fit."""
    model = LogisticRegression(C=7, max_iter=300).fit(X, y)
    model.set_params(C=8)
    from nbtrack.base import background

    background.wait()
    text = nbtrack.artifacts.load_text(f"runs:/{autologged.run().info.run_id}/estimator.html")

    assert "LogisticRegression(C=7" in text
    assert ">Fitted<" in text
    assert vars(model).keys() == vars(LogisticRegression(max_iter=300).fit(X, y)).keys()


# --- in a notebook


@pytest.fixture
def cell(autologged):
    """What follows is in a tracked cell, as the notebook says it; autolog() was not called."""
    from nbtrack.hooks.autolog import HOOKS

    for switch in HOOKS.values():
        switch.forget()
    session = current_session()

    def begin():
        cell, facts = CellLine(), {"name": "cell", "experiment": None, "tags": {}}
        session.stack.enter_cell(cell)
        return session.start_cell_run(cell, **facts, start_us=now_us())

    yield begin
    session.stack.leave_cell(CellLine(), None)


def end(run):
    stack = current_session().stack
    stack.leave_cell(stack.cell(), None)
    run.end()


def test_tracked_cells_record_without_autolog(autologged, cell):
    """There and nowhere else."""
    follow_notebook("tracked cells")
    GaussianNB().fit(X, y)
    assert autologged.runs() == []
    run = cell()
    GaussianNB().fit(X, y)
    SVC().fit(X, y)
    end(run)
    GaussianNB().fit(X, y)

    assert [run.info.run_name for run in autologged.runs()] == ["cell", "GaussianNB", "SVC"]


def test_scores_of_a_later_cell(autologged, cell):
    """They go to the run that trained the model, whether or not that cell is tracked."""
    follow_notebook("tracked cells")
    run = cell()
    model = GaussianNB().fit(X, y)
    end(run)
    model.score(X, y)

    assert "GaussianNB_score_X" in autologged.run().data.metrics


def test_track_on_and_off(autologged, cell):
    """Off ends what on began, and nothing else."""
    follow_notebook("everywhere")
    GaussianNB().fit(X, y)
    follow_notebook("tracked cells")
    SVC().fit(X, y)
    assert [run.info.run_name for run in autologged.runs()] == ["GaussianNB"]
    nbtrack.autolog()
    follow_notebook("everywhere")
    follow_notebook("tracked cells")
    SVC().fit(X, y)

    assert [run.info.run_name for run in autologged.runs()] == ["GaussianNB", "SVC"]


def test_disable_outlives_the_notebooks_wishes(autologged, cell):
    """`autolog(disable=True)` holds in tracked cells too, until autolog() is called."""
    follow_notebook("tracked cells")
    nbtrack.autolog(disable=True)
    for scope in ("everywhere", "tracked cells", "everywhere"):
        follow_notebook(scope)
        run = cell()
        GaussianNB().fit(X, y)
        end(run)

    assert all(run.data.params == {} for run in autologged.runs())


def test_a_cell_opened_for_a_fit(autologged, cell, monkeypatch):
    """Under %track on the running cell becomes the run; several fits are its children."""
    session = current_session()
    opened = []
    monkeypatch.setattr(session, "open_cell_run", lambda: opened.append(cell()) or opened[-1])
    follow_notebook("everywhere")
    GaussianNB().fit(X, y)
    SVC().fit(X, y)
    end(opened[0])
    whole, *fits = autologged.runs()

    assert len(opened) == 1
    assert (whole.info.run_name, len(fits)) == ("cell", 2)
    assert {run.data.tags["mlflow.parentRunId"] for run in fits} == {whole.info.run_id}
