"""Which notebook the kernel belongs to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import PureWindowsPath
from typing import Any


def notebook_path(
    namespace: Mapping[str, Any] | None, *, configured: str | None = None
) -> str | None:
    """The notebook's path as the front end gives it; None if nobody says.

    In this order: *configured* (the setting), `__vsc_ipynb_file__` in the user's *namespace*
    (VS Code), JPY_SESSION_NAME (jupyter_server; for consoles it holds an id, which is no path).
    """
    if configured:
        return configured
    from_editor = (namespace or {}).get("__vsc_ipynb_file__")
    return _if_notebook(from_editor) or _if_notebook(os.environ.get("JPY_SESSION_NAME"))


def notebook_name(path: str | None) -> str | None:
    """The file's name without folder and suffix: "churn" of "work/churn.ipynb"."""
    # Windows paths know both separators; the kernel may run on another system than the editor.
    return (PureWindowsPath(path).stem or None) if path else None


def _if_notebook(path: object) -> str | None:
    if not isinstance(path, str) or not path.lower().endswith(".ipynb"):
        return None
    return path.removeprefix("RTC:")  # jupyter-collaboration's drive
