"""Several cases of one test, which share what is dear: a failure says which of them it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def naming(case: object) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        error.add_note(f"in the case of {case!r}")
        raise
