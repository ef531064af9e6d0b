"""PyTorch's models: what MLflow saved loads here, and the other way round."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import nbtrack
from nbtrack.errors import InvalidValue

torch = pytest.importorskip("torch")
nn = torch.nn
X = np.linspace(-1, 1, 15, dtype=np.float32).reshape(5, 3)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))


def answers(model, rows=X):
    with torch.no_grad():
        return model(torch.from_numpy(rows)).numpy()


def test_with_an_example_the_module_is_kept(model, tmp_path):
    """It answers for any number of rows, arrays and frames alike, and trains on as it did."""
    nbtrack.pytorch.save_model(model, tmp_path / "m", input_example=X[:1])
    loaded = nbtrack.pyfunc.load_model(tmp_path / "m")

    np.testing.assert_array_equal(loaded.predict(X), answers(model))
    assert model.training
    assert (tmp_path / "m/data/model.pt2").exists()


def test_a_frame_is_answered_by_a_frame(model, tmp_path):
    """With its index."""
    frame = pd.DataFrame(X, columns=["a", "b", "c"], index=list("vwxyz"))
    nbtrack.pytorch.save_model(model, tmp_path / "m", input_example=frame)
    found = nbtrack.pyfunc.load_model(tmp_path / "m").predict(frame)

    np.testing.assert_array_equal(found.to_numpy(), answers(model))
    assert list(found.index) == list("vwxyz")


def test_mlflow_loads_what_nbtrack_saved(model, tmp_path):
    """Itself and as a python_function, equal to the last bit."""
    theirs = pytest.importorskip("mlflow.pytorch")
    nbtrack.pytorch.save_model(model, tmp_path / "m", input_example=X)

    loaded = pytest.importorskip("mlflow.pyfunc").load_model(str(tmp_path / "m"))
    np.testing.assert_array_equal(loaded.predict(X), answers(model))
    own = theirs.load_model(str(tmp_path / "m"))
    np.testing.assert_array_equal(answers(own), answers(model))


def test_nbtrack_loads_what_mlflow_saved(model, tmp_path):
    """With the same answers."""
    theirs = pytest.importorskip("mlflow.pytorch")
    theirs.save_model(model, str(tmp_path / "m"), input_example=X, pip_requirements=[])

    np.testing.assert_array_equal(
        nbtrack.pyfunc.load_model(tmp_path / "m").predict(X), answers(model)
    )


def test_without_an_example_the_weights_are_kept(model, tmp_path):
    """By name, for a module of the same kind; there is no pickle among the files."""
    nbtrack.pytorch.save_model(model, tmp_path / "m")
    again = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    again.load_state_dict(nbtrack.pytorch.load_model(tmp_path / "m"))

    np.testing.assert_array_equal(answers(again), answers(model))
    assert not list((tmp_path / "m").rglob("model.pth"))


def test_tied_weights_are_kept(tmp_path):
    """Two names of one tensor, which safetensors refuses unless it is told."""
    model = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False))
    model[1].weight = model[0].weight
    nbtrack.pytorch.save_model(model, tmp_path / "m")
    found = nbtrack.pytorch.load_model(tmp_path / "m")

    assert set(found) == {"0.weight", "1.weight"}
    assert torch.equal(found["1.weight"], model[0].weight)


def test_a_pickle_is_made_where_it_is_asked_for(model, tmp_path):
    """And MLmodel says so."""
    nbtrack.pytorch.save_model(model, tmp_path / "m", serialization_format="pickle")
    config = nbtrack.models.Model.load(tmp_path / "m").flavors["pytorch"]

    assert config["serialization_format"] == "pickle"
    np.testing.assert_array_equal(
        answers(nbtrack.pytorch.load_model(tmp_path / "m")), answers(model)
    )


class Branching(nn.Module):
    """What it does depends on its data, which `torch.export` refuses."""

    def forward(self, given):
        return given * 2 if given.sum() > 0 else given


def test_what_cannot_be_exported_leaves_its_weights(tmp_path):
    """No error, unless pt2 was asked for."""
    nbtrack.pytorch.save_model(Branching(), tmp_path / "m", input_example=X)

    assert not (tmp_path / "m/data/model.pt2").exists()
    with pytest.raises(nbtrack.errors.ModelNotSaved, match="export"):
        nbtrack.pytorch.save_model(
            Branching(), tmp_path / "n", input_example=X, serialization_format="pt2"
        )


def test_what_is_no_module_is_refused(tmp_path):
    """With the name of what it is."""
    with pytest.raises(InvalidValue, match=r"A dict is no torch\.nn\.Module"):
        nbtrack.pytorch.save_model({}, tmp_path / "m")
