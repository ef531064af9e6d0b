"""Whether a page may be listening: panels are for kernels, static tables for the rest."""

from __future__ import annotations

import sys


def is_in_kernel() -> bool:
    """IPython in a terminal has no kernel."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None
