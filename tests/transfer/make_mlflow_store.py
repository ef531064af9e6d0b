"""Writes a store with everything in it, with the mlflow that is installed: 1.30, 2.x or 3.x.

    python make_mlflow_store.py FOLDER file|sqlite|both|http://SERVER [tiny]

FOLDER/mlruns, or FOLDER/mlflow.db with its artifacts in FOLDER/mlruns, or on a server; `tiny`
leaves out the model of scikit-learn, and packs what it made as FOLDER.zip; `both` makes
FOLDER/file, FOLDER/sqlite and FOLDER/empty.db. Those in `stores/` were made so, with mlflow
1.30.0 and 2.22.0, in a folder that is not there any more.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

import mlflow
from mlflow.entities import Metric, Param, RunTag
from mlflow.tracking import MlflowClient

MAJOR = int(mlflow.__version__.split(".")[0])
PYTHON_MODEL = """artifact_path: model
flavors:
  python_function:
    loader_module: mlflow.sklearn
run_id: {run_id}
"""


def make_store(folder: Path, kind: str, *, is_tiny: bool = False) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    uris = {"file": (folder / "mlruns").as_uri(), "sqlite": f"sqlite:///{folder}/mlflow.db"}
    uri = uris.get(kind, kind)
    mlflow.set_tracking_uri(uri)
    client = MlflowClient()
    iris = client.create_experiment("iris", tags={"team": "o'brien; drop table runs"})
    gone = client.create_experiment("gone")
    parent = _training(client, iris, is_tiny=is_tiny)
    _child(client, iris, parent)
    client.create_run(gone)
    client.delete_experiment(gone)
    deleted = client.create_run(iris).info.run_id
    client.log_metric(deleted, "loss", 1.0)
    client.delete_run(deleted)
    client.log_param(client.create_run("0").info.run_id, "where", "default")
    if kind != "file" or MAJOR >= 2:  # 1.x has no registry in files
        _registry(client, parent)


def _training(client: MlflowClient, experiment: str, *, is_tiny: bool) -> str:
    mlflow.set_experiment("iris")
    with mlflow.start_run() as run:
        run_id = run.info.run_id
        client.set_tag(run_id, "mlflow.runName", 'the "first" <b>run</b>')
        client.set_tag(run_id, "note", "zwei\nZeilen, 'quotes', ☃")
        points = [Metric("loss", 1.0 / (s + 1), 1_700_000_000_000 + s, s) for s in range(30)]
        points += [Metric("loss", 0.25, 1_700_000_000_000, 3), Metric("val/acc", -0.0, 5, -2)]
        points += [
            Metric("odd", v, 7, s) for s, v in enumerate([float("nan"), float("inf"), -1e308])
        ]
        params = [Param("depth", "3"), Param("name with space", "x" * 200)]
        client.log_batch(run_id, points, params, [RunTag("stage", "one")])
        mlflow.log_text("hello", "notes/hello.txt")
        mlflow.log_dict({"a": [1, 2]}, "data.json")
        if MAJOR >= 2:
            import pandas as pd

            frame = pd.DataFrame({"a": [1, 2], "b": [3.0, 4.0]})
            data = mlflow.data.from_pandas(frame, source="train.csv", name="train set")
            mlflow.log_input(data, context="training")
        _model(run_id, is_tiny=is_tiny)
    return run_id


def _model(run_id: str, *, is_tiny: bool) -> None:
    if is_tiny:
        mlflow.log_text(PYTHON_MODEL.format(run_id=run_id), "model/MLmodel")
        mlflow.log_text("weights", "model/weights.txt")
        return
    from mlflow import sklearn as flavour
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    X, y = load_iris(return_X_y=True)
    model = LogisticRegression(max_iter=300).fit(X, y)
    if MAJOR >= 3:
        info = flavour.log_model(
            model, name="model", input_example=X[:2], serialization_format="cloudpickle"
        )
        mlflow.log_metric("accuracy", 0.97, model_id=info.model_id, step=4)
        mlflow.set_logged_model_tags(info.model_id, {"size": "small"})
        other = mlflow.initialize_logged_model(name="unfinished", params={"a": "1"})
        mlflow.finalize_logged_model(other.model_id, "FAILED")
        _deleted_model(run_id)
    else:
        flavour.log_model(model, "model")


def _deleted_model(run_id: str) -> None:
    from mlflow.entities import LoggedModelOutput

    model = mlflow.initialize_logged_model(name="gone", params={"a": "2"})
    client = MlflowClient()
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
    mlflow.log_metric("accuracy", 0.5, model_id=model.model_id, step=5)
    with TemporaryDirectory() as name:
        Path(name, "weights").mkdir()
        Path(name, "weights", "ä b.txt").write_text("weights")
        client.log_model_artifacts(model.model_id, name)
    client.delete_logged_model(model.model_id)


def _child(client: MlflowClient, experiment: str, parent: str) -> None:
    child = client.create_run(experiment, tags={"mlflow.parentRunId": parent}).info.run_id
    client.log_metric(child, "loss", 0.5, step=1)
    client.set_terminated(child, "FAILED")


def _registry(client: MlflowClient, run_id: str) -> None:
    client.create_registered_model("flowers", tags={"team": "a"}, description="Which iris?")
    source = f"runs:/{run_id}/model"
    if MAJOR < 3:
        source = client.get_run(run_id).info.artifact_uri + "/model"
    for number in (1, 2, 3):
        client.create_model_version("flowers", source, run_id, tags={"n": str(number)})
    client.update_model_version("flowers", "1", description="the first")
    client.transition_model_version_stage("flowers", "1", "Production")
    client.delete_model_version("flowers", "2")
    if MAJOR >= 2:
        client.set_registered_model_alias("flowers", "champion", "3")


if __name__ == "__main__":
    place, is_tiny = Path(sys.argv[1]).resolve(), "tiny" in sys.argv[3:]
    if sys.argv[2] == "both":
        for kind in ("file", "sqlite"):
            make_store(place / kind, kind, is_tiny=is_tiny)
        MlflowClient(f"sqlite:///{place}/empty.db").create_experiment("many")
    else:
        make_store(place, sys.argv[2], is_tiny=is_tiny)
    if is_tiny:
        shutil.make_archive(str(place), "zip", place)
