"""XGBoost's, LightGBM's and CatBoost's models: saved in their own formats, and loaded by MLflow."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import yaml
from sklearn.datasets import load_breast_cancer

import nbtrack
from nbtrack.errors import InvalidValue, ModelNotLoaded

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X, y = X.iloc[:150, :5], y[:150]
X.columns = ["a", "b", "c", "d", "e"]


def xgboost_booster(xgb: Any, X: Any = X) -> Any:
    return xgb.train({"objective": "binary:logistic", "nthread": 1}, xgb.DMatrix(X, label=y), 3)


def xgboost_estimator(xgb: Any, X: Any = X) -> Any:
    return xgb.XGBClassifier(n_estimators=3, n_jobs=1).fit(X, y)


def lightgbm_booster(lgb: Any, X: Any = X) -> Any:
    params = {"objective": "binary", "num_threads": 1, "verbose": -1}
    return lgb.train(params, lgb.Dataset(X, label=y), 3)


def lightgbm_estimator(lgb: Any, X: Any = X) -> Any:
    return lgb.LGBMClassifier(n_estimators=3, n_jobs=1, verbose=-1).fit(X, y)


def catboost_classifier(cb: Any, X: Any = X) -> Any:
    return _catboost(cb.CatBoostClassifier, X)


def catboost_regressor(cb: Any, X: Any = X) -> Any:
    return _catboost(cb.CatBoostRegressor, X)


def _catboost(kind: Any, X: Any) -> Any:
    quiet = {"thread_count": 1, "verbose": False, "allow_writing_files": False}
    return kind(iterations=3, depth=2, **quiet).fit(X, y)


class Trained(NamedTuple):
    flavour: str
    make: Callable[..., Any]
    model: Any
    expected: Any  # what the pyfunc model is to answer for X
    ours: Any
    theirs: Any


MAKERS = [
    xgboost_booster, xgboost_estimator, lightgbm_booster, lightgbm_estimator,
    catboost_classifier, catboost_regressor,
]  # fmt: skip


@pytest.fixture(params=MAKERS, ids=lambda make: make.__name__, scope="module")
def trained(request: pytest.FixtureRequest) -> Trained:
    make: Callable[[Any], Any] = request.param
    flavour = make.__name__.partition("_")[0]
    library = pytest.importorskip(flavour)
    theirs = pytest.importorskip(f"mlflow.{flavour}")
    model = make(library)
    data = library.DMatrix(X) if make is xgboost_booster else X
    ours = importlib.import_module(f"nbtrack.{flavour}")
    return Trained(flavour, make, model, model.predict(data), ours, theirs)


def test_mlflow_loads_what_nbtrack_saved(trained, tmp_path, monkeypatch):
    """Itself and as a python_function, equal to the last bit."""
    import mlflow

    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "true")
    folder = str(tmp_path / "m")
    trained.ours.save_model(trained.model, folder, input_example=X.head(2))
    loaded = mlflow.pyfunc.load_model(folder)

    assert type(trained.theirs.load_model(folder)) is type(trained.model)
    np.testing.assert_array_equal(loaded.predict(X), trained.expected)
    assert loaded.metadata.signature.inputs.input_names() == list(X.columns)


def test_nbtrack_loads_what_mlflow_saved(trained, tmp_path):
    """With the same answers."""
    folder = str(tmp_path / "m")
    trained.theirs.save_model(trained.model, folder, pip_requirements=[])
    loaded = nbtrack.pyfunc.load_model(folder)

    assert type(trained.ours.load_model(folder)) is type(trained.model)
    np.testing.assert_array_equal(loaded.predict(X), trained.expected)


def test_the_config_is_mlflows(trained, tmp_path):
    """The same facts under the same names in MLmodel."""
    for side, name in ((trained.ours, "ours"), (trained.theirs, "theirs")):
        side.save_model(trained.model, str(tmp_path / name), pip_requirements=[])
    ours, theirs = (
        yaml.safe_load((tmp_path / name / "MLmodel").read_text())["flavors"]
        for name in ("ours", "theirs")
    )

    told = {k: v for k, v in theirs[trained.flavour].items() if not isinstance(v, list)}
    if "serialization_format" in told and "Booster" in str(told["model_class"]):
        del told["serialization_format"]  # of the booster's text it says "skops"
    assert ours[trained.flavour].items() >= told.items()
    assert ours["python_function"].items() >= {
        (k, v) for k, v in theirs["python_function"].items() if k in ("loader_module", "data")
    }


def test_a_logged_model_answers_frames(trained):
    """By its signature, from its run; and the registry knows it."""
    with nbtrack.start_run():
        info = trained.ours.log_model(
            trained.model, name="m", input_example=X.head(2), registered_model_name="boosted"
        )
    loaded = nbtrack.pyfunc.load_model("models:/boosted/1")

    assert info.flavors.keys() == {trained.flavour, "python_function"}
    np.testing.assert_array_equal(loaded.predict(X), trained.expected)


def test_a_model_of_arrays_answers_arrays(trained, tmp_path):
    """By the signature of an example without columns."""
    array = X.to_numpy()
    model = trained.make(importlib.import_module(trained.flavour), array)
    trained.ours.save_model(model, tmp_path / "m", input_example=array[:2])
    loaded = nbtrack.pyfunc.load_model(tmp_path / "m")

    assert loaded.metadata.signature.inputs.is_tensor_spec()
    np.testing.assert_array_equal(loaded.predict(array), trained.expected)


def test_an_estimator_that_went_on_with_another_is_kept(tmp_path: Path) -> None:
    """LightGBM's holds what it began with; a Booster keeps that, too, when it is loaded."""
    lgb, theirs = pytest.importorskip("lightgbm"), pytest.importorskip("mlflow.lightgbm")
    ours = importlib.import_module("nbtrack.lightgbm")
    first = lightgbm_estimator(lgb)
    model = lgb.LGBMClassifier(n_estimators=3, n_jobs=1, verbose=-1).fit(X, y, init_model=first)
    ours.save_model(model, tmp_path / "m")

    for loaded in (ours.load_model(tmp_path / "m"), theirs.load_model(str(tmp_path / "m"))):
        assert (loaded.predict_proba(X) == model.predict_proba(X)).all()
        assert loaded.booster_.num_trees() == 6


def test_the_arguments_are_mlflows(trained):
    """By name and default; log_model can be told the run, too."""
    ours = {"run_id", "await_registration_for"}  # the second waits for nothing here
    for function in ("log_model", "save_model", "load_model"):
        mine, other = (
            {
                p.name: p.default
                for p in inspect.signature(getattr(side, function)).parameters.values()
            }
            for side in (trained.ours, trained.theirs)
        )
        assert mine.keys() - ours == other.keys() - ours
        assert all(mine[name] == other[name] for name in other.keys() - ours)


def test_what_is_another_librarys_is_refused(trained, tmp_path):
    """By name, before anything is written."""
    with pytest.raises(InvalidValue, match="A dict is no model of"):
        trained.ours.save_model({}, tmp_path / "m")
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize(
    ("flavour", "key"), [("xgboost", "model_class"), ("catboost", "model_type")]
)
def test_a_file_cannot_name_any_class(flavour, key, tmp_path: Path):
    """MLflow imports whatever MLmodel says, and calls it."""
    make = {"xgboost": xgboost_booster, "catboost": catboost_classifier}[flavour]
    model = make(pytest.importorskip(flavour))
    ours = importlib.import_module(f"nbtrack.{flavour}")
    ours.save_model(model, tmp_path / "m")
    file = tmp_path / "m" / "MLmodel"
    content = yaml.safe_load(file.read_text())
    content["flavors"][flavour][key] = "os.system"
    file.write_text(yaml.safe_dump(content))

    with pytest.raises(ModelNotLoaded):
        ours.load_model(tmp_path / "m")


def test_loading_needs_no_hooks(trained, tmp_path):
    """Nor the library that trained it, before it is asked for."""
    trained.ours.save_model(trained.model, tmp_path / "m")
    requirements = (tmp_path / "m" / "requirements.txt").read_text()

    assert f"{trained.flavour}==" in requirements
    assert trained.ours.get_default_pip_requirements()[1].startswith(f"{trained.flavour}==")
