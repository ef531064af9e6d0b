"""Models that are fitted under autolog, and what their runs hold after that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

import nbtrack
from nbtrack.artifact_store.table_formats import decode_table
from nbtrack.base import background

X, y = load_iris(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)


def fitted(model: Any = None, **params: Any) -> tuple[Any, str]:
    """A model, and the id of the run that trained it, which is over."""
    made = model or LogisticRegression(tol=0.1, **params)
    with nbtrack.start_run() as run:
        made.fit(X_train, y_train)
    return made, run.run_id


def later_metrics(run_id: str) -> dict[str, float]:
    """What was not measured by the fit, or during it."""
    found: dict[str, float] = nbtrack.get_run(run_id).data.metrics
    fits = ("training_", "train_", "n_iter", "best_")
    return {key: value for key, value in found.items() if not key.startswith(fits)}


def calls(run_id: str) -> dict[str, str]:
    return dict(json.loads(artifact(run_id, "metric_info.json")))


def table(run_id: str, name: str) -> Any:
    path = f"metrics/{name}.json"
    return decode_table(artifact(run_id, path), path)


def artifact(run_id: str, path: str) -> bytes:
    background.wait(run_id)
    return Path(
        nbtrack.artifacts.download_artifacts(run_id=run_id, artifact_path=path)
    ).read_bytes()


def unknown(run_id: str) -> str | None:
    """The keys that are marked as nobody's."""
    return nbtrack.get_run(run_id).data.tags.get("nbtrack.metrics_model_unknown")
