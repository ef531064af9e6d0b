"""The Optuna hook: what is put around which methods of studies and trials."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from nbtrack.hooks.flags import CommonFlags
from nbtrack.hooks.library import Library
from nbtrack.hooks.patching import Patch

_HERE = "nbtrack.hooks.optuna"
_SUGGEST = f"{_HERE}.trials:around_suggest"
_AROUND = {
    "optuna.study.study": {
        "Study.optimize": f"{_HERE}.optimize:around_optimize",
        "Study.ask": f"{_HERE}.asking:around_ask",
        "Study.tell": f"{_HERE}.asking:around_tell",
    },
    "optuna.trial._trial": {
        "Trial.suggest_float": _SUGGEST,
        "Trial.suggest_int": _SUGGEST,
        "Trial.suggest_categorical": _SUGGEST,
        "Trial.report": f"{_HERE}.trials:around_report",
    },
}


def autolog(
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    extra_tags: Mapping[str, Any] | None = None,
) -> None:
    """Record each trial of a study as a run: `nbtrack.autolog` has the same flags.

    What is fitted and logged in an objective is on the run of its trial.
    """
    flags = CommonFlags(
        exclusive=exclusive,
        disable_for_unsupported_versions=disable_for_unsupported_versions,
        silent=silent,
        extra_tags=extra_tags,
    )
    library.ask(flags, disable=disable)


def _patches(module: ModuleType) -> Iterator[Patch]:
    for method, around in _AROUND.get(module.__name__, {}).items():
        yield Patch(f"{module.__name__}:{method}", around)


library = Library(
    "optuna",
    hook=f"{_HERE}.hook",
    flags=CommonFlags(),
    patches=_patches,
    tested=((4, 0), (5, 0)),
)
enable, disable = library.enable, library.disable
