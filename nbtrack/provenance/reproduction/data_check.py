"""Whether the files that a slice read are still what they were."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple

from nbtrack.base.databases import database_files
from nbtrack.base.file_digest import sha256_of
from nbtrack.display.number_format import format_size
from nbtrack.records.executions import SeenFile


class DataCheck(NamedTuple):
    changed: list[str]  # a sentence each
    unproved: list[str]  # it may be the same


def check_files(files: Iterable[SeenFile]) -> DataCheck:
    changed, unproved = [], []
    for file in files:
        if problem := _change_of(file):
            changed.append(problem)
        elif file.sha256 is None and not _is_untouched(file):
            unproved.append(f"{file.path} was not read in full then: it may have changed since")
    return DataCheck(changed, unproved)


def _change_of(file: SeenFile) -> str | None:
    if not os.path.exists(file.path):
        return f"{file.path} is gone"
    if not os.path.isfile(file.path) or _is_open_database(file.path):
        return None
    size = os.path.getsize(file.path)
    if file.size is not None and size != file.size:
        sizes = [format_size(each) for each in (file.size, size)]
        then, now = sizes if sizes[0] != sizes[1] else (f"{file.size:,} bytes", f"{size:,}")
        return f"{file.path} has changed: {then} then, {now} now"
    if file.sha256 is not None and sha256_of(file.path) != file.sha256:
        return f"{file.path} has changed: its digest is another one"
    return None


def _is_untouched(file: SeenFile) -> bool:
    return file.mtime_ns is not None and os.stat(file.path).st_mtime_ns == file.mtime_ns


def _is_open_database(path: str) -> bool:
    """Closing any file object on it would drop the lock that DuckDB holds in this process."""
    found = os.stat(path)
    return any(os.path.samestat(found, known) for known in database_files())
