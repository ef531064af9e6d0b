"""ONNX's models: what MLflow saved loads here, and the other way round."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest
import yaml

import nbtrack
from nbtrack.errors import InvalidValue, ModelNotLoaded

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
helper, FLOAT = onnx.helper, onnx.TensorProto.FLOAT
X = np.linspace(-1, 1, 15, dtype=np.float32).reshape(5, 3)


def made(*nodes, inputs, outputs, weights=()):
    values = {name: helper.make_tensor_value_info(name, FLOAT, s) for name, s in inputs.items()}
    ends = [helper.make_tensor_value_info(name, FLOAT, s) for name, s in outputs.items()]
    kept = [onnx.numpy_helper.from_array(array, name) for name, array in weights]
    graph = helper.make_graph(list(nodes), "made", list(values.values()), ends, initializer=kept)
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9)


@pytest.fixture
def model():
    """X @ W, of 3 columns into one; the weights are big enough to be in a file of their own."""
    rng = np.random.default_rng(0)
    wide, narrow = (rng.normal(size=size).astype(np.float32) for size in ((3, 400), (400, 1)))
    return made(
        helper.make_node("MatMul", ["x", "wide"], ["between"]),
        helper.make_node("MatMul", ["between", "narrow"], ["y"]),
        inputs={"x": [None, 3]}, outputs={"y": [None, 1]},
        weights=[("wide", wide), ("narrow", narrow)],
    )  # fmt: skip


@pytest.fixture
def sum_of_two():
    return made(
        helper.make_node("Add", ["a", "b"], ["sum"]),
        inputs={"a": [None], "b": [None]}, outputs={"sum": [None]},
    )  # fmt: skip


def answers(model, **fed):
    import onnxruntime

    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, fed)[0]


def save(model, folder, **kwargs):
    nbtrack.onnx.save_model(model, folder, **kwargs)
    return str(folder)


def test_a_saved_model_answers_arrays_dicts_and_frames(model, tmp_path):
    """Doubles too, which requests bring."""
    loaded = nbtrack.pyfunc.load_model(save(model, tmp_path / "m"))
    expected = answers(model, x=X)

    np.testing.assert_array_equal(loaded.predict(X)["y"], expected)
    np.testing.assert_array_equal(loaded.predict({"x": X.astype(float)})["y"], expected)
    frame = loaded.predict(pd.DataFrame(X))
    assert frame.columns.tolist() == ["y"]
    np.testing.assert_array_equal(frame["y"], expected[:, 0])


def test_a_frame_feeds_an_input_by_column(sum_of_two, tmp_path):
    """An array says nothing of which is which."""
    loaded = nbtrack.pyfunc.load_model(save(sum_of_two, tmp_path / "m"))
    frame = pd.DataFrame({"b": X[:, 0], "other": 9, "a": X[:, 1]})

    np.testing.assert_array_equal(loaded.predict(frame)["sum"], X[:, 0] + X[:, 1])
    with pytest.raises(InvalidValue, match="The model takes a, b"):
        loaded.predict(X)


@pytest.mark.slow
@pytest.mark.parametrize("external", [True, False])
def test_mlflow_loads_what_nbtrack_saved(model, tmp_path, external):
    """Itself and as a python_function, equal to the last bit."""
    theirs = pytest.importorskip("mlflow.onnx")
    folder = save(model, tmp_path / "m", save_as_external_data=external, input_example=X)
    loaded = pytest.importorskip("mlflow.pyfunc").load_model(folder)

    np.testing.assert_array_equal(loaded.predict(X)["y"], answers(model, x=X))
    np.testing.assert_array_equal(answers(theirs.load_model(folder), x=X), answers(model, x=X))
    assert (tmp_path / "m/model.onnx.data").exists() is external


@pytest.mark.slow
@pytest.mark.parametrize("external", [True, False])
def test_nbtrack_loads_what_mlflow_saved(model, tmp_path, external):
    """With the same answers; and the facts in MLmodel are the same."""
    theirs = pytest.importorskip("mlflow.onnx")
    given = {"save_as_external_data": external, "pip_requirements": [],
             "onnx_session_options": {"intra_op_num_threads": 1}}  # fmt: skip
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    theirs.save_model(copy, str(tmp_path / "theirs"), **given)
    save(model, tmp_path / "ours", **given)
    loaded = nbtrack.pyfunc.load_model(tmp_path / "theirs")

    np.testing.assert_array_equal(loaded.predict(X)["y"], answers(model, x=X))
    own = nbtrack.onnx.load_model(tmp_path / "theirs")
    np.testing.assert_array_equal(answers(own, x=X), answers(model, x=X))
    mine, other = (
        yaml.safe_load((tmp_path / side / "MLmodel").read_text())["flavors"]
        for side in ("ours", "theirs")
    )
    assert mine["onnx"] == other["onnx"]
    assert mine["python_function"].items() >= {
        (k, v) for k, v in other["python_function"].items() if k in ("loader_module", "data")
    }


def test_saving_leaves_the_model_as_it_is(model, tmp_path):
    """onnx takes the numbers out of what it writes to a file of their own."""
    before = model.SerializeToString()
    save(model, tmp_path / "m")

    assert model.SerializeToString() == before
    assert (tmp_path / "m/model.onnx").stat().st_size < 1000


def test_a_logged_model_is_in_its_run(model):
    """With its numbers, and a signature by its example."""
    with nbtrack.start_run():
        info = nbtrack.onnx.log_model(model, name="m", input_example=X)
    loaded = nbtrack.pyfunc.load_model(info.model_uri)

    assert info.signature.inputs.is_tensor_spec()
    np.testing.assert_array_equal(loaded.predict(X)["y"], answers(model, x=X))


def test_options_of_the_session_are_checked_and_kept(model, tmp_path):
    """What onnxruntime would not know is told at once."""
    options = {"execution_mode": "parallel", "inter_op_num_threads": 2}
    folder = save(model, tmp_path / "m", onnx_session_options=options)
    session = nbtrack.pyfunc.load_model(folder).get_raw_model()

    assert session.get_session_options().inter_op_num_threads == 2
    with pytest.raises(InvalidValue, match="'threads' is no option"):
        save(model, tmp_path / "n", onnx_session_options={"threads": 1})


def test_files_outside_of_the_folder_are_not_read(model, tmp_path):
    """Though the model says that its numbers are there."""
    folder = save(model, tmp_path / "m")
    (tmp_path / "m/model.onnx.data").rename(tmp_path / "model.onnx.data")
    file = tmp_path / "m/model.onnx"
    file.write_bytes(file.read_bytes().replace(b"model.onnx.data", b"../model.onnx.d"))
    (tmp_path / "model.onnx.data").rename(tmp_path / "model.onnx.d")

    with pytest.raises(ModelNotLoaded):
        nbtrack.onnx.load_model(folder)
    with pytest.raises(ModelNotLoaded):
        nbtrack.pyfunc.load_model(folder)


def test_the_arguments_are_mlflows():
    """By name and default; log_model can be told the run, too."""
    theirs = pytest.importorskip("mlflow.onnx")
    for function in ("log_model", "save_model", "load_model"):
        mine, other = (
            {
                p.name: p.default
                for p in inspect.signature(getattr(side, function)).parameters.values()
            }
            for side in (nbtrack.onnx, theirs)
        )
        assert mine.keys() - {"run_id"} == other.keys()
        assert all(mine[name] == other[name] for name in other.keys() - {"await_registration_for"})


def test_what_is_no_model_is_refused(tmp_path):
    """With the name of what it is."""
    with pytest.raises(InvalidValue, match=r"A dict is no onnx\.ModelProto"):
        nbtrack.onnx.save_model({}, tmp_path / "m")
