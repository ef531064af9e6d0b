"""Values that are made from predictions and nothing else, as the source around the call tells.

`accuracy_score(y, p[mask])`, or `hat = (model.predict_proba(X)[:, 1] > 0.3).astype(int)` and
then `f1_score(y, hat)`: new arrays, but what they were made from is there to read.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator
from types import FrameType, ModuleType
from typing import Any

from nbtrack.capture.assignments import Place, source_of
from nbtrack.hooks.measured.prediction_store import Prediction

# What their functions return is made from their arguments; of other functions nobody knows.
_PURE = ("numpy", "pandas", "polars", "scipy", "torch", "builtins")
_SCALARS = (int, float, str, bytes, type(None))
_MOST_STEPS = 20


class SomethingElse(Exception):
    """comes in, or it cannot be told."""


class Origins:
    """*of_array* knows predictions; *of_call* what a call in the source returned last, if its
    receiver, which may be the function itself, is what it was then."""

    def __init__(
        self,
        frame: FrameType,
        *,
        of_array: Callable[[Any], Prediction | None],
        of_call: Callable[[ast.Call, Any], Prediction | None],
    ) -> None:
        self._frame = frame
        self._of_array = of_array
        self._of_call = of_call
        self._source = source_of(frame)
        self._steps = 0

    def of(self, node: ast.expr) -> list[Prediction]:
        """The predictions that *node*, an argument of the running call, is made of."""
        position = (node.lineno, node.col_offset)
        self._here = None if self._source is None else self._source.place_of(position)
        try:
            return list(self._all_in(node, self._here))
        except SomethingElse:
            return []

    def _all_in(self, node: ast.expr, place: Place | None) -> Iterator[Prediction]:
        """What stands in square brackets only chooses rows or columns, and does not count."""
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name)) | ast.Name(id=name)) if (
                found := self._returned(node, name, place)
            ):
                yield found
            case ast.Name(id=name):
                yield from self._of_name(name, place)
            case ast.Constant():
                pass
            case ast.Attribute(value=value) | ast.Subscript(value=value):
                yield from self._all_in(value, place)
            case _:
                for part in _parts(node):
                    yield from self._all_in(part, place)

    def _returned(self, call: ast.Call, receiver: str, place: Place | None) -> Prediction | None:
        if not self._is_still(receiver, place):
            return None
        return self._of_call(call, self._value_of(receiver))

    def _of_name(self, name: str, place: Place | None) -> Iterator[Prediction]:
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise SomethingElse
        if self._is_still(name, place):
            value = self._value_of(name)
            if (found := self._of_array(value)) is not None:
                yield found
                return
            if _adds_nothing(value):
                return
        if self._source is None or place is None:
            raise SomethingElse
        assigned = self._source.assigned(name, place)
        if assigned is None:
            raise SomethingElse
        yield from self._all_in(assigned.value, assigned.place)

    def _is_still(self, name: str, place: Place | None) -> bool:
        """Whether the variable is now what it was when the statement at *place* was executed."""
        if place is self._here:
            return True
        if self._source is None or place is None or self._here is None:
            return False
        return self._source.is_unchanged(name, since=place, until=self._here)

    def _value_of(self, name: str) -> Any:
        for names in (self._frame.f_locals, self._frame.f_globals, vars(builtins)):
            if name in names:
                return names[name]
        raise SomethingElse


def _parts(node: ast.expr) -> list[ast.expr]:
    match node:
        case ast.UnaryOp(operand=operand):
            return [operand]
        case ast.Call(func=func, args=args, keywords=keywords):
            return [func, *args, *(keyword.value for keyword in keywords)]
        case ast.BinOp(left=left, right=right):
            return [left, right]
        case ast.Compare(left=left, comparators=parts):
            return [left, *parts]
    raise SomethingElse


def _adds_nothing(value: Any) -> bool:
    """Numbers, texts, and functions that work on their arguments alone."""
    if isinstance(value, _SCALARS):
        return True
    if isinstance(value, ModuleType):
        return value.__name__.partition(".")[0] in _PURE
    module = getattr(value, "__module__", None)
    return callable(value) and isinstance(module, str) and module.partition(".")[0] in _PURE
