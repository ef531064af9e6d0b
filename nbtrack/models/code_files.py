"""The user's own modules that a model keeps (`code_paths`), importable for it when it is loaded.

Python has one module of a name. While one model, or nobody else, claims a name, its modules are
imported as any others. Once two have different code of one name, each has its own in place only
while it runs: see `ModelCode.running`.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any

from nbtrack.errors import ModelNotLoaded

_lock = threading.RLock()
_all: list[ModelCode] = []  # of the models loaded in this process
_contested: set[str] = set()  # top-level names that mean different code


class ModelCode:
    """The modules of one model."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names = frozenset(
            path.stem for path in folder.iterdir() if path.is_dir() or path.suffix == ".py"
        )
        self._modules: dict[str, ModuleType] = {}  # while the model does not run

    def claim(self) -> None:
        """Be importable; where that is contested, only while it runs."""
        with _lock:
            new = {name for name in self.names if self._is_other_elsewhere(name)} - _contested
            for each in _all:
                each._remember(new)
            _contested.update(new)
            _all.append(self)
            sys.path.insert(0, str(self.folder))
            importlib.invalidate_caches()

    @property
    def is_contested(self) -> bool:
        return not _contested.isdisjoint(self.names)

    @contextmanager
    def running(self) -> Iterator[None]:
        """What is imported in here is of this model. One thread at a time, if that is contested."""
        if not self.is_contested:
            yield
            return
        with _lock:
            others = _taken(self.names)
            sys.modules.update(self._modules)
            sys.path.insert(0, str(self.folder))
            importlib.invalidate_caches()
            try:
                yield
            finally:
                self._modules = _taken(self.names)
                sys.modules.update(others)
                sys.path.remove(str(self.folder))

    def _is_other_elsewhere(self, name: str) -> bool:
        mine = _sources(self.folder, name)
        of_models = (_sources(each.folder, name) for each in _all if name in each.names)
        return any(theirs != mine for theirs in of_models) or any(
            _is_loaded_otherwise(path, content) for path, content in mine.items()
        )

    def _remember(self, names: set[str]) -> None:
        """Its modules of *names* that are loaded, before another model has its own in place."""
        place = f"{self.folder}/"
        for name, module in list(sys.modules.items()):
            is_mine = str(getattr(module, "__file__", None) or "").startswith(place)
            if is_mine and name.partition(".")[0] in names:
                self._modules[name] = module


def code_of(folder: Path, config: Mapping[str, Any]) -> ModelCode | None:
    """The code that *config*, of a flavour, names, made importable; None for a model without.

    It is used as a copy without caches: a .pyc file beside a source can hold anything, and is not
    checked.
    """
    code = config.get("code")
    if not code:
        return None
    found = ModelCode(_copied(folder / str(code)))
    found.claim()
    return found


def running(code: ModelCode | None) -> AbstractContextManager[None]:
    """The context in which a model with this *code* is loaded and predicts."""
    return nullcontext() if code is None else code.running()


def check_uncontested(code: ModelCode | None, folder: Path) -> None:
    """Raises ModelNotLoaded where what is handed out would import the code of another model."""
    if code is not None and code.is_contested:
        names = ", ".join(sorted(_contested & code.names))
        raise ModelNotLoaded(
            f"The model in {str(folder)!r} brings its own {names}, but other code of that name is "
            "in use here, and the estimator would run with that. nbtrack.pyfunc.load_model keeps "
            "them apart; or load it in a fresh process."
        )


def _copied(code: Path) -> Path:
    import atexit
    import shutil
    import tempfile

    copy = tempfile.mkdtemp(prefix="nbtrack-code-")
    atexit.register(shutil.rmtree, copy, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(code, copy, dirs_exist_ok=True, ignore=ignored))


def _taken(names: frozenset[str]) -> dict[str, ModuleType]:
    found = [name for name in sys.modules if name.partition(".")[0] in names]
    return {name: sys.modules.pop(name) for name in found}


def _sources(folder: Path, name: str) -> dict[Path, bytes]:
    """{path in *folder*: content} of the module or package *name*."""
    files = [folder / f"{name}.py", *(folder / name).rglob("*.py")]
    return {file.relative_to(folder): file.read_bytes() for file in files if file.is_file()}


def _module_name(source: Path) -> str:
    parts = source.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _is_loaded_otherwise(source: Path, content: bytes) -> bool:
    """Whether the module of that name is loaded already, from a file of another content."""
    file = getattr(sys.modules.get(_module_name(source)), "__file__", None)
    if file is None:
        return False
    try:
        return Path(file).read_bytes() != content
    except OSError:
        return True
