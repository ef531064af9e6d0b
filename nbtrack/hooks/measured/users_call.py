"""A call that the user made: what he passed, and how he wrote it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import cached_property
from numbers import Number
from types import FrameType
from typing import Any

from nbtrack.capture.argument_names import ArgumentName, Parameter, argument_name
from nbtrack.capture.assigned_name import assigned_name
from nbtrack.capture.call_expressions import CallText, call_of, is_text_current

_MOST_TEXT = 32  # characters of a text, as in MLflow
_MOST_SOURCE = 200


class UsersCall:
    """*parameters* are those of *original* that the user can give, so without `self`."""

    def __init__(
        self,
        frame: FrameType,
        original: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self.frame = frame
        self.function = original.__name__
        self.parameters = _parameters(original)
        self._count = len(args)
        self.given: dict[str, Any] = {**dict(zip(self.parameters, args)), **kwargs}

    @property
    def first(self) -> str | None:
        """The name of the first parameter, or of the only ones that were given."""
        first = self.parameters[0] if self.parameters else None
        return first if first in self.given else next(iter(self.given), None)

    def source(self, parameter: str) -> str | None:
        """The text of an argument."""
        key = self._places.get(parameter)
        return None if key is None else self._call.arguments[key]

    def node(self, parameter: str) -> ast.expr | None:
        """The text of an argument, parsed; None if it may not be what is executed."""
        key = self._places.get(parameter) if is_text_current(self.frame) else None
        return None if key is None else self._call.nodes[key]

    @property
    def text_of_call(self) -> CallText | None:
        return self._call if self._is_this() else None

    @property
    def assigned_to(self) -> str | None:
        """The variable of the notebook that takes the result as it is."""
        is_of_notebook = self.frame.f_globals.get("__name__") == "__main__"
        return assigned_name(self.frame) if is_of_notebook and self._is_this() else None

    def name(self, parameter: str) -> ArgumentName | None:
        """What the user calls an argument."""
        place = self.parameters.index(parameter) if parameter in self.parameters else None
        place = place if place is not None and place < self._count else None
        return argument_name(
            self.frame, self.given[parameter], Parameter(self.function, place, parameter)
        )

    def text(self, function: str) -> str:
        """`f1_score(y_true=y_test, y_pred=p[:50], average='macro')`, as MLflow writes it."""
        parts = (f"{name}={self._shown(name, value)}" for name, value in self.given.items())
        return f"{function}({', '.join(parts)})"

    def _shown(self, parameter: str, value: Any) -> str:
        if isinstance(value, str):
            return repr(value if len(value) <= _MOST_TEXT else value[:_MOST_TEXT] + "...")
        if value is None or isinstance(value, Number):
            return repr(getattr(value, "item", lambda: value)())
        source = self.source(parameter)
        if source is not None and not source.isidentifier() and len(source) <= _MOST_SOURCE:
            return source
        found = self.name(parameter)
        return f"<{type(value).__name__}>" if found is None else found.name

    @cached_property
    def _call(self) -> CallText:
        return call_of(self.frame)

    @cached_property
    def _places(self) -> dict[str, int | str]:
        """Where in the text the argument for a parameter stands."""
        return dict(self._placed()) if self._is_this() else {}

    def _placed(self) -> Iterator[tuple[str, int | str]]:
        shown = sum(isinstance(place, int) for place in self._call.arguments)
        # `LogisticRegression.predict(model, X)` shows one more.
        offset = shown - self._count
        for place in self._call.arguments:
            if isinstance(place, str):
                yield place, place
            elif offset in (0, 1) and 0 <= place - offset < len(self.parameters):
                yield self.parameters[place - offset], place

    def _is_this(self) -> bool:
        """Whether the text is of this call, and not of `map(f, ...)`; it may go by another name."""
        name = self._call.function
        if name == self.function:
            return True
        names = self.frame.f_locals if name in self.frame.f_locals else self.frame.f_globals
        return getattr(names.get(name), "__name__", None) == self.function


def _parameters(function: Any) -> tuple[str, ...]:
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    code = function.__code__
    names: tuple[str, ...] = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return names[1:] if names[:1] == ("self",) else names
