"""`nbtrack.models`: the file of a model, its example, and changes of what was logged."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import sparse
from sklearn.dummy import DummyClassifier

import nbtrack
from nbtrack.errors import InvalidValue, ModelNotFound
from nbtrack.models import Model, infer_signature

X = pd.DataFrame({"a": [1.0, 2.0]})


def log(**arguments):
    model = DummyClassifier().fit([[0], [1]], [0, 1])
    with nbtrack.start_run():
        return nbtrack.sklearn.log_model(model, name="model", **arguments)


UNWRITABLE = {
    "Decimal": Decimal("1.5"), "Timedelta": pd.Timedelta("1h"), "Period": pd.Period("2024-01"),
    "Interval": pd.Interval(0, 1), "complex": 1j, "object": object(), "function": len,
}  # fmt: skip


WRAPS = {
    "cell": lambda v: pd.DataFrame({"a": [v]}),
    "item": lambda v: {"a": v},
    "bare": lambda v: v,
}


@pytest.mark.parametrize("name", UNWRITABLE)
@pytest.mark.parametrize("wrap", WRAPS)
def test_an_example_that_cannot_be_written_does_not_cost_the_model(name, wrap, caplog):
    """It is stored without, which is said every time."""
    info = log(input_example=WRAPS[wrap](UNWRITABLE[name]))

    assert nbtrack.sklearn.load_model(info.model_uri).predict([[0]])[0] == 0
    assert info.saved_input_example_info is None
    assert "without its input example" in caplog.text


def test_an_example_that_the_model_does_not_take_costs_the_signature(caplog):
    info = log(input_example=dt.time(3))

    assert (info.signature, info.saved_input_example_info["type"]) == (None, "json_object")
    assert "without a signature" in caplog.text


def test_an_image_as_example_does_not_cost_the_model():
    info = log(input_example=Image.new("RGB", (2, 2)))

    assert info.saved_input_example_info is None


def test_what_yaml_does_not_know_in_metadata_is_kept_as_it_can_be():
    info = log(metadata={"score": np.float64(0.5), "at": dt.time(3), "shape": (1, 2)})

    assert Model.load(info.model_uri).metadata == {"score": 0.5, "at": "03:00:00", "shape": [1, 2]}


EXAMPLES = {
    "frame": pd.DataFrame({"a": np.array([1], "int32"), "t": pd.to_datetime(["2024-01-01"])}),
    "array": np.ones((2, 3), "float32"),
    "arrays": {"a": np.ones(2, "int8"), "b": np.zeros((1, 2))},
    "sparse": sparse.csr_matrix(np.eye(3)),
    "rows": [{"a": 1, "b": "x"}],
    "text": "a",
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_comes_back_as_it_was(name):
    """In its types, which the signature has; JSON knows fewer."""
    example = EXAMPLES[name]
    info = log(input_example=example, signature=infer_signature(example))
    found = Model.load(info.model_uri).load_input_example()

    if name == "frame":
        pd.testing.assert_frame_equal(found, example)
    elif name == "sparse":
        assert (found != example).nnz == 0
    else:
        np.testing.assert_equal(found, example)


def test_an_example_with_params_and_the_request_that_it_is():
    info = log(input_example=(X, {"k": 3}), signature=infer_signature(X, params={"k": 3}))
    model = Model.load(info.model_uri)

    assert model.load_input_example_params() == {"k": 3}
    assert json.loads(model.get_serving_input())["params"] == {"k": 3}
    assert nbtrack.models.validate_serving_input(info.model_uri, model.get_serving_input())[0] == 0


def test_a_missing_example_is_said(tmp_path):
    nbtrack.sklearn.save_model(DummyClassifier(), tmp_path / "m", input_example=X)
    (tmp_path / "m" / "input_example.json").unlink()

    with pytest.raises(ModelNotFound, match="example"):
        Model.load(tmp_path / "m").load_input_example(tmp_path / "m")


def test_a_model_is_equal_to_what_is_read_of_its_file(tmp_path):
    model = Model(artifact_path="m", run_id="1", signature=infer_signature(X), metadata={"a": 1})
    model.add_flavor("mine", data="x").save(tmp_path / "MLmodel")

    assert Model.load(tmp_path / "MLmodel") == Model.load(tmp_path) == model
    assert Model() != model


def test_another_signature_for_a_model_of_a_run():
    """Its digest goes with it: the model still loads."""
    info, signature = log(), infer_signature(X, params={"k": 1})
    nbtrack.models.set_signature(info.model_uri, signature)

    assert nbtrack.models.get_model_info(info.model_uri).signature == signature
    assert nbtrack.pyfunc.load_model(info.model_uri).input_schema == signature.inputs
    tags = nbtrack.get_run(info.run_id).data.tags
    assert tags["nbtrack.model.model"] == nbtrack.models.get_model_info(info.model_uri).digest


def test_another_signature_for_a_saved_model(tmp_path):
    nbtrack.sklearn.save_model(DummyClassifier(), tmp_path / "m")
    nbtrack.models.set_signature(tmp_path / "m", infer_signature(X))

    assert Model.load(tmp_path / "m").signature == infer_signature(X)


def test_a_registered_version_keeps_its_signature():
    nbtrack.register_model(log().model_uri, "frozen")

    with pytest.raises(InvalidValue, match="never changed"):
        nbtrack.models.set_signature("models:/frozen/1", infer_signature(X))


def test_requirements_are_added_and_removed():
    info = log()
    change = nbtrack.models.update_model_requirements
    change(info.model_uri, "add", ["tqdm==4.0", "numpy==1.0"])
    change(info.model_uri, "remove", ["scipy"])
    lines = Path(nbtrack.pyfunc.get_model_dependencies(info.model_uri)).read_text().splitlines()

    assert {"tqdm==4.0", "numpy==1.0"} <= set(lines)
    assert not any(line.startswith(("scipy", "numpy==2")) for line in lines)
    assert nbtrack.sklearn.load_model(info.model_uri) is not None
    with pytest.raises(InvalidValue, match="'add' or 'remove'"):
        change(info.model_uri, "drop", [])


class Threshold:
    """A flavour of one's own: a number in a file."""

    @staticmethod
    def save_model(path, mlflow_model, threshold):
        Path(path).mkdir()
        (Path(path) / "number.txt").write_text(str(threshold))
        nbtrack.pyfunc.add_to_model(mlflow_model, loader_module=__name__, data="number.txt")
        mlflow_model.save(Path(path) / "MLmodel")


def _load_pyfunc(path):
    class Loaded:
        def predict(self, data):
            return [value > float(Path(path).read_text()) for value in data]

        def predict_stream(self, data):
            yield from self.predict(data)

    return Loaded()


def test_a_flavour_of_ones_own():
    with nbtrack.start_run() as run:
        info = Model.log(
            "mine", Threshold, threshold=2, metadata={"a": 1}, registered_model_name="mine"
        )

    assert (info.run_id, info.registered_model_version, info.metadata) == (run.run_id, 1, {"a": 1})
    assert nbtrack.pyfunc.load_model("models:/mine/1").predict([1, 3]) == [False, True]


def test_a_flavour_of_nbtrack_by_model_log():
    with nbtrack.start_run():
        info = Model.log(
            "m", nbtrack.sklearn, sk_model=DummyClassifier().fit([[0]], [1]), tags={"t": 2}
        )

    assert nbtrack.sklearn.load_model(info.model_uri).predict([[0]])[0] == 1
    assert Model.load(info.model_uri).extra["nbtrack"] == {"tags": {"t": "2"}}


def test_a_module_that_loads_data(tmp_path):
    (tmp_path / "number.txt").write_text("2")
    nbtrack.pyfunc.save_model(
        tmp_path / "m", loader_module=__name__, data_path=tmp_path / "number.txt", streamable=True
    )
    model = nbtrack.pyfunc.load_model(tmp_path / "m")

    assert model.predict([1, 3]) == list(model.predict_stream([1, 3])) == [False, True]
    with pytest.raises(InvalidValue, match="two ways"):
        nbtrack.pyfunc.save_model(tmp_path / "n", loader_module="a", python_model=len)


def test_predictions_without_a_server(tmp_path, capsys):
    info = log(signature=infer_signature(X))
    (tmp_path / "rows.csv").write_text("a\n1.5\n2.5\n")
    predict = nbtrack.models.predict
    predict(info.model_uri, input_data=X)
    predict(info.model_uri, input_path=tmp_path / "rows.csv", content_type="csv",
            output_path=tmp_path / "out.json")  # fmt: skip

    assert json.loads(capsys.readouterr().out) == {"predictions": [0, 0]}
    assert json.loads((tmp_path / "out.json").read_text()) == {"predictions": [0, 0]}
    with pytest.raises(InvalidValue, match="makes no environments"):
        predict(info.model_uri, X, env_manager="virtualenv")


def test_what_every_model_needs():
    assert any(
        line.startswith("scikit-learn==") for line in nbtrack.sklearn.get_default_pip_requirements()
    )
    assert "dependencies" in nbtrack.pyfunc.get_default_conda_env()
