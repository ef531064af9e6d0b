"""`%load_ext nbtrack`: where cells, panels and hooks, which know nothing of each other, meet."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from nbtrack.base.before_forks import imports_in_background
from nbtrack.errors import InvalidValue
from nbtrack.settings import FitScope, Settings

if TYPE_CHECKING:
    from nbtrack.cells.extension import Extension

# One per process, as IPython's shell is; kept after unloading, for what it knows of the kernel.
_extension: Extension | None = None


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext nbtrack`; twice is once. Raises UsageError if a setting is wrong: before a
    training, not in it."""
    global _extension
    _check_settings()
    _warm_up()
    from nbtrack.recording.session import current_session  # while DuckDB is being imported

    if _extension is None or _extension.shell is not shell:
        _extension = _new_extension(shell)
    _extension.enable()
    current_session().record_fits = _record_fits


def unload_ipython_extension(shell: Any) -> None:
    """`%unload_ext nbtrack`: magics, transform, events and hooks are gone. Also when not loaded."""
    if _extension is not None and _extension.shell is shell:
        _extension.disable()


def _check_settings() -> None:
    from IPython.core.error import UsageError

    from nbtrack.recording.session import current_session
    from nbtrack.stores.opening import folder_of

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
    with imports_in_background():
        import duckdb  # noqa: F401


def _new_extension(shell: Any) -> Extension:
    from nbtrack.cells.extension import Extension
    from nbtrack.panels.magics import PanelMagics

    return Extension(shell, panel_magics=PanelMagics(shell), show_live=_show_live)


def _show_live() -> None:
    from nbtrack.panels.live.panel import live

    live()


def _record_fits(scope: FitScope) -> None:
    from nbtrack.hooks.autolog import follow_notebook  # with the first tracked cell

    follow_notebook(scope)
