"""One recording step of a fit at a time, on a real run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbtrack
from nbtrack.base import background
from nbtrack.hooks.sklearn.fit_call import FitCall
from nbtrack.hooks.sklearn.flags import Flags
from nbtrack.recording.active_run import ActiveRun
from tests.support.begun_project import begun_project

FLAGS = Flags()


def fitted(estimator: Any, X: Any, y: Any = None, *, weights: Any = None, **facts: Any) -> FitCall:
    """The call of its `fit`, which has been made; *facts* replace what the call says."""
    options = {} if weights is None else {"sample_weight": weights}
    begin = time.perf_counter()
    result = estimator.fit(X, y, **options)
    call: dict[str, Any] = {
        "estimator": estimator,
        "X": X,
        "y": y,
        "sample_weight": weights,
        "X_name": "X_train",
        "y_name": "y_train",
        "result": result,
        "method": "fit",
        "seconds": time.perf_counter() - begin,
    }
    return FitCall(**{**call, **facts})


@contextmanager
def open_run(folder: Path) -> Iterator[ActiveRun]:
    """A run in a project of its own; afterwards there is none, and nothing waits."""
    nbtrack.set_tracking_uri(begun_project(folder / "project"))
    try:
        with nbtrack.start_run() as run:
            yield run
    finally:
        background.wait()
        nbtrack.set_tracking_uri(None)
