"""Where a run is started from: notebook or script, which cell, whose code."""

from __future__ import annotations

import sys
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

from nbtrack.base.imported import imported
from nbtrack.capture.head import head_commit
from nbtrack.capture.notebook import notebook_name as _name_of
from nbtrack.capture.notebook import notebook_path as _path_of
from nbtrack.settings import Settings, working_folder


def shell() -> Any:
    """The running IPython shell, or None."""
    get = imported("IPython", "get_ipython")  # we may be imported by its start-up files
    return None if get is None else get()


def execution_count() -> int | None:
    """The number of the cell that is running; None outside of IPython."""
    running = shell()
    if running is None:
        return None
    # Since IPython 9.16 the shell counts on before the cell runs, and not after it.
    result = getattr(getattr(running, "displayhook", None), "exec_result", None)
    count = getattr(result, "execution_count", None)
    return int(running.execution_count if count is None else count)


def notebook_path(settings: Settings) -> str | None:
    running = shell()
    if running is None and settings.notebook is None:
        return None
    return _path_of(getattr(running, "user_ns", None), configured=settings.notebook)


def notebook_name(settings: Settings) -> str | None:
    return _name_of(notebook_path(settings))


def default_run_name(parent: str | None) -> str:
    """What the run is, until something better is known of it: never a random pair of words."""
    if parent is not None:
        return f"part of {parent}"[:60]
    count = execution_count()
    if count is not None:
        return f"cell {count}"
    return Path(sys.argv[0]).name if sys.argv and sys.argv[0] not in ("", "-c") else "python"


def name_of_callback() -> str | None:
    """Of a run that code opened which no cell is waiting for; None: as any run."""
    if threading.current_thread() is not threading.main_thread():
        return f"logged by {threading.current_thread().name}"
    return None if shell() is None else "logged by a callback"


def source_tags(settings: Settings) -> dict[str, str]:
    """MLflow's system tags for whose code runs, and from where."""
    notebook = notebook_path(settings)
    tags = {
        "mlflow.user": settings.user,
        "mlflow.source.name": notebook or (sys.argv[0] if sys.argv else "") or "python",
        "mlflow.source.type": "NOTEBOOK" if shell() is not None else "LOCAL",
    }
    if (commit := head_commit(_working_folder())) is not None:
        tags["mlflow.source.git.commit"] = commit
    return tags


@lru_cache(maxsize=1)
def _working_folder() -> Path:
    return working_folder()
