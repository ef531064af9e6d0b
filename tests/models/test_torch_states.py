"""State dicts and checkpoints of PyTorch: MLflow's functions, and its files both ways."""

from __future__ import annotations

import inspect

import pytest

import nbtrack
from nbtrack.errors import InvalidValue, NotFound, WrongType

torch = pytest.importorskip("torch")
FUNCTIONS = ("load_checkpoint", "load_state_dict", "log_state_dict", "save_state_dict")


@pytest.fixture
def state():
    """A checkpoint as users make them: weights, and what else is needed to go on."""
    torch.manual_seed(0)
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    return {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}


@pytest.fixture
def project(tmp_path):
    nbtrack.set_tracking_uri(tmp_path / "project")
    yield
    while nbtrack.active_run() is not None:
        nbtrack.end_run()
    nbtrack.set_tracking_uri(None)


def assert_equal(found, expected):
    assert found["epoch"] == expected["epoch"]
    assert found["optimizer"]["param_groups"] == expected["optimizer"]["param_groups"]
    for name, tensor in expected["model"].items():
        assert torch.equal(found["model"][name], tensor)
    moments = found["optimizer"]["state"][0]["exp_avg"]
    assert torch.equal(moments, expected["optimizer"]["state"][0]["exp_avg"])


def test_a_logged_state_comes_back(project, state):
    """By the run, in a file that is called as MLflow's."""
    with nbtrack.start_run() as run:
        nbtrack.pytorch.log_state_dict(state, "last")
    uri = f"runs:/{run.info.run_id}/last"

    assert_equal(nbtrack.pytorch.load_state_dict(uri), state)
    assert [file.path for file in nbtrack.artifacts.list_artifacts(uri)] == ["last/state_dict.pth"]


def test_nbtrack_loads_what_mlflow_saved(state, tmp_path):
    """From a folder."""
    pytest.importorskip("mlflow.pytorch").save_state_dict(state, str(tmp_path / "m"))

    assert_equal(nbtrack.pytorch.load_state_dict(tmp_path / "m"), state)


def test_mlflow_loads_what_nbtrack_saved(state, tmp_path):
    """The other way round."""
    nbtrack.pytorch.save_state_dict(state, tmp_path / "new" / "m")
    theirs = pytest.importorskip("mlflow.pytorch")

    assert_equal(theirs.load_state_dict(str(tmp_path / "new" / "m")), state)


def test_what_is_no_dict_is_refused(tmp_path):
    """torch would save a whole module, as a pickle of its class."""
    with pytest.raises(WrongType, match=r"model\.state_dict\(\)"):
        nbtrack.pytorch.save_state_dict(torch.nn.Linear(1, 1), tmp_path / "m")
    assert not (tmp_path / "m").exists()


class Evil:
    def __reduce__(self):
        return print, ("code of the file runs",)


def test_no_code_of_the_file_runs(tmp_path, capsys):
    """Unless it is asked for."""
    nbtrack.pytorch.save_state_dict({"a": Evil()}, tmp_path / "m")

    with pytest.raises(Exception, match="weights_only"):
        nbtrack.pytorch.load_state_dict(tmp_path / "m")
    assert capsys.readouterr().out == ""
    nbtrack.pytorch.load_state_dict(tmp_path / "m", weights_only=False)
    assert "code of the file runs" in capsys.readouterr().out


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_arguments_are_mlflows(name):
    """By name and order."""
    theirs = getattr(pytest.importorskip("mlflow.pytorch"), name)
    ours = getattr(nbtrack.pytorch, name)

    assert list(inspect.signature(ours).parameters) == list(inspect.signature(theirs).parameters)
    assert name in nbtrack.pytorch.__all__


def test_a_run_without_checkpoints_says_so(project):
    """And which run is meant, if none is active."""
    with pytest.raises(InvalidValue, match="run_id"):
        nbtrack.pytorch.load_checkpoint(object)
    with nbtrack.start_run(), pytest.raises(NotFound, match="no checkpoint"):
        nbtrack.pytorch.load_checkpoint(object)
