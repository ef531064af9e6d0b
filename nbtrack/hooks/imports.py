"""Told of every module of a package: those imported already, and those to come.

A finder in front of the others lets them find the module, and has its loader call back when it
has run. It is there only while somebody watches, imports nothing by itself, and leaves the
module with the loader it would have had.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from threading import RLock
from types import ModuleType
from typing import Any

from nbtrack.base.guard import guarded
from nbtrack.recording.session import current_session

Listener = Callable[[ModuleType], None]


def watch(package: str, listener: Listener) -> None:
    """Call *listener* with each module of *package*. Another listener takes the first one's place.

    It may be called twice for a module, and from whichever thread imports it.
    """
    with _lock:
        _finder.listeners[package] = listener
        if _finder not in sys.meta_path:
            sys.meta_path.insert(0, _finder)
    # There are thousands of modules: the regular expression looks at them in a millisecond.
    for name in filter(re.compile(rf"{package}(\.|$)").match, list(sys.modules)):
        if isinstance(module := sys.modules.get(name), ModuleType):
            _wait_for(module)
            _tell(listener, module)


def unwatch(package: str) -> None:
    with _lock:
        _finder.listeners.pop(package, None)
        if not _finder.listeners and _finder in sys.meta_path:
            sys.meta_path.remove(_finder)


class _Finder:
    def __init__(self) -> None:
        self.listeners: dict[str, Listener] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name.partition(".")[0] not in self.listeners:
            return None
        spec = _found_by_others(name, path, target)
        if spec is not None and _runs_python(spec.loader):
            _replace_loader(spec, _Loader(spec.loader))
        return spec


class _Loader:
    """Stands in for a loader while it loads; asked anything else, it is that loader."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        if name == "_loader":  # of an object that is being copied
            raise AttributeError(name)
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        _replace_loader(module.__spec__, self._loader)
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        listener = _finder.listeners.get(module.__name__.partition(".")[0])
        if listener is not None:
            _tell(listener, module)


def _runs_python(loader: Any) -> bool:
    """Extension modules define no estimators, and are particular about their loaders."""
    return hasattr(loader, "exec_module") and not isinstance(loader, ExtensionFileLoader | _Loader)


def _replace_loader(spec: Any, loader: Any) -> None:
    spec.loader = loader


def _found_by_others(
    name: str, path: Sequence[str] | None, target: ModuleType | None
) -> ModuleSpec | None:
    for finder in list(sys.meta_path):
        find = None if finder is _finder else getattr(finder, "find_spec", None)
        spec: ModuleSpec | None = None if find is None else find(name, path, target)
        if spec is not None:
            return spec
    return None


def _wait_for(module: ModuleType) -> None:
    """Until another thread, which may be in the middle of importing it, has done so."""
    if getattr(module.__spec__, "_initializing", False):
        with guarded(f"wait for {module.__name__}"):
            importlib.import_module(module.__name__)


def _tell(listener: Listener, module: ModuleType) -> None:
    with current_session().set_up, guarded(f"watch {module.__name__}"):
        listener(module)


def _after_fork() -> None:
    global _lock
    _lock = RLock()


_finder: Any = _Finder()
_lock = RLock()
os.register_at_fork(after_in_child=_after_fork)
