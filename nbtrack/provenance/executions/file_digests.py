"""Digests of files that cells read and wrote: all of a file, or none."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable

from nbtrack.records.executions import SeenFile

MOST_BYTES = 4 << 20  # of one cell: about 3 ms; what is beyond is known by size and time only
_MOST_KNOWN = 10_000


class FileDigests:
    """A file that has its size and time still is not read again."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int | None, int | None], str] = {}

    def completed(self, files: Iterable[SeenFile]) -> tuple[SeenFile, ...]:
        """The smallest first, as far as one cell may take time for it; in the order given."""
        given = list(files)
        left = MOST_BYTES
        digests: dict[str, str] = {}
        for file in sorted(given, key=lambda each: each.size or 0):
            key = file[:3]
            if key not in self._known and (file.size is None or file.size > left):
                continue
            if key not in self._known:
                left -= file.size or 0
                self._read(file)
            if key in self._known:
                digests[file.path] = self._known[key]
        return tuple(each._replace(sha256=digests.get(each.path)) for each in given)

    def _read(self, file: SeenFile) -> None:
        try:
            if not stat.S_ISREG(os.stat(file.path).st_mode):  # a pipe would wait for ever
                return
            with open(file.path, "rb", buffering=0) as source:
                digest = hashlib.file_digest(source, "sha256").hexdigest()
        except OSError:
            return
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[file[:3]] = digest
