"""Whether a page may be listening: panels are for kernels, static tables for the rest."""

from __future__ import annotations

from nbtrack.base.imported import imported


def is_in_kernel() -> bool:
    """IPython in a terminal has no kernel."""
    get = imported("IPython", "get_ipython")
    shell = None if get is None else get()
    return getattr(shell, "kernel", None) is not None
