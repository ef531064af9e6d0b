"""Keep what nbtrack has to say on a panel's thread out of the cells of the user.

A message to a panel is handled between, or in the middle of, cells. A warning printed then would
appear under a cell that has nothing to do with it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_here = threading.local()


@contextmanager
def quiet() -> Iterator[list[str]]:
    """Our warnings on this thread go into the list, for the panel to show."""
    _install()
    before = getattr(_here, "heard", None)
    heard: list[str] = []
    _here.heard = heard
    try:
        yield heard
    finally:
        _here.heard = before


class _Diversion(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        heard: list[str] | None = getattr(_here, "heard", None)
        if heard is None:
            return True
        heard.append(record.getMessage())
        return False


_diversion = _Diversion()


def _install() -> None:
    logging.getLogger("nbtrack").addFilter(_diversion)  # twice is once
