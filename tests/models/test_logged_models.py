"""Logged models: where their files are, what belongs to them, and what takes them along."""

from __future__ import annotations

import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

import nbtrack
from nbtrack.errors import InvalidValue, LoggedModelNotFound, ModelNotFound, ModelNotSaved
from nbtrack.recording.session import current_session

X, Y = [[0.0], [1.0]], [0, 1]


def fitted(C: float) -> LogisticRegression:
    return LogisticRegression(C=C).fit(X, Y)


def names(**search) -> list[str]:
    return [model.name for model in nbtrack.search_logged_models(**search, output_format="list")]


def C_of(uri: str) -> float:
    return nbtrack.sklearn.load_model(uri).C


# --- files


def test_a_logged_model_is_the_folder_in_its_run(logged):
    """Nothing is stored twice, and its MLmodel says which model it is."""
    model = nbtrack.get_logged_model(logged.model_id)
    run = nbtrack.get_run(logged.run_id)

    assert model.artifact_location == f"{run.info.artifact_uri}/model"
    assert nbtrack.models.get_model_info(logged.model_uri).model_id == model.model_id
    assert nbtrack.models.get_model_info(model.model_uri).digest == logged.digest


def test_logged_again_each_model_keeps_what_was_logged():
    """The run's URI names the newest; the files of the earlier one move out, and are checked."""
    with nbtrack.start_run() as run:
        first = nbtrack.sklearn.log_model(fitted(1.0), name="m", params={"C": 1})
        second = nbtrack.sklearn.log_model(fitted(2.0), name="m")
    loaded = [C_of(info.model_uri) for info in (first, second)]
    assert (loaded, C_of(f"runs:/{run.run_id}/m")) == ([1.0, 2.0], 2.0)

    earlier = nbtrack.get_logged_model(first.model_id)
    assert (earlier.name, earlier.params, earlier.experiment_id) == ("m", {"C": "1"}, "0")
    assert [f.path for f in nbtrack.MlflowClient().list_artifacts(run.run_id)] == ["m"]
    assert nbtrack.models.get_model_info(earlier.model_uri).digest == first.digest


def test_logged_again_each_model_keeps_its_example():
    """Also where its MLmodel file is asked, without a word of where it is."""
    with nbtrack.start_run():
        infos = [
            nbtrack.sklearn.log_model(fitted(1.0), name="m", input_example=pd.DataFrame({"x": [n]}))
            for n in (1.0, 2.0)
        ]
    models = [nbtrack.models.Model.load(info.model_uri) for info in infos]

    assert [model.load_input_example()["x"].tolist() for model in models] == [[1.0], [2.0]]


def test_a_copied_folder_is_not_mistaken_for_the_model_it_names(logged, project):
    """What is logged over it is a new model, and the first one stays where it is."""
    place = nbtrack.get_logged_model(logged.model_id).artifact_location
    with nbtrack.start_run():
        nbtrack.log_artifacts(place, "model")
        info = nbtrack.sklearn.log_model(fitted(3.0), name="model")
    assert nbtrack.get_logged_model(logged.model_id).artifact_location == place
    assert info.model_id != logged.model_id


def test_an_initialized_model_has_a_place_of_its_own():
    """Whatever is logged to it goes there; the run it was written in finds it by its name."""
    begun = nbtrack.initialize_logged_model(name="begun")
    with pytest.raises(ModelNotFound, match="Nothing was logged"):
        nbtrack.sklearn.load_model(begun.model_uri)
    with nbtrack.start_run() as run:
        info = nbtrack.sklearn.log_model(fitted(2.0), model_id=begun.model_id, step=3)
    model, found = nbtrack.get_logged_model(begun.model_id), nbtrack.get_run(run.run_id)

    assert (info.model_uri, model.status) == (begun.model_uri, "READY")
    assert [(o.model_id, o.step) for o in found.outputs.model_outputs] == [(begun.model_id, 3)]
    assert C_of(begun.model_uri) == C_of(f"runs:/{run.run_id}/begun") == 2.0
    assert C_of(model.artifact_location) == 2.0


def test_no_run_is_opened_for_a_model_that_was_initialized():
    """It has a place to be in."""
    begun = nbtrack.initialize_logged_model(name="begun")
    nbtrack.sklearn.log_model(fitted(2.0), model_id=begun.model_id)

    assert nbtrack.active_run() is None
    assert nbtrack.get_logged_model(begun.model_id).source_run_id is None


def test_a_model_that_cannot_be_written_has_failed():
    """One that was initialized; otherwise there is none."""
    begun = nbtrack.initialize_logged_model(name="begun")
    cannot = GaussianNB().fit(X, Y)
    cannot.lock = __import__("threading").Lock()
    with pytest.raises(ModelNotSaved):
        nbtrack.sklearn.log_model(cannot, model_id=begun.model_id)
    with nbtrack.start_run(), pytest.raises(ModelNotSaved):
        nbtrack.sklearn.log_model(cannot, name="other")

    assert nbtrack.get_logged_model(begun.model_id).status == "FAILED"
    assert names() == ["begun"]


def test_an_experiment_with_a_place_of_its_own_has_its_models_there(tmp_path):
    """As its runs."""
    experiment = nbtrack.create_experiment("elsewhere", artifact_location=str(tmp_path / "there"))
    model = nbtrack.MlflowClient().create_logged_model(experiment, name="m")
    nbtrack.sklearn.log_model(fitted(2.0), model_id=model.model_id)

    found = nbtrack.get_logged_model(model.model_id)
    assert found.artifact_location == f"{tmp_path}/there/models/{model.model_id}/artifacts"
    assert C_of(found.model_uri) == 2.0


def test_a_project_that_was_moved_finds_its_models(logged, project, tmp_path):
    """Both those in runs and those with a place of their own."""
    own = nbtrack.initialize_logged_model(name="own")
    nbtrack.sklearn.log_model(fitted(2.0), model_id=own.model_id)
    current_session().store.close()
    project.rename(tmp_path / "moved")
    nbtrack.set_tracking_uri(tmp_path / "moved")

    assert [C_of(f"models:/{each}") for each in (logged.model_id, own.model_id)] == [1.0, 2.0]


# --- points


def test_what_names_a_model_is_of_that_one_only():
    """Other points of the run's step are of all that it made at that step."""
    with nbtrack.start_run():
        one = nbtrack.sklearn.log_model(fitted(1.0), name="one")
        two = nbtrack.sklearn.log_model(fitted(1.0), name="two")
        nbtrack.log_metric("both", 1.0)
        nbtrack.log_metric("first", 1.0, model_id=one.model_id)
    measured = {
        info.name: [point.key for point in nbtrack.get_logged_model(info.model_id).metrics]
        for info in (one, two)
    }
    assert measured == {"one": ["both", "first"], "two": ["both"]}


def test_points_of_a_batch_name_their_model():
    """As `Metric` has it."""
    model = nbtrack.create_external_model(name="m")
    point = nbtrack.entities.Metric("a", 0.5, 1000, 2, model_id=model.model_id, dataset_name="d")
    with nbtrack.start_run() as run:
        nbtrack.MlflowClient().log_batch(run.run_id, metrics=[point])
    (found,) = nbtrack.get_logged_model(model.model_id).metrics

    assert found == point._replace(run_id=run.run_id)
    assert nbtrack.get_run(run.run_id).data.metrics == {"a": 0.5}


def test_the_active_model_is_that_of_its_thread():
    """A thread begins without one."""
    from concurrent.futures import ThreadPoolExecutor

    with nbtrack.set_active_model(name="m"), ThreadPoolExecutor() as pool:
        assert pool.submit(nbtrack.get_active_model_id).result() is None


@pytest.mark.parametrize("model_id", ["model", "m-1", 7])
def test_what_is_no_model_id_is_refused(model_id):
    """At once, and nothing is logged."""
    client = nbtrack.MlflowClient()
    with nbtrack.start_run() as run, pytest.raises(InvalidValue, match="model_id"):
        client.log_metric(run.run_id, "a", 1.0, model_id=model_id)
    with pytest.raises(InvalidValue, match="model_id"):
        client.get_logged_model(model_id)
    assert nbtrack.get_run(run.run_id).data.metrics == {}


# --- what goes with what


def test_a_model_goes_with_its_run(logged):
    """Hidden while the run is deleted, back with it, and gone when it is removed for good."""
    other = nbtrack.create_external_model(name="outside")
    nbtrack.delete_run(logged.run_id)
    assert names() == ["outside"]
    with pytest.raises(LoggedModelNotFound):
        nbtrack.get_logged_model(logged.model_id)
    nbtrack.MlflowClient().restore_run(logged.run_id)
    assert names() == ["outside", "model"]

    nbtrack.delete_run(logged.run_id)
    current_session().store.remove_runs([logged.run_id])
    assert list(nbtrack.sql("select model_id from logged_models")["model_id"]) == [other.model_id]


def test_a_model_is_in_the_experiment_of_its_run():
    """And goes there with it."""
    with nbtrack.start_run() as run:
        nbtrack.sklearn.log_model(fitted(1.0), name="m")
        run.move_to(nbtrack.set_experiment("later"))
    assert names() == ["m"]
    assert names(experiment_ids=["0"]) == []


def test_runs_and_their_keys_know_nothing_of_models(logged):
    """A search over runs sees what it saw before there were logged models."""
    model = nbtrack.initialize_logged_model(name="m", params={"own": 1}, tags={"own": 1})
    nbtrack.sklearn.log_model(fitted(1.0), model_id=model.model_id)
    nbtrack.log_metric("a", 1.0, model_id=model.model_id, run_id=logged.run_id)
    for _ in range(2):  # from the journals, and from the database
        frame = nbtrack.search_runs()
        assert list(frame["run_id"]) == [logged.run_id]
        assert not [name for name in frame.columns if "own" in name]
        assert list(nbtrack.sql("select run_id from runs")["run_id"]) == [logged.run_id]
        current_session().store.fold()


@pytest.mark.parametrize(
    "change",
    [
        lambda model_id: nbtrack.set_logged_model_tags(model_id, {"a": 1}),
        lambda model_id: nbtrack.log_model_params({"a": 1}, model_id=model_id),
        lambda model_id: nbtrack.finalize_logged_model(model_id, "READY"),
        lambda model_id: nbtrack.delete_logged_model_tag(model_id, "a"),
        lambda model_id: nbtrack.delete_logged_model(model_id),
    ],
)
def test_a_deleted_model_is_not_changed(change):
    model = nbtrack.create_external_model(name="m", tags={"a": 1})
    nbtrack.delete_logged_model(model.model_id)
    with pytest.raises(LoggedModelNotFound):
        change(model.model_id)
