"""Modules of the project that cells imported: what they said when they were loaded."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from nbtrack.capture.secrets import mask_secrets
from nbtrack.provenance.executions.files import is_of_interest, seen_file
from nbtrack.records.executions import Execution, SeenFile

MOST_BYTES = 1_000_000  # of one module's source
_AUTORELOAD = "IPython.extensions.autoreload"


class ImportedModules:
    """Those that are not installed, but lie in folders of the user's."""

    def __init__(self) -> None:
        self._files: dict[str, SeenFile] = {}  # by name of the module, as it was loaded
        self._now: dict[str, SeenFile] = {}  # and as it is
        self._texts: dict[str, str] = {}  # by digest
        self._masked: dict[str, str] = {}  # of those, as they may be stored
        self._reloaded: set[str] = set()  # since the last look
        self.made: set[str] = set()  # by nobody's file, since the last look but one
        self._is_installed: dict[str, bool] = {}  # packages, by their names
        self._looked_at: set[str] = set(sys.modules)
        self._look_at(self._looked_at)

    def known(self) -> frozenset[str]:
        return frozenset(self._files)

    def cell_begins(self) -> None:
        """IPython's autoreload loads what was edited before the cell runs."""
        if _AUTORELOAD in sys.modules:
            self._look_for_edits()
            self._reloaded |= self._edited()
            self._files |= self._now

    def look(self, *, again: bool) -> set[str]:
        """Modules of the project that were loaded since the last call. *again*: some may have
        been loaded anew."""
        before = set() if again else self._files.keys() - self._reloaded
        self._reloaded = set()
        self._look_for_edits()
        if again:
            self._files |= self._now
        new = sys.modules.keys() - self._looked_at
        self.made = {n for n in new if "." not in n and _is_made(sys.modules.get(n))}
        self._looked_at |= new
        self._look_at(new)
        return self._files.keys() - before

    def _look_for_edits(self) -> None:
        for name, known in self._now.items():
            found = seen_file(known.path)
            if found.size is not None and found != known._replace(sha256=None):
                self._now[name] = self._read(found)

    def _edited(self) -> set[str]:
        """The files of which say something else than what was loaded."""
        return {
            name
            for name, loaded in self._files.items()
            if (loaded.sha256 or loaded) != (self._now[name].sha256 or self._now[name])
        }

    def paths(self, names: Iterable[str]) -> list[str]:
        return [self._files[name].path for name in names]

    def of_libraries(self, libraries: set[str]) -> tuple[SeenFile, ...]:
        """All of those of which a part is used: what they import themselves is not told apart."""
        tops = {name.partition(".")[0] for name in self._files}
        if not tops & libraries:
            return ()
        return tuple(self._files[name] for name in sorted(self._files))

    def texts(self, execution: Execution) -> Mapping[str, str]:
        """As they may be stored, by the digest of what the file says."""
        digests = {file.sha256 for file in execution.modules if file.sha256 in self._texts}
        for digest in digests - self._masked.keys():
            self._masked[digest] = mask_secrets(self._texts[digest])
        return {digest: self._masked[digest] for digest in digests}

    def gaps(self, execution: Execution) -> Iterator[str]:
        used = {file.path for file in execution.modules}
        if edited := {self._files[name].path for name in self._edited()} & used:
            yield (
                f"Edited, and not loaded anew: {_named(edited)}. "
                "Kept is what was imported, not what the file says now."
            )
        masked = {d for d, text in self.texts(execution).items() if text != self._texts[d]}
        if secret := {file.path for file in execution.modules if file.sha256 in masked}:
            yield (
                f"A module holds a secret that is not stored: {_named(secret)}. "
                "It cannot be run as it is kept."
            )

    def _look_at(self, names: Iterable[str]) -> None:
        for name in names:
            top = name.partition(".")[0]
            if top not in self._is_installed:
                self._is_installed[top] = _is_installed(top)
            path = None if self._is_installed[top] else _path_of(sys.modules.get(name))
            if path is not None:
                self._files[name] = self._now[name] = self._read(seen_file(path))

    def _read(self, found: SeenFile) -> SeenFile:
        if found.size is None or found.size > MOST_BYTES:
            return found
        try:
            with open(found.path, "rb") as file:
                content = file.read()
        except OSError:
            return found
        digest = hashlib.sha256(content).hexdigest()
        self._texts[digest] = content.decode("utf-8", "replace")
        return found._replace(sha256=digest)


def _named(paths: Iterable[str]) -> str:
    return ", ".join(sorted(os.path.basename(path) for path in paths))


def _is_installed(package: str) -> bool:
    """With all that is below it: scikit-learn has 500 modules that are not asked each."""
    module = sys.modules.get(package)
    if package in ("__main__", "nbtrack"):
        return True
    if type(module) is not type(sys) or "__file__" not in module.__dict__:
        return False
    folders = module.__dict__.get("__path__", [])
    is_below = type(folders) is list and not any(map(_may_be_users, folders))
    return _path_of(module) is None and is_below


def _is_made(module: Any) -> bool:
    """By code, as `types.ModuleType("name")`: nobody finds it anew."""
    facts = module.__dict__ if type(module) is type(sys) else {"__file__": None}
    return facts.get("__spec__") is None and "__file__" not in facts


def _may_be_users(folder: object) -> bool:
    return type(folder) is not str or is_of_interest(os.path.join(folder, ""))


def _path_of(module: Any) -> str | None:
    """Of its source; None of one that is installed, or has none."""
    if type(module) is not type(sys):
        return None
    path = module.__dict__.get("__file__")
    is_source = type(path) is str and path.endswith(".py") and is_of_interest(path)
    return path if is_source else None
