"""Modules of the project that cells imported: what they said then."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from nbtrack.provenance.executions.files import is_of_interest, seen_file
from nbtrack.records.executions import Execution, SeenFile

MOST_BYTES = 1_000_000  # of one module's source


class ImportedModules:
    """Those that are not installed, but lie in folders of the user's."""

    def __init__(self) -> None:
        self._files: dict[str, SeenFile] = {}  # by name of the module
        self._texts: dict[str, str] = {}  # by digest
        self._looked_at: set[str] = set(sys.modules)
        for name in self._looked_at:
            self._look_at(name)

    def known(self) -> frozenset[str]:
        return frozenset(self._files)

    def look(self, *, again: bool) -> set[str]:
        """Modules of the project that were imported since the last call. *again*: some may have
        been loaded anew."""
        if len(sys.modules) == len(self._looked_at) and not again:
            return set()
        new = sys.modules.keys() - self._looked_at
        self._looked_at |= new
        before = set(self._files) if not again else set()
        for name in new | (self._files.keys() if again else set()):
            self._look_at(name)
        return self._files.keys() - before

    def paths(self, names: Iterable[str]) -> list[str]:
        return [self._files[name].path for name in names]

    def of_libraries(self, libraries: set[str]) -> tuple[SeenFile, ...]:
        """All of those of which a part is used: what they import themselves is not told apart."""
        tops = {name.partition(".")[0] for name in self._files}
        if not tops & libraries:
            return ()
        return tuple(self._files[name] for name in sorted(self._files))

    def texts(self, execution: Execution) -> Mapping[str, str]:
        digests = {file.sha256 for file in execution.modules}
        return {digest: text for digest, text in self._texts.items() if digest in digests}

    def _look_at(self, name: str) -> None:
        path = _path_of(sys.modules.get(name))
        if path is None or name in ("__main__", "nbtrack") or name.startswith("nbtrack."):
            return
        found = seen_file(path)
        if found.size is None or found.size > MOST_BYTES:
            self._files[name] = found
            return
        with open(path, "rb") as file:
            content = file.read()
        digest = hashlib.sha256(content).hexdigest()
        self._texts[digest] = content.decode("utf-8", "replace")
        self._files[name] = found._replace(sha256=digest)


def _path_of(module: Any) -> str | None:
    """Of its source; None of one that is installed, or has none."""
    if type(module) is not type(sys):
        return None
    path = module.__dict__.get("__file__")
    is_source = type(path) is str and path.endswith(".py") and is_of_interest(path)
    return path if is_source else None
