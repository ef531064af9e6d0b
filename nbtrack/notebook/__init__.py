"""`%load_ext nbtrack`: magics, cell events and cards in one IPython shell."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValue

if TYPE_CHECKING:
    from nbtrack.notebook.extension import Extension

# One per process, as IPython's shell is; kept after unloading, for what it knows of the kernel.
_extension: Extension | None = None


def load_ipython_extension(shell: Any) -> None:
    """Twice is once. Raises UsageError if a setting is wrong: before a training, not in it."""
    global _extension
    _check_settings()
    _warm_up()
    from nbtrack.notebook.extension import Extension

    if _extension is None or _extension.shell is not shell:
        _extension = Extension(shell)
    _extension.enable()


def unload_ipython_extension(shell: Any) -> None:
    """Also when it is not loaded."""
    if _extension is not None and _extension.shell is shell:
        _extension.disable()


def _check_settings() -> None:
    from IPython.core.error import UsageError

    from nbtrack.session import current_session
    from nbtrack.settings import Settings
    from nbtrack.stores import folder_of

    problems: list[str] = []
    settings = Settings.load(problems)
    for uri in filter(None, (settings.tracking_uri, settings.folder)):
        try:
            folder_of(uri)
        except InvalidValue as exc:
            problems.append(str(exc))
    if problems:
        raise UsageError("\n".join([*problems, "Mend that, and load nbtrack again."]))
    current_session().renew_settings()


def _warm_up() -> None:
    """Import DuckDB while the user writes: the first card would wait for it."""
    threading.Thread(target=_import_duckdb, name="nbtrack-warm-up", daemon=True).start()


def _import_duckdb() -> None:
    import duckdb  # noqa: F401
