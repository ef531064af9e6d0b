"""What is put around which methods of Lightning's Trainers. The switch and the flags are torch's:
its hook enables these libraries with itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

from nbtrack.hooks.flags import CommonFlags
from nbtrack.hooks.library import Library
from nbtrack.hooks.patching import Patch

_HERE = "nbtrack.hooks.lightning"
_AROUND = {
    "fit": f"{_HERE}.fits:around_fit",
    "validate": f"{_HERE}.evaluations:around_evaluation",
    "test": f"{_HERE}.evaluations:around_evaluation",
    "predict": f"{_HERE}.predictions:around_predict",
}
# The package, and the name that users import of it.
_PACKAGES = {"lightning": "lightning.pytorch", "pytorch_lightning": "pytorch_lightning"}


def _patches(module: ModuleType) -> Iterator[Patch]:
    for package in _PACKAGES.values():
        if module.__name__ == f"{package}.trainer.trainer":
            for method, around in _AROUND.items():
                yield Patch(f"{module.__name__}:Trainer.{method}", around)


libraries = {
    name: Library(
        package,
        hook=f"{_HERE}.hook",
        flags=CommonFlags(),
        patches=_patches,
        tested=((2, 4), (2, 6)),
    )
    for package, name in _PACKAGES.items()
}


def enable(flags: CommonFlags) -> None:
    for library in libraries.values():
        library.enable(flags)


def disable() -> None:
    for library in libraries.values():
        library.disable()
