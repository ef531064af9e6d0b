"""Run one script against MLflow and against nbtrack, and make what it saw comparable.

A case is a function `case(mlflow, tmp)`: it gets the module to track with and a folder of its
own, and returns plain values without anything volatile (ids, times, paths).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.begun_project import begun_project

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

Case = Callable[[Any, Path], Any]


@contextmanager
def with_mlflow(folder: Path, template: Path) -> Iterator[Any]:
    """MLflow on a copy of *template*, an empty database with the schema (1.7 s to make)."""
    import mlflow
    from mlflow.tracking import fluent

    folder.mkdir()
    shutil.copy(template, folder / "mlflow.db")
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    # What a new URI does not reset:
    fluent._active_experiment_id = None
    os.environ.pop("MLFLOW_EXPERIMENT_ID", None)
    with _inside(folder, mlflow):
        yield mlflow


@contextmanager
def with_nbtrack(folder: Path) -> Iterator[Any]:
    import nbtrack
    from nbtrack.recording.session import current_session

    folder.mkdir()
    nbtrack.set_tracking_uri(begun_project(folder / ".nbtrack"))
    try:
        with _inside(folder, nbtrack):
            yield nbtrack
    finally:
        current_session().store.close()
        nbtrack.set_tracking_uri(None)


@contextmanager
def _inside(folder: Path, module: Any) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        while module.active_run() is not None:
            module.end_run()
        os.chdir(before)


def outcome(mlflow: Any, call: Callable[[], object]) -> str:
    """ "accepted" or "refused". nbtrack refuses with its own errors only; MLflow also with
    `Exception` itself, TypeError, AttributeError and others, which ours need not repeat."""
    try:
        call()
    except Exception as exc:  # noqa: BLE001 - whatever it is, it is the result
        is_clear = mlflow.__name__ == "mlflow" or isinstance(exc, mlflow.MlflowException)
        return "refused" if is_clear else f"crashed: {exc!r}"
    return "accepted"


def own_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Without what the two write by themselves, but with a run's name, note and kind."""
    kept = ("mlflow.runName", "mlflow.note.content", "mlflow.source.type")
    return {
        key: value
        for key, value in sorted(tags.items())
        if key in kept or not key.startswith(("mlflow.", "nbtrack."))
    }


def facts(run: Any) -> dict[str, Any]:
    """Everything about a run that two runs of the same code have in common."""
    info, data = run.info, run.data
    return {
        "name": info.run_name,
        "status": str(info.status),
        "stage": str(info.lifecycle_stage),
        "has_ended": info.end_time is not None,
        "params": dict(sorted(data.params.items())),
        "metrics": dict(sorted(data.metrics.items())),
        "tags": own_tags(data.tags),
    }


def points(history: Any) -> list[tuple[str, str, int, int]]:
    """Metric points; the value as text, because NaN is unequal to itself."""
    return [(m.key, repr(m.value), m.step, m.timestamp) for m in history]


def types_of(values: Mapping[str, Any]) -> dict[str, str]:
    return {key: type(value).__name__ for key, value in values.items()}
