"""Keras's models: what MLflow saved loads here, and the other way round."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import nbtrack
from nbtrack.errors import InvalidValue, ModelNotLoaded
from nbtrack.models import Model

keras = pytest.importorskip("keras")
torch = pytest.importorskip("torch")  # the backend, see tests/conftest.py
X = np.linspace(-1, 1, 15, dtype=np.float32).reshape(5, 3)


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    layers = keras.layers
    found = keras.Sequential([keras.Input((3,)), layers.Dense(4, "relu"), layers.Dense(2)])
    found.compile("adam", "mse")
    return found


def answers(model, rows=X):
    return model.predict(rows, verbose=0)


def of_two_inputs():
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    return keras.Model([a, b], keras.layers.Dense(2)(keras.layers.Concatenate()([a, b])))


def test_the_files_are_mlflows(model, tmp_path):
    """The same names, the same words in MLmodel."""
    theirs = pytest.importorskip("mlflow.keras")
    theirs.save_model(model, str(tmp_path / "theirs"), pip_requirements=[])
    nbtrack.keras.save_model(model, tmp_path / "mine")
    mine, other = (Model.load(tmp_path / name).flavors for name in ("mine", "theirs"))

    assert mine["keras"].items() >= other["keras"].items()
    assert mine["keras"]["save_format"] == "keras"  # mlflow.tensorflow would look for an .h5 file
    assert mine["python_function"]["loader_module"] == other["python_function"]["loader_module"]
    for name in ("data/model.keras", "data/keras_module.txt"):
        assert (tmp_path / "mine" / name).exists()
        assert (tmp_path / "theirs" / name).exists()


def test_mlflow_loads_what_nbtrack_saved(model, tmp_path):
    """Itself and as a python_function, equal to the last bit."""
    theirs = pytest.importorskip("mlflow.keras")
    nbtrack.keras.save_model(model, tmp_path / "m", input_example=X)

    loaded = pytest.importorskip("mlflow.pyfunc").load_model(str(tmp_path / "m"))
    np.testing.assert_array_equal(loaded.predict(X), answers(model))
    np.testing.assert_array_equal(answers(theirs.load_model(str(tmp_path / "m"))), answers(model))


def test_nbtrack_loads_what_mlflow_saved(model, tmp_path):
    """With the same answers, for arrays and frames."""
    theirs = pytest.importorskip("mlflow.keras")
    theirs.save_model(model, str(tmp_path / "m"), pip_requirements=[])
    loaded = nbtrack.pyfunc.load_model(tmp_path / "m")
    frame = pd.DataFrame(X, columns=["a", "b", "c"], index=list("vwxyz"))

    np.testing.assert_array_equal(loaded.predict(X), answers(model))
    found = loaded.predict(frame)
    np.testing.assert_array_equal(found.to_numpy(), answers(model))
    assert list(found.index) == list("vwxyz")
    np.testing.assert_array_equal(answers(nbtrack.keras.load_model(tmp_path / "m")), answers(model))


def test_an_example_gives_the_signature(model, tmp_path):
    """Which then holds for arrays, frames and lists."""
    with nbtrack.start_run():
        info = nbtrack.keras.log_model(model, name="m", input_example=X)
    loaded = nbtrack.pyfunc.load_model(info.model_uri)

    assert info.signature.inputs.inputs[0].shape == (-1, 3)
    np.testing.assert_array_equal(loaded.predict(X), answers(model))
    np.testing.assert_array_equal(loaded.predict(pd.DataFrame(X)), answers(model))


def test_several_inputs_are_given_by_name(tmp_path):
    """As a dict of arrays."""
    model, rows = of_two_inputs(), {"a": X, "b": X * 2}
    nbtrack.keras.save_model(model, tmp_path / "m", input_example=rows)
    loaded = nbtrack.pyfunc.load_model(tmp_path / "m")

    assert loaded.metadata.signature.inputs.input_names() == ["a", "b"]
    np.testing.assert_array_equal(loaded.predict(rows), answers(model, rows))


class Noisy(keras.layers.Layer):
    """It draws random numbers whenever it is asked."""

    def __init__(self):
        super().__init__()
        self.seed = keras.random.SeedGenerator(0)

    def call(self, given):
        return given + keras.random.normal(keras.ops.shape(given), seed=self.seed)


def test_the_model_goes_on_as_it_did(tmp_path):
    """To have the answer to an example costs no random number, of its layers or of the backend."""
    model = keras.Sequential([keras.Input((3,)), Noisy(), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    before = [each.numpy().copy() for each in model.variables]
    state = torch.get_rng_state()
    nbtrack.keras.save_model(model, tmp_path / "m", input_example=X)

    assert Model.load(tmp_path / "m").signature is not None
    for old, new in zip(before, model.variables, strict=True):
        np.testing.assert_array_equal(old, new.numpy())
    assert torch.equal(torch.get_rng_state(), state)


def test_code_in_a_model_is_not_run_unless_asked(tmp_path):
    """A Lambda layer is Python code: the error names the cure."""
    model = keras.Sequential([keras.Input((3,)), keras.layers.Lambda(lambda x: x * 2)])
    nbtrack.keras.save_model(model, tmp_path / "m")

    for load in (nbtrack.keras.load_model, nbtrack.pyfunc.load_model):
        with pytest.raises(ModelNotLoaded, match=r"load_model_kwargs=\{'safe_mode': False\}"):
            load(tmp_path / "m")
    loaded = nbtrack.keras.load_model(tmp_path / "m", load_model_kwargs={"safe_mode": False})
    np.testing.assert_array_equal(answers(loaded), X * 2)


def test_classes_of_the_users_are_given(tmp_path):
    """By custom_objects, as Keras wants them; the error says so."""

    class Doubled(keras.layers.Layer):
        def call(self, given):
            return given * 2

    model = keras.Sequential([keras.Input((3,)), Doubled()])
    nbtrack.keras.save_model(model, tmp_path / "m")

    with pytest.raises(ModelNotLoaded, match="custom_objects"):
        nbtrack.keras.load_model(tmp_path / "m")
    loaded = nbtrack.keras.load_model(tmp_path / "m", custom_objects={"Doubled": Doubled})
    np.testing.assert_array_equal(answers(loaded), X * 2)


def test_mlflows_other_flavour_is_loaded(model, tmp_path):
    """Its files are the same."""
    nbtrack.tensorflow.save_model(model, tmp_path / "m")
    mlmodel = tmp_path / "m/MLmodel"
    text = mlmodel.read_text().replace("  keras:", "  tensorflow:\n    model_type: keras")
    mlmodel.write_text(text.replace("mlflow.keras", "mlflow.tensorflow"))

    np.testing.assert_array_equal(
        answers(nbtrack.tensorflow.load_model(tmp_path / "m")), answers(model)
    )
    np.testing.assert_array_equal(
        nbtrack.pyfunc.load_model(tmp_path / "m").predict(X), answers(model)
    )


def test_mlflows_other_flavour_loads_ours_and_its_own_are_loaded(model, tmp_path):
    """With TensorFlow, which it imports, whatever the backend is."""
    pytest.importorskip("tensorflow")
    theirs = pytest.importorskip("mlflow.tensorflow")
    nbtrack.tensorflow.save_model(model, tmp_path / "mine")
    theirs.save_model(model, str(tmp_path / "theirs"), pip_requirements=[])
    loaded = [
        theirs.load_model(str(tmp_path / "mine")),
        nbtrack.tensorflow.load_model(tmp_path / "theirs"),
    ]

    for each in loaded:
        np.testing.assert_array_equal(answers(each), answers(model))


def test_what_is_no_model_is_refused(model, tmp_path):
    """With the name of what it is."""
    with pytest.raises(InvalidValue, match=r"A dict is no keras\.Model"):
        nbtrack.keras.save_model({}, tmp_path / "m")
    with pytest.raises(InvalidValue, match=r"\.keras files"):
        nbtrack.keras.save_model(model, tmp_path / "m", save_exported_model=True)
