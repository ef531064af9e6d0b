"""`%load_ext nbtrack`: here the notebook and the hooks, which know nothing of each other, meet."""

from __future__ import annotations

from typing import Any

from nbtrack import notebook
from nbtrack.settings import FitScope


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext nbtrack`; twice is once. Raises UsageError if a setting is wrong."""
    notebook.load_ipython_extension(shell)
    from nbtrack.session import current_session  # after DuckDB began to be imported, in a thread

    current_session().record_fits = _record_fits


def unload_ipython_extension(shell: Any) -> None:
    """`%unload_ext nbtrack`: magics, transform and events are gone, and so are hooks."""
    notebook.unload_ipython_extension(shell)


def _record_fits(scope: FitScope) -> None:
    from nbtrack.hooks import follow_notebook  # with the first tracked cell, not with the extension

    follow_notebook(scope)
