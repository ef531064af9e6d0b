"""`nbtrack.takeover`: code that says `import mlflow` records here, unchanged.

A finder, first in `sys.meta_path`, hands out stand-ins: modules that look up every name in the
module of ours that has it. What a script says of servers stays unheard; everything else is ours.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import FrameType, ModuleType
from typing import Any

from nbtrack.api.client import MlflowClient
from nbtrack.api.mlflows_inside import inside, is_inside
from nbtrack.base.absent_names import hint
from nbtrack.base.guard import warn_once
from nbtrack.errors import InvalidValue

_NAME = "mlflow"
_OURS = "nbtrack"


def takeover(is_on: bool = True) -> None:
    """From now on `import mlflow`, `from mlflow.tracking import …` and their like give nbtrack, in
    this process; `takeover(False)` undoes it: what is imported after that is MLflow again.

    `mlflow.set_tracking_uri(…)` of such code is not followed, and that is said once: it records
    where nbtrack does. Raises InvalidValue if MLflow itself is imported already.
    """
    if is_on:
        _turn_on()
    else:
        _turn_off()


def _turn_on() -> None:
    if _finder in sys.meta_path:
        return
    if _NAME in sys.modules:
        raise InvalidValue(
            "mlflow is imported already, and what has it would go on with it. Restart the kernel, "
            "and call nbtrack.takeover() before anything imports mlflow."
        )
    sys.meta_path.insert(0, _finder)


def _turn_off() -> None:
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
    for name, module in list(sys.modules.items()):
        if isinstance(module, StandIn):
            del sys.modules[name]


class StandIn(ModuleType):
    """A module of MLflow's name, with what the module *ours* has."""

    def __init__(self, spec: ModuleSpec, ours: ModuleType) -> None:
        super().__init__(spec.name, ours.__doc__)
        self.__dict__["_ours"] = ours
        self.__path__: list[str] = []
        self.__version__ = _version()

    def __getattr__(self, name: str) -> Any:
        ours = self.__dict__["_ours"]
        if name in _UNHEARD and hasattr(ours, name):
            return _UNHEARD[name]
        path = f"{self.__name__}.{name}"
        if is_inside(path.partition(".")[2]):
            return importlib.import_module(path)
        found = getattr(ours, name)
        if isinstance(found, ModuleType):
            return importlib.import_module(path)
        return found

    def __dir__(self) -> list[str]:
        return dir(self.__dict__["_ours"])


class _Finder(MetaPathFinder, Loader):
    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - ours are found by name
        target: ModuleType | None = None,  # noqa: ARG002 - the same
    ) -> ModuleSpec | None:
        if name.partition(".")[0] != _NAME:
            return None
        try:
            _ours_called(name)
        except ModuleNotFoundError:
            if _is_question(sys._getframe(1)):
                return None
            raise
        return ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return StandIn(spec, _ours_called(spec.name))

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run: it is there."""


def _is_question(frame: FrameType | None) -> bool:
    """Whether *frame* is of `importlib.util.find_spec`, which gives None of what is not there; an
    import is told why, and what to use instead."""
    while frame is not None and frame.f_globals.get("__name__") == "importlib._bootstrap":
        frame = frame.f_back
    return frame is not None and frame.f_globals.get("__name__") == "importlib.util"


def _ours_called(name: str) -> ModuleType:
    """Raises ModuleNotFoundError, which says what to use instead."""
    if is_inside(path := name.partition(".")[2]):
        return inside(path)
    ours = importlib.import_module(_OURS)
    top, *rest = name.split(".")[1:] or [""]
    if top and top not in ours._SUBMODULES:
        words = hint(top, ours._SUBMODULES)
        raise ModuleNotFoundError(
            f"nbtrack has taken over, and has no {name!r}.{words} Without nbtrack.takeover() it is "
            "MLflow's.",
            name=name,
        )
    module = ".".join([_OURS, *filter(None, [top]), *rest])
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as exc:
        if exc.name != module:
            raise
        raise ModuleNotFoundError(
            f"nbtrack has taken over, and has no {name!r}. Without nbtrack.takeover() it is "
            "MLflow's.",
            name=name,
        ) from None


def _version() -> str:
    """Libraries ask which MLflow it is."""
    try:
        return importlib.metadata.version(_NAME)
    except importlib.metadata.PackageNotFoundError:
        return "3.0.0"


def _set_tracking_uri(uri: object) -> None:
    """Not followed."""
    if uri:
        from nbtrack.recording.session import current_session

        warn_once(
            f"nbtrack has taken over: what is logged goes to {current_session().store.uri}, not to "
            "the tracking URI that this code sets."
        )


def _set_registry_uri(uri: object) -> None:
    """Not followed: there is one place for all."""


class ClientHere(MlflowClient):
    """Of MLflow's client, whatever address it is given."""

    def __init__(
        self,
        tracking_uri: str | None = None,  # noqa: ARG002 - MLflow's signature
        registry_uri: str | None = None,  # noqa: ARG002 - MLflow's signature
    ) -> None:
        super().__init__()


_UNHEARD: dict[str, Any] = {
    "set_tracking_uri": _set_tracking_uri,
    "set_registry_uri": _set_registry_uri,
    "MlflowClient": ClientHere,
    "Client": ClientHere,
}
_finder = _Finder()
