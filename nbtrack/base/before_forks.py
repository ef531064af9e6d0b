"""What a fork waits for: imports by threads of ours.

Who inherits a module that another thread was just importing waits for that thread, which is not in
the child, as soon as it imports the module itself: for ever.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

FORK_SECONDS = 5.0  # at most; what takes longer waits for something itself

_importing = threading.RLock()


@contextmanager
def imports_in_background() -> Iterator[None]:
    """Around all that a thread imports which nobody waits for."""
    with _importing:
        yield


def _wait() -> None:
    _importing.acquire(timeout=FORK_SECONDS)


def _go_on() -> None:
    with suppress(RuntimeError):  # it was not to be had
        _importing.release()


def _begin_anew() -> None:
    global _importing
    _importing = threading.RLock()


os.register_at_fork(before=_wait, after_in_parent=_go_on, after_in_child=_begin_anew)
