"""`nbtrack.takeover`: code that says `import mlflow`, or `import wandb`, records here, unchanged.

A finder, first in `sys.meta_path`, hands out stand-ins: modules that look up every name in the
module of ours that has it. What a script says of servers stays unheard; everything else is ours.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.metadata import DistributionFinder
from types import FrameType, ModuleType
from typing import Any

from nbtrack.api import wandb_mode
from nbtrack.api.client import MlflowClient
from nbtrack.api.mlflows_inside import inside, is_inside
from nbtrack.api.stand_in_version import stand_in
from nbtrack.base.absent_names import hint
from nbtrack.base.guard import warn_once
from nbtrack.errors import InvalidValue

_NAME = "mlflow"
_ANY = DistributionFinder.Context()
_OURS = "nbtrack"
# Lightning asks for the classes of W&B's runs, inside of it.
_OF_WANDB = {
    "wandb": "nbtrack.api.wandb_module",
    **dict.fromkeys(("wandb.sdk", "wandb.sdk.lib", "wandb.wandb_run"), "nbtrack.api.wandb_inside"),
}
_VERSIONS = {_NAME: "3.0.0", "wandb": "0.20.0"}  # where they are not installed


def takeover(is_on: bool = True, *, of: str | None = None) -> None:
    """From now on `import mlflow`, `from mlflow.tracking import …` and their like give nbtrack, in
    this process; `takeover(False)` undoes it: what is imported after that is MLflow again.
    `of="wandb"` does so for `import wandb` and its verbs `init`, `log`, `config`, `finish`, `Image`
    and `Table`; without *of*, what is undone is all. Processes that are started anew have W&B
    itself, and are told WANDB_MODE=disabled: they send nothing, and what they log is not recorded.

    `mlflow.set_tracking_uri(…)` of such code is not followed, and that is said once: it records
    where nbtrack does. Raises InvalidValue if MLflow itself, or wandb, is imported already.
    """
    if of is not None and of not in _finders:
        raise InvalidValue(f"of={of!r} is none of what is taken over: {', '.join(_finders)}.")
    if is_on:
        _turn_on(of or _NAME)
        return
    for name in _finders if of is None else [of]:
        _turn_off(name)


def is_taken_over(name: str = _NAME) -> bool:
    return _finders[name] in sys.meta_path


def _turn_on(name: str) -> None:
    if is_taken_over(name):
        return
    if name in sys.modules:
        of = "" if name == _NAME else f"of={name!r}"
        raise InvalidValue(
            f"{name} is imported already, and what has it would go on with it. Restart the kernel, "
            f"and call nbtrack.takeover({of}) before anything imports {name}."
        )
    sys.meta_path.insert(0, _finders[name])
    if name == "wandb":
        wandb_mode.silence_children()


def _turn_off(taken: str) -> None:
    if _finders[taken] in sys.meta_path:
        sys.meta_path.remove(_finders[taken])
        if taken == "wandb":
            wandb_mode.give_back()
    for name, module in list(sys.modules.items()):
        if isinstance(module, StandIn) and name.partition(".")[0] == taken:
            del sys.modules[name]


class StandIn(ModuleType):
    """A module of MLflow's name, with what the module *ours* has."""

    def __init__(self, spec: ModuleSpec, ours: ModuleType) -> None:
        super().__init__(spec.name, ours.__doc__)
        self.__dict__["_ours"] = ours
        self.__path__: list[str] = []
        self.__version__ = _version(spec.name.partition(".")[0])

    def __getattr__(self, name: str) -> Any:
        ours = self.__dict__["_ours"]
        if not self.__name__.startswith(_NAME):
            return getattr(ours, name)
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
    """*ours_called* gives our module for a name that begins with *taken*."""

    def __init__(self, taken: str, ours_called: Callable[[str], ModuleType]) -> None:
        self._taken, self._ours_called = taken, ours_called

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - ours are found by name
        target: ModuleType | None = None,  # noqa: ARG002 - the same
    ) -> ModuleSpec | None:
        if name.partition(".")[0] != self._taken:
            return None
        try:
            self._ours_called(name)
        except ModuleNotFoundError:
            if _is_question(sys._getframe(1)):
                return None
            raise
        return ModuleSpec(name, self, is_package=True)

    def find_distributions(
        self, context: DistributionFinder.Context = _ANY
    ) -> Iterator[importlib.metadata.Distribution]:
        """Of W&B, without which Lightning has no logger for it."""
        if self._taken == "wandb":
            yield from stand_in(self._taken, _VERSIONS[self._taken], context)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return StandIn(spec, self._ours_called(spec.name))

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


def _wandb_called(name: str) -> ModuleType:
    """Raises ModuleNotFoundError for all but `wandb` itself, and the classes of its runs."""
    if name not in _OF_WANDB:
        raise ModuleNotFoundError(
            f"nbtrack has taken over, and has no {name!r}: only wandb itself, with init, log, "
            "config, finish, Image and Table. Without nbtrack.takeover(of='wandb') it is W&B's.",
            name=name,
        )
    return importlib.import_module(_OF_WANDB[name])


def _version(name: str) -> str:
    """Libraries ask which MLflow it is."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return _VERSIONS[name]


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
_finders = {_NAME: _Finder(_NAME, _ours_called), "wandb": _Finder("wandb", _wandb_called)}
