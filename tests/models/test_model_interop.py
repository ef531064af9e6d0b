"""With the real MLflow: what one saved, the other loads, and both predict the same."""

from __future__ import annotations

import inspect
import json
import warnings

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import nbtrack

mlflow = pytest.importorskip("mlflow")
pytest.importorskip("mlflow.sklearn")

FORMATS = ["cloudpickle", "pickle", "skops"]


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture(scope="module")
def forest(iris):
    X, y = iris
    return RandomForestClassifier(5, random_state=0).fit(X, y)


@pytest.fixture(scope="module")
def mixed():
    """A pipeline over numbers and texts, and its data."""
    X = pd.DataFrame(
        {"size": [1.0, 2.0, 3.0, 4.0], "kind": ["a", "b", "a", "b"], "n": [1, 2, 3, 4]}
    )
    columns = make_column_transformer(
        (StandardScaler(), ["size", "n"]), (OneHotEncoder(), ["kind"])
    )
    return make_pipeline(columns, RandomForestClassifier(3, random_state=0)).fit(X, [0, 1, 0, 1]), X


@pytest.mark.parametrize("serialization_format", FORMATS)
def test_mlflow_loads_what_nbtrack_saved(forest, iris, tmp_path, serialization_format):
    """As an estimator and as a python_function, whatever the format."""
    X, _ = iris
    signature = nbtrack.models.infer_signature(X, forest.predict(X))
    nbtrack.sklearn.save_model(
        forest, tmp_path / "m", signature=signature, serialization_format=serialization_format
    )

    estimator = mlflow.sklearn.load_model(str(tmp_path / "m"))
    pyfunc = mlflow.pyfunc.load_model(str(tmp_path / "m"))

    np.testing.assert_array_equal(estimator.predict_proba(X), forest.predict_proba(X))
    np.testing.assert_array_equal(pyfunc.predict(X), forest.predict(X))


@pytest.mark.parametrize("serialization_format", ["cloudpickle", "pickle"])
def test_nbtrack_loads_what_mlflow_saved(forest, iris, tmp_path, serialization_format):
    """With MLflow's signature enforced."""
    X, _ = iris
    signature = mlflow.models.infer_signature(X, forest.predict(X))
    mlflow.sklearn.save_model(
        forest,
        str(tmp_path / "m"),
        signature=signature,
        serialization_format=serialization_format,
        pip_requirements=[],
    )

    estimator = nbtrack.sklearn.load_model(tmp_path / "m")
    pyfunc = nbtrack.pyfunc.load_model(tmp_path / "m")

    np.testing.assert_array_equal(estimator.predict_proba(X), forest.predict_proba(X))
    np.testing.assert_array_equal(pyfunc.predict(X), forest.predict(X))
    with pytest.raises(nbtrack.errors.InputMismatch, match="petal width"):
        pyfunc.predict(X.iloc[:, :3])


def test_a_skops_forest_saved_by_mlflow_loads(forest, iris, tmp_path):
    """The case that MLflow itself refuses unless every inner type is listed by hand."""
    X, _ = iris
    types = ["sklearn.tree._tree.Tree"]
    mlflow.sklearn.save_model(
        forest,
        str(tmp_path / "m"),
        serialization_format="skops",
        skops_trusted_types=types,
        pip_requirements=[],
    )

    loaded = nbtrack.sklearn.load_model(tmp_path / "m")

    np.testing.assert_array_equal(loaded.predict(X), forest.predict(X))


def test_a_pipeline_over_mixed_columns_predicts_the_same(mixed, tmp_path):
    """Texts, whole numbers and floats, each way."""
    model, X = mixed
    signature = nbtrack.models.infer_signature(X, model.predict(X))
    nbtrack.sklearn.save_model(model, tmp_path / "ours", signature=signature, input_example=X)
    mlflow.sklearn.save_model(
        model,
        str(tmp_path / "theirs"),
        signature=mlflow.models.infer_signature(X, model.predict(X)),
        serialization_format="cloudpickle",
        pip_requirements=[],
    )

    for load in (mlflow.pyfunc.load_model, nbtrack.pyfunc.load_model):
        for folder in ("ours", "theirs"):
            predicted = load(str(tmp_path / folder)).predict(X)
            np.testing.assert_array_equal(predicted, model.predict(X))


def test_mlflow_reads_a_logged_model_from_its_run_folder(logged, classifier, iris):
    """The artifacts of a run are plain files: MLflow needs nothing of nbtrack's."""
    X, _ = iris
    folder = nbtrack.artifacts.download_artifacts(logged.model_uri)

    found = mlflow.models.Model.load(folder)

    assert found.run_id == logged.run_id
    assert found.model_uuid == logged.model_uuid
    assert found.signature.to_dict() == logged.signature_dict
    predicted = mlflow.pyfunc.load_model(folder).predict(X)
    np.testing.assert_array_equal(predicted, classifier.predict(X))


def test_the_folder_has_the_files_and_keys_that_mlflow_writes(classifier, iris, tmp_path):
    """Names of files and of keys in MLmodel, so that other readers of the format are served."""
    X, _ = iris
    given = {"input_example": X.head(2), "serialization_format": "cloudpickle"}
    nbtrack.sklearn.save_model(classifier, tmp_path / "ours", **given)
    mlflow.sklearn.save_model(classifier, str(tmp_path / "theirs"), pip_requirements=[], **given)
    ours, theirs = (
        yaml.safe_load((tmp_path / name / "MLmodel").read_text()) for name in ("ours", "theirs")
    )

    assert names(tmp_path / "ours") == names(tmp_path / "theirs")
    for flavor in ("sklearn", "python_function"):
        assert set(ours["flavors"][flavor]) == set(theirs["flavors"][flavor])
    assert ours["saved_input_example_info"] == theirs["saved_input_example_info"]
    assert ours["signature"]["inputs"] == theirs["signature"]["inputs"]


EXAMPLES = {
    "frame": pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}),
    "missing values": pd.DataFrame({"a": [1.5, None], "b": ["x", None]}),
    "unnamed frame": pd.DataFrame([[1, 2]]),
    "array": np.ones((2, 2)),
    "arrays": {"a": np.ones(2)},
    "dict": {"a": 1, "b": [1]},
    "list": [1, 2],
    "rows": [{"a": 1}],
    "text": "x",
    "with params": (pd.DataFrame({"a": [1]}), {"p": 2}),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_mlflow_reads_our_input_examples(name, tmp_path):
    """What MLflow shows and sends to a server is the example that was given."""
    save = nbtrack.pyfunc.save_model
    save(tmp_path / "m", python_model=Echo(), input_example=EXAMPLES[name], signature=False)
    theirs = mlflow.models.utils._Example(EXAMPLES[name])

    found = mlflow.models.Model.load(str(tmp_path / "m"))

    assert found.saved_input_example_info == theirs.info
    ours = json.loads((tmp_path / "m" / "input_example.json").read_text())
    request = json.loads((tmp_path / "m" / "serving_input_example.json").read_text())
    assert ours == without_nan(json.loads(theirs.json_input_example))
    assert request == without_nan(json.loads(theirs.json_serving_input))


class Echo(nbtrack.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input


class Scaled(nbtrack.pyfunc.PythonModel):
    """Reads its factor from an artifact."""

    def load_context(self, context):
        with open(context.artifacts["factor"]) as file:
            self.factor = float(file.read())

    def predict(self, context, model_input, params=None):
        return model_input["a"].to_numpy() * self.factor + (params or {}).get("offset", 0.0)


def test_mlflow_loads_our_python_models(tmp_path):
    """With their artifacts and parameters."""
    (tmp_path / "factor.txt").write_text("3")
    X = pd.DataFrame({"a": [1.0, 2.0]})
    signature = nbtrack.models.infer_signature(X, X["a"].to_numpy(), params={"offset": 0.0})
    nbtrack.pyfunc.save_model(
        tmp_path / "m",
        python_model=Scaled(),
        artifacts={"factor": tmp_path / "factor.txt"},
        signature=signature,
        code_paths=[__file__],
    )

    theirs = mlflow.pyfunc.load_model(str(tmp_path / "m"))
    ours = nbtrack.pyfunc.load_model(tmp_path / "m")

    for model in (theirs, ours):
        assert model.predict(X).tolist() == [3.0, 6.0]
        assert model.predict(X, params={"offset": 1.0}).tolist() == [4.0, 7.0]


def test_nbtrack_loads_python_models_of_mlflow(tmp_path):
    """Also those that predict without a context."""

    class Doubled(mlflow.pyfunc.PythonModel):
        def predict(self, model_input):
            return [2 * value for value in model_input["a"]]

    X = pd.DataFrame({"a": [1.0, 2.0]})
    signature = mlflow.models.infer_signature(X, [2.0])
    mlflow.pyfunc.save_model(
        str(tmp_path / "m"), python_model=Doubled(), signature=signature, pip_requirements=[]
    )

    assert nbtrack.pyfunc.load_model(tmp_path / "m").predict(X) == [2.0, 4.0]


def test_a_signature_made_by_mlflow_is_taken(classifier, iris):
    """Code that imports infer_signature from mlflow goes on working."""
    X, _ = iris
    theirs = mlflow.models.infer_signature(X, classifier.predict(X), params={"k": [1, 2]})
    with nbtrack.start_run():
        info = nbtrack.sklearn.log_model(classifier, name="model", signature=theirs)

    assert info.signature_dict == theirs.to_dict()


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def without_nan(value):
    if isinstance(value, dict):
        return {name: without_nan(each) for name, each in value.items()}
    if isinstance(value, list):
        return [without_nan(each) for each in value]
    return None if isinstance(value, float) and value != value else value


@pytest.mark.parametrize("name", ["log_model", "save_model", "load_model"])
def test_arguments_are_mlflows_in_their_order(name):
    """Calls with positional arguments mean the same."""
    theirs = list(inspect.signature(getattr(mlflow.sklearn, name)).parameters)
    ours = list(inspect.signature(getattr(nbtrack.sklearn, name)).parameters)
    theirs = [each for each in theirs if each != "kwargs"]

    assert ours[: len(theirs)] == theirs
