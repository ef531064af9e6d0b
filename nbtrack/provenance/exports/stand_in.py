"""In place of nbtrack where it is not installed: what is logged is printed, and nothing is kept.

Scripts that are made of runs carry this file's text, so it needs nothing but Python.
"""

import importlib.util
import sys
import types

_PRINTED = ("log_metric", "log_metrics", "log_param", "log_params")


class StandIn(types.ModuleType):
    """Whatever it is asked for is there, may be called, and may be the head of a `with` block."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []  # a package, whose submodules may be imported

    def __getattr__(self, name: str) -> "StandIn":
        if name.startswith("__"):
            raise AttributeError(name)
        found = StandIn(f"{self.__name__}.{name}")
        setattr(self, name, found)
        return found

    def __call__(self, *given: object, **named: object) -> "StandIn":
        name = self.__name__.rpartition(".")[2]
        if name in _PRINTED:
            told = [*map(str, given), *(f"{key}={value}" for key, value in named.items())]
            sys.stdout.write(f"{name}: {' '.join(told)}\n")
        return self

    def __enter__(self) -> "StandIn":
        return self

    def __exit__(self, *error: object) -> None:
        pass


def stand_in_for(name: str, submodules: tuple[str, ...]) -> None:
    """Make *name* importable, unless it is installed."""
    if importlib.util.find_spec(name) is None:
        sys.modules[name] = top = StandIn(name)
        for submodule in submodules:
            sys.modules[f"{name}.{submodule}"] = getattr(top, submodule)


stand_in_for("nbtrack", ("sklearn", "pyfunc", "data", "models", "tracking", "artifacts"))
