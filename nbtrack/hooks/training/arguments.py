"""What the user passed to a function or method that trains."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any, NamedTuple

from nbtrack.capture.argument_names import Parameter, argument_name
from nbtrack.hooks.nesting import calling_frame


class UsersArguments(NamedTuple):
    """What the user passed to *function*, by parameter; *defaults* are for what he did not."""

    function: str
    given: dict[str, Any]
    defaults: Mapping[str, Any]
    places: Mapping[str, int]  # of those that may be given by position
    frame: FrameType | None
    args: tuple[Any, ...]  # as he passed them, behind the instance if it is a method of one
    kwargs: dict[str, Any]

    def get(self, parameter: str) -> Any:
        return self.given.get(parameter, self.defaults.get(parameter))

    def passed_with(self, parameter: str, value: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Args and kwargs as the user passed them, but for one argument: by position if his is."""
        place = self.places.get(parameter, len(self.args)) - min(self.places.values())
        if place >= len(self.args):
            return self.args, {**self.kwargs, parameter: value}
        return (*self.args[:place], value, *self.args[place + 1 :]), self.kwargs

    def name_of(self, parameter: str) -> str | None:
        """What the user calls the argument."""
        value = self.get(parameter)
        if self.frame is None or value is None:
            return None
        place = Parameter(self.function, self.places.get(parameter), parameter)
        found = argument_name(self.frame, value, place)
        return None if found is None else found.name

    def variable_of(self, value: Any) -> str | None:
        """A name that the user has for what is within an argument."""
        if self.frame is None or value is None:
            return None
        known = [*self.frame.f_locals.items(), *self.frame.f_globals.items()]
        return next((k for k, held in known if held is value and not k.startswith("_")), None)


def users_arguments(
    original: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    is_method: bool = False,
) -> UsersArguments | None:
    """None: the user's call fails, which is for *original* to say."""
    signature = inspect.signature(original)
    try:
        given = signature.bind(*args, **kwargs).arguments
    except TypeError:
        return None
    named = [name for name, p in signature.parameters.items() if p.kind is not p.KEYWORD_ONLY]
    defaults = {
        name: p.default for name, p in signature.parameters.items() if p.default is not p.empty
    }
    places = {name: place - is_method for place, name in enumerate(named)}
    return UsersArguments(original.__name__, given, defaults, places, calling_frame(), args, kwargs)
