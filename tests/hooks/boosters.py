"""Small data, and what tests of boosting libraries ask of a run."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
from sklearn.datasets import load_breast_cancer

import nbtrack

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X, y = X.iloc[:200, :6], y[:200]
X_train, y_train, X_test, y_test = X[:120], y[:120], X[120:], y[120:]


def steps(run: Any, key: str) -> list[int]:
    return [point.step for point in history(run, key)]


def values(run: Any, key: str) -> list[float]:
    return [point.value for point in history(run, key)]


def history(run: Any, key: str) -> list[Any]:
    return nbtrack.MlflowClient().get_metric_history(run.info.run_id, key)


def files(run: Any) -> set[str]:
    return {file.path for file in nbtrack.MlflowClient().list_artifacts(run.info.run_id)}


def content(run: Any, file: str) -> Any:
    return json.loads(nbtrack.artifacts.load_text(f"runs:/{run.info.run_id}/{file}"))


def inputs(run: Any) -> list[tuple[str, str]]:
    """(name, context) of each dataset, in order."""
    return [(each.dataset.name, each.tags[0].value) for each in run.inputs.dataset_inputs]


def model_uri(run: Any) -> str:
    return f"runs:/{run.info.run_id}/model"


def rows() -> pd.DataFrame:
    return X_test.head(7)
