"""Our errors as IPython shows its own: one sentence, without a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from IPython.core.error import UsageError

from nbtrack.errors import NbtrackError


@contextmanager
def usage_errors() -> Iterator[None]:
    try:
        yield
    except NbtrackError as exc:
        raise UsageError(str(exc)) from None
