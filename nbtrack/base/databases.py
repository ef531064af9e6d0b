"""What every use of DuckDB here keeps to: no network, and no other hand on a file it may attach."""

from __future__ import annotations

import os
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

# Without these, a missing extension would be a download.
OFFLINE: dict[str, Any] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


class HasFile(Protocol):
    @property
    def file(self) -> Path: ...


_attaching: weakref.WeakSet[HasFile] = weakref.WeakSet()


def note_database(owner: HasFile) -> None:
    """*owner* attaches its file now and then, as long as it lives."""
    _attaching.add(owner)


def database_files() -> list[os.stat_result]:
    """The files that this process attaches now and then, those of them that exist.

    Closing any other file object on one of them would drop the lock that DuckDB holds.
    """
    found = []
    for owner in list(_attaching):
        with suppress(OSError):
            found.append(owner.file.stat())
    return found
