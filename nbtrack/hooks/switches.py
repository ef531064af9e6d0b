"""Whether a framework's fits are recorded, and where: what was asked for by name comes first.

| asked by                          | fits are recorded                              |
|-----------------------------------|------------------------------------------------|
| `nbtrack.<flavor>.autolog()`      | everywhere, and `nbtrack.autolog()` changes nothing |
| `nbtrack.autolog()`               | everywhere                                     |
| `autolog(disable=True)`           | nowhere, until one of these is called again    |
| `%track on`                       | everywhere                                     |
| a cell with `%%track`             | in tracked cells                               |
"""

from __future__ import annotations

import importlib
from threading import RLock
from typing import Any

from nbtrack.recording.here import changes
from nbtrack.recording.session import current_session
from nbtrack.settings import FitScope


class Switch:
    """Of one framework; *module* has `enable(flags)` and `disable()`."""

    def __init__(self, module: str, *, default_flags: Any) -> None:
        self._module = module
        self._default_flags = default_flags
        self._asked: FitScope | None = None  # by autolog()
        self._is_asked_by_name = False
        self._notebook: FitScope = "never"
        self._lock = RLock()

    @property
    def default_flags(self) -> Any:
        return self._default_flags

    @property
    def scope(self) -> FitScope:
        return self._notebook if self._asked is None else self._asked

    @property
    def records_here(self) -> bool:
        """Whether a fit that is called now is to be recorded."""
        scope = self._notebook if self._asked is None else self._asked  # asked in each step
        if scope == "everywhere":
            return True
        return scope == "tracked cells" and current_session().cell_run is not None

    def turn_on(self, flags: Any, *, by_name: bool) -> None:
        """*by_name*: for this framework alone, which `nbtrack.autolog()` leaves as it is."""
        with self._lock:
            if self._is_asked_by_name and not by_name:
                return
            self._asked, self._is_asked_by_name = "everywhere", by_name
            changes.note()
            self._hook.enable(flags)

    def turn_off(self, *, by_name: bool) -> None:
        with self._lock:
            self._asked, self._is_asked_by_name = "never", by_name
            changes.note()
            self._hook.disable()

    def follow(self, scope: FitScope) -> None:
        """What the notebook wants, unless autolog() was told otherwise."""
        if scope == self._notebook:
            return
        with self._lock:
            self._notebook = scope
            changes.note()
            if scope == "never":
                self._hook.disable()
            else:
                self._hook.enable(self._default_flags)

    def forget(self) -> None:
        """In a forked child: nothing is recorded before somebody asks there."""
        self._lock = RLock()
        if self.scope != "never":
            self._hook.disable()
        self._asked, self._is_asked_by_name, self._notebook = None, False, "never"
        changes.note()

    @property
    def _hook(self) -> Any:
        return importlib.import_module(self._module)
