"""statsmodels' results: saved as MLflow saves them, and the other way round."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest
import yaml

import nbtrack
from nbtrack.errors import InvalidValue, ModelNotLoaded

sm = pytest.importorskip("statsmodels.api")
smf = pytest.importorskip("statsmodels.formula.api")
mlflow = pytest.importorskip("mlflow")
rng = np.random.default_rng(0)
frame = pd.DataFrame(rng.normal(size=(40, 2)), columns=["a", "b"])
frame["y"] = frame["a"] + rng.normal(size=40)


@pytest.fixture(autouse=True)
def _pickles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "true")


@pytest.fixture(params=["formula", "arrays", "time"])
def fitted(request):
    """(results, what the pyfunc model is asked, what it is to answer)."""
    if request.param == "formula":
        results = smf.ols("y ~ a + np.exp(b)", frame).fit()
        return results, frame[["a", "b"]], results.predict(frame)
    if request.param == "arrays":
        X = frame[["a", "b"]].to_numpy()
        results = sm.OLS(frame["y"].to_numpy(), X).fit()
        return results, X, results.predict(X)
    from statsmodels.tsa.arima.model import ARIMA

    results = ARIMA(frame["y"], order=(1, 0, 0)).fit()
    return results, pd.DataFrame({"start": [40], "end": [42]}), results.predict(40, 42)


def test_mlflow_loads_what_nbtrack_saved(fitted, tmp_path):
    """Itself and as a python_function, equal to the last bit."""
    results, asked, expected = fitted
    nbtrack.statsmodels.save_model(results, tmp_path / "m")

    assert type(mlflow.statsmodels.load_model(str(tmp_path / "m"))) is type(results)
    np.testing.assert_array_equal(
        mlflow.pyfunc.load_model(str(tmp_path / "m")).predict(asked), expected
    )


def test_nbtrack_loads_what_mlflow_saved(fitted, tmp_path):
    """With the same answers."""
    results, asked, expected = fitted
    mlflow.statsmodels.save_model(results, str(tmp_path / "m"), pip_requirements=[])

    assert type(nbtrack.statsmodels.load_model(tmp_path / "m")) is type(results)
    loaded = nbtrack.pyfunc.load_model(tmp_path / "m")
    np.testing.assert_array_equal(loaded.predict(asked), expected)
    assert type(loaded.get_raw_model()) is type(results)


def test_the_file_says_that_it_is_a_pickle(fitted, tmp_path, monkeypatch):
    """And is not loaded where pickles are forbidden; the rest is MLflow's."""
    nbtrack.statsmodels.save_model(fitted[0], tmp_path / "m")
    flavors = yaml.safe_load((tmp_path / "m" / "MLmodel").read_text())["flavors"]

    assert flavors["statsmodels"]["serialization_format"] == "pickle"
    assert flavors["statsmodels"]["data"] == "model.statsmodels"
    assert flavors["python_function"]["loader_module"] == "mlflow.statsmodels"
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    with pytest.raises(ModelNotLoaded, match="forbids"):
        nbtrack.statsmodels.load_model(tmp_path / "m")


def test_a_logged_model_is_registered(tmp_path):
    """And has a signature by its example."""
    nbtrack.set_tracking_uri(tmp_path / "project")
    results = smf.ols("y ~ a", frame).fit()
    with nbtrack.start_run():
        info = nbtrack.statsmodels.log_model(
            results, name="m", input_example=frame[["a"]][:2], registered_model_name="ols"
        )
    loaded = nbtrack.pyfunc.load_model("models:/ols/1")

    assert info.flavors.keys() == {"statsmodels", "python_function"}
    np.testing.assert_array_equal(loaded.predict(frame[["a"]]), results.predict(frame))


def test_data_can_be_left_out(tmp_path):
    """As in MLflow, of the results too."""
    results = smf.ols("y ~ a", frame).fit()
    nbtrack.statsmodels.save_model(results, tmp_path / "m", remove_data=True)
    loaded = nbtrack.statsmodels.load_model(tmp_path / "m")

    assert loaded.model.endog is None
    assert list(loaded.params) == list(results.params)


def test_another_thing_is_refused(tmp_path):
    """Before anything is written; and rows to a model of time."""
    with pytest.raises(InvalidValue, match="A dict is no model of statsmodels"):
        nbtrack.statsmodels.save_model({}, tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_the_arguments_are_mlflows():
    """By name and default; log_model can be told the run, too."""
    ours = {"run_id", "await_registration_for", "kwargs"}
    for function in ("log_model", "save_model", "load_model"):
        mine, other = (
            {
                p.name: p.default
                for p in inspect.signature(getattr(side, function)).parameters.values()
            }
            for side in (nbtrack.statsmodels, mlflow.statsmodels)
        )
        assert mine.keys() - ours == other.keys() - ours
        assert all(mine[name] == other[name] for name in other.keys() - ours)
