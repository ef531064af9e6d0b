"""`log_model` and `save_model`: everything that belongs to a model is kept, or nothing is."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import nbtrack
from nbtrack.errors import InvalidValue, ModelNotSaved, NbtrackError, RunDeleted
from nbtrack.models.digests import files_in, folder_digest
from nbtrack.models.saving import save_fitted
from nbtrack.recording.session import current_session


def folder_of(info) -> Path:
    return Path(nbtrack.artifacts.download_artifacts(info.model_uri))


def records(run_id):
    return current_session().store.list_artifact_records(run_id)


def test_a_logged_model_comes_back(logged, classifier, iris):
    """Equal to the one that was fitted, by the URI that log_model returned."""
    X, _ = iris
    loaded = nbtrack.sklearn.load_model(logged.model_uri)

    np.testing.assert_array_equal(loaded.predict_proba(X), classifier.predict_proba(X))
    assert logged.model_uri == f"models:/{logged.model_id}"


def test_every_file_is_recorded_with_its_digest(logged):
    """And one digest over all of them is a tag of the run, and in what log_model returned."""
    run = nbtrack.get_run(logged.run_id)
    recorded = {f.path.removeprefix("model/"): f.sha256 for f in records(logged.run_id)}

    assert recorded == files_in(folder_of(logged))
    assert folder_digest(recorded) == logged.digest == run.data.tags["nbtrack.model.model"]
    assert nbtrack.models.get_model_info(logged.model_uri) == logged


def test_the_run_and_the_time_are_in_the_mlmodel_file(logged):
    """So that a folder that was copied somewhere still says where it comes from."""
    content = yaml.safe_load((folder_of(logged) / "MLmodel").read_text())

    assert content["run_id"] == logged.run_id
    assert content["artifact_path"] == "model"
    assert content["model_size_bytes"] > 500
    assert len(content["model_uuid"]) == 32


def test_logging_again_replaces_the_model(logged, iris):
    """No file of the one before stays: not the example, which the new one does not have."""
    X, y = iris
    other = LogisticRegression(C=0.01).fit(X, y)
    with nbtrack.start_run(run_id=logged.run_id):
        info = nbtrack.sklearn.log_model(other, name="model", serialization_format="skops")

    assert "model.pkl" not in files_in(folder_of(info))
    assert {f.path for f in records(info.run_id)} == {
        f"model/{n}" for n in files_in(folder_of(info))
    }
    assert nbtrack.sklearn.load_model(info.model_uri).C == 0.01


def test_without_a_run_one_is_opened(classifier):
    """As for a metric."""
    info = nbtrack.sklearn.log_model(classifier, "model")

    assert nbtrack.active_run().info.run_id == info.run_id


def test_a_run_may_be_given_by_id(classifier):
    run_id = nbtrack.MlflowClient().create_run("0").info.run_id
    info = nbtrack.sklearn.log_model(classifier, name="deep/model", run_id=run_id)

    assert nbtrack.sklearn.load_model(f"runs:/{run_id}/deep/model").C == 1.0
    assert info.run_id == run_id


def test_an_example_gives_the_signature(classifier, iris):
    """Unless there is one, or none is wanted."""
    X, _ = iris
    with nbtrack.start_run():
        info = nbtrack.sklearn.log_model(classifier, name="a", input_example=X.head(2))
        bare = nbtrack.sklearn.log_model(
            classifier, name="b", input_example=X.head(2), signature=False
        )

    assert info.signature.inputs.input_names() == list(X.columns)
    assert str(info.signature.outputs) == "long"
    assert bare.signature is None


def test_another_method_may_be_the_one_that_predicts(classifier, iris):
    X, _ = iris
    with nbtrack.start_run():
        info = nbtrack.sklearn.log_model(
            classifier, name="m", pyfunc_predict_fn="predict_proba", input_example=X.head(2)
        )

    predicted = nbtrack.pyfunc.load_model(info.model_uri).predict(X)
    np.testing.assert_array_equal(predicted, classifier.predict_proba(X))


def test_what_describes_a_model_is_kept(classifier):
    """In its own file: metadata as MLflow does, the others in a part of our own."""
    with nbtrack.start_run():
        info = nbtrack.sklearn.log_model(
            classifier, name="m", metadata={"team": "a"}, params={"p": 1}, tags={"t": 2}, step=3
        )

    model = nbtrack.models.Model.load(info.model_uri)
    assert info.metadata == model.metadata == {"team": "a"}
    assert model.extra["nbtrack"] == {"params": {"p": "1"}, "tags": {"t": "2"}, "step": 3}


def test_save_fitted_is_log_model_for_hooks(classifier, iris):
    """Rows and predictions make the signature; nothing is predicted again."""
    X, _ = iris
    rows = X.head(5)
    with nbtrack.start_run() as run:
        info = save_fitted(
            run,
            classifier,
            "model",
            signature_rows=rows,
            predictions_of_rows=np.zeros(5, "int32"),
            input_example=rows,
        )

    assert str(info.signature.outputs) == "int32 of shape (-1,)"
    assert info.saved_input_example_info["type"] == "dataframe"
    assert nbtrack.sklearn.load_model(info.model_uri).coef_.shape == (3, 4)


class Locked(ClassifierMixin, BaseEstimator):
    """Holds what cannot be pickled, deep inside."""

    def fit(self, X, y):
        self.tools_ = {"lock": [threading.Lock()]}
        return self

    def predict(self, X):
        return np.zeros(len(X))


def test_what_cannot_be_pickled_is_named(iris):
    """By its place in the model; and nothing of the model is stored."""
    X, y = iris
    model = make_pipeline(FunctionTransformer(), Locked()).fit(X, y)
    with nbtrack.start_run() as run, pytest.raises(ModelNotSaved) as caught:
        nbtrack.sklearn.log_model(model, name="model")

    assert "model.steps[1][1].tools_['lock'][0] (a lock)" in str(caught.value)
    assert records(run.run_id) == []
    assert not Path(run.artifact_uri).exists()


def test_a_lambda_needs_cloudpickle(iris):
    """pickle keeps functions by name only; the error says what keeps them."""
    X, y = iris
    model = make_pipeline(FunctionTransformer(lambda x: x), LogisticRegression(max_iter=300))
    model.fit(X, y)
    with nbtrack.start_run(), pytest.raises(ModelNotSaved, match="cloudpickle"):
        nbtrack.sklearn.log_model(model, name="m", serialization_format="pickle")

    info = nbtrack.sklearn.log_model(model, name="m")
    assert nbtrack.sklearn.load_model(info.model_uri).predict(X).shape == (150,)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"name": "../m"}, "leaves the artifact folder"),
        ({"name": "/m"}, "absolute"),
        ({"name": "a", "artifact_path": "b"}, "not both"),
        ({"name": "m(1)"}, "letters, digits"),
        ({"serialization_format": "joblib"}, "'joblib'; there are 'cloudpickle'"),
        ({"signature": "x"}, "infer_signature"),
        ({"pip_requirements": [], "extra_pip_requirements": []}, "not both"),
        ({"pip_requirements": "nowhere.txt"}, "cannot read 'nowhere.txt'"),
        ({"pip_requirements": [3]}, "list of texts"),
        ({"conda_env": "nowhere.yaml"}, "cannot read 'nowhere.yaml'"),
        ({"conda_env": {}, "pip_requirements": []}, "not both"),
        ({"code_paths": "module.py"}, r"\['module.py'\]"),
        ({"code_paths": ["nowhere.py"]}, "no file"),
        ({"model_id": "m-1"}, "model_id"),
    ],
)
def test_wrong_arguments_are_refused_and_nothing_is_stored(classifier, arguments, match):
    with nbtrack.start_run() as run, pytest.raises(InvalidValue, match=match):
        nbtrack.sklearn.log_model(classifier, **arguments)

    assert records(run.run_id) == []


@pytest.mark.parametrize("model", [LogisticRegression, "model.pkl", None, {"a": 1}, 3])
def test_what_is_no_model_is_refused(model):
    with nbtrack.start_run(), pytest.raises(InvalidValue):
        nbtrack.sklearn.log_model(model, name="m")


def test_a_name_that_no_model_can_have_is_refused_before_anything_is_stored(classifier):
    """A model that was asked to be registered and is not would be missed in production."""
    with nbtrack.start_run() as run, pytest.raises(InvalidValue, match="registered_model_name"):
        nbtrack.sklearn.log_model(classifier, name="m", registered_model_name="a/b")

    assert records(run.run_id) == []


def test_a_deleted_run_takes_no_model(classifier):
    run_id = nbtrack.MlflowClient().create_run("0").info.run_id
    nbtrack.delete_run(run_id)

    with pytest.raises(RunDeleted):
        nbtrack.sklearn.log_model(classifier, name="m", run_id=run_id)


def test_a_model_without_predict_is_kept_but_not_served(iris, caplog):
    """A scaler can be loaded as what it is."""
    X, _ = iris
    with nbtrack.start_run():
        info = nbtrack.sklearn.log_model(FunctionTransformer().fit(X), name="scaler")

    assert "no predict" in caplog.text
    assert list(info.flavors) == ["sklearn"]
    assert nbtrack.sklearn.load_model(info.model_uri).transform(X).shape == X.shape
    with pytest.raises(NbtrackError, match="without a predict method"):
        nbtrack.pyfunc.load_model(info.model_uri)


def test_save_model_writes_a_new_folder_only(classifier, tmp_path):
    """What is there already is not mixed with a model."""
    nbtrack.sklearn.save_model(classifier, tmp_path / "a" / "m")
    with pytest.raises(InvalidValue, match="not empty"):
        nbtrack.sklearn.save_model(classifier, tmp_path / "a" / "m")

    (tmp_path / "empty").mkdir()
    nbtrack.sklearn.save_model(classifier, tmp_path / "empty")
    assert nbtrack.sklearn.load_model(tmp_path / "empty").C == 1.0
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["m"]


def test_a_save_that_fails_leaves_nothing(classifier, tmp_path, monkeypatch):
    """Neither half a model nor what was written of it under another name."""
    (tmp_path / "notes.txt").write_text("x")
    monkeypatch.setattr("shutil.copyfile", lambda *paths: (tmp_path / "gone").read_bytes())
    with pytest.raises(FileNotFoundError):
        nbtrack.sklearn.save_model(
            classifier, tmp_path / "a" / "m", extra_files=[tmp_path / "notes.txt"]
        )

    assert list((tmp_path / "a").iterdir()) == []


def test_a_full_disk_stops_no_training(classifier, caplog, monkeypatch):
    """As with any artifact: it is said, nothing is half-written, and no digest is claimed."""
    import nbtrack.artifact_store.staging as staging

    def full(descriptor, data):
        raise OSError(28, "No space left on device")

    with nbtrack.start_run() as run:
        monkeypatch.setattr(staging.os, "write", full)
        info = nbtrack.sklearn.log_model(classifier, name="m")
        monkeypatch.undo()

    assert "No space left" in caplog.text
    assert info.digest is None
    assert not list(Path(run.artifact_uri).rglob("*"))
    assert "nbtrack.model.m" not in nbtrack.get_run(run.run_id).data.tags


def test_a_large_model_says_what_it_costs(classifier, caplog, monkeypatch):
    """Once per fit, hundreds of megabytes fill a disk unseen."""
    monkeypatch.setattr("nbtrack.models.saving.LARGE", 1000)
    with nbtrack.start_run():
        nbtrack.sklearn.log_model(classifier, name="m")

    assert "MB of disk" in caplog.text
    assert "log_models=False" in caplog.text


def test_extra_files_and_code_go_along(classifier, tmp_path):
    """Under the names that MLflow gives them; caches of Python are left out."""
    package = tmp_path / "tools"
    (package / "__pycache__").mkdir(parents=True)
    (package / "__pycache__" / "x.pyc").write_text("")
    (package / "__init__.py").write_text("")
    (tmp_path / "notes.txt").write_text("read me")
    with nbtrack.start_run():
        info = nbtrack.sklearn.log_model(
            classifier,
            name="m",
            code_paths=[package],
            extra_files=[tmp_path / "notes.txt"],
        )

    kept = set(files_in(folder_of(info)))
    assert {"code/tools/__init__.py", "extra_files/notes.txt"} <= kept
    assert info.flavors["sklearn"]["extra_files"] == [{"path": "extra_files/notes.txt"}]
    assert not any("pycache" in path.as_posix() for path in folder_of(info).rglob("*"))


def test_a_frame_with_missing_values_is_a_valid_example(classifier):
    """JSON has no NaN."""
    example = pd.DataFrame({"a": [1.0, None]})
    with nbtrack.start_run():
        info = nbtrack.sklearn.log_model(
            classifier, name="m", input_example=example, signature=False
        )

    assert (folder_of(info) / "input_example.json").read_text().count("null") == 1
