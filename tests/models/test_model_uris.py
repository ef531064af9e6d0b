"""Where a model is looked for, and what is said when it is not there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import nbtrack
from nbtrack.errors import InvalidValue, ModelNotFound, NbtrackError, RunNotFound

load = nbtrack.sklearn.load_model


@pytest.fixture
def copy(logged, tmp_path) -> Path:
    folder = Path(nbtrack.artifacts.download_artifacts(logged.model_uri))
    return Path(shutil.copytree(folder, tmp_path / "a model"))


def test_paths_and_file_uris(copy, monkeypatch):
    """Also relative ones, and with a space in them."""
    monkeypatch.chdir(copy.parent)

    for name in (copy, str(copy), f"{copy}/", copy.as_uri(), "a model", "./a model"):
        assert load(name).C == 1.0


def test_a_slash_at_the_end_of_a_run_uri_is_forgiven(logged):
    assert load(f"{logged.model_uri}/").C == 1.0


def test_a_model_of_an_open_run_can_be_loaded(classifier):
    """Before anything is folded into the database."""
    with nbtrack.start_run():
        info = nbtrack.sklearn.log_model(classifier, name="m")
        assert load(info.model_uri).C == 1.0


def test_a_wrong_name_is_told_the_right_ones(logged):
    with pytest.raises(ModelNotFound, match=r"no model 'modle'. It has 'model'"):
        load(f"runs:/{logged.run_id}/modle")


def test_an_artifact_that_is_no_model(logged):
    nbtrack.MlflowClient().log_text(logged.run_id, "x", "notes/a.txt")

    with pytest.raises(ModelNotFound, match="no file MLmodel"):
        load(f"runs:/{logged.run_id}/notes")


@pytest.mark.parametrize(
    ("uri", "error", "match"),
    [
        (f"runs:/{'0' * 32}/model", RunNotFound, "0000"),
        (f"runs:/{'0' * 32}", InvalidValue, "runs:/<run id>/<path>"),
        ("runs:/nonsense/model", RunNotFound, "nonsense"),
        ("models:/churn/1", ModelNotFound, "No registered model 'churn'"),
        ("s3://bucket/model", InvalidValue, "s3: location"),
        ("nowhere", ModelNotFound, "no file MLmodel"),
        ("file:///nowhere", ModelNotFound, "/nowhere"),
    ],
)
def test_what_is_not_there_is_a_clear_error(uri, error, match):
    with pytest.raises(error, match=match):
        load(uri)


def test_a_damaged_mlmodel_is_named(copy):
    for text in ("flavors: [", "[]", "flavors: 3", ""):
        (copy / "MLmodel").write_text(text)
        with pytest.raises(NbtrackError, match="MLmodel' is damaged"):
            load(copy)


def test_dst_path_gets_a_copy(logged, tmp_path):
    """As in MLflow: the folder must exist, and what is in it stays."""
    (tmp_path / "into").mkdir()

    assert load(logged.model_uri, tmp_path / "into").C == 1.0
    assert (tmp_path / "into" / "model" / "MLmodel").is_file()
    with pytest.raises(InvalidValue, match="exists"):
        load(logged.model_uri, tmp_path / "into")
    with pytest.raises(InvalidValue, match="no folder"):
        load(logged.model_uri, tmp_path / "nowhere")
