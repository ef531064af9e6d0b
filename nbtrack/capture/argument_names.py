"""What the user calls a value that was passed to a function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any, NamedTuple

from nbtrack.capture.call_expressions import CallText, call_of
from nbtrack.capture.readable_names import readable_name

_VARARGS, _VARKEYWORDS = 0x04, 0x08  # _VARARGS, CO_VARKEYWORDS


class ArgumentName(NamedTuple):
    name: str
    is_variable: bool  # False: made from an expression


class Parameter(NamedTuple):
    """Which parameter of which function a value was passed to."""

    function: str
    position: int | None
    keyword: str | None


def argument_name(frame: FrameType, value: Any, parameter: Parameter) -> ArgumentName | None:
    """The name of *value*, which *frame* is passing on as *parameter*.

    If a helper function got it from its caller, the caller's name for it, as in MLflow.
    """
    found = _name_in(frame, value, parameter)
    while (passed := _parameter_of(frame, value)) is not None and frame.f_back is not None:
        frame = frame.f_back
        found = _name_in(frame, value, passed) or found
    return found


def _name_in(frame: FrameType, value: Any, parameter: Parameter) -> ArgumentName | None:
    call = call_of(frame)
    text = _text_at(call, parameter)
    if text is not None and text.isidentifier() and _is_bound(frame, text, value):
        return ArgumentName(text, is_variable=True)
    for name in (text for text in call.arguments.values() if text.isidentifier()):
        if _is_bound(frame, name, value):
            return ArgumentName(name, is_variable=True)
    if text is not None and call.function == parameter.function:
        readable = readable_name(text)
        return None if readable is None else ArgumentName(readable, is_variable=False)
    return _variable_of(frame, value)


def _text_at(call: CallText, parameter: Parameter) -> str | None:
    arguments = call.arguments
    if parameter.keyword is not None and parameter.keyword in arguments:
        return arguments[parameter.keyword]
    return None if parameter.position is None else arguments.get(parameter.position)


def _is_bound(frame: FrameType, name: str, value: Any) -> bool:
    names = frame.f_locals
    return (names[name] if name in names else frame.f_globals.get(name)) is value


def _variable_of(frame: FrameType, value: Any) -> ArgumentName | None:
    """A variable that holds *value*, where the text of the call does not say: `map(f, [X])`."""
    for name, held in list(frame.f_locals.items()):
        if held is value and name.isidentifier() and not name.startswith("_"):
            return ArgumentName(name, is_variable=True)
    return None


def _parameter_of(frame: FrameType, value: Any) -> Parameter | None:
    """The parameter through which the function in *frame* got *value*; None if it did not."""
    code = frame.f_code
    if not (
        code.co_argcount or code.co_kwonlyargcount or code.co_flags & (_VARARGS | _VARKEYWORDS)
    ):
        return None
    held = frame.f_locals
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    is_method = names[:1] in (("self",), ("cls",))
    for place, name in enumerate(names):
        if held.get(name) is value:
            position = place - is_method if place < code.co_argcount else None
            return Parameter(code.co_name, position, name)
    if any(each is value for each in _packed(frame, held)):
        return Parameter(code.co_name, None, None)
    return None


def _packed(frame: FrameType, held: Mapping[str, Any]) -> Iterator[Any]:
    """What came in through `*args` and `**kwargs`."""
    code = frame.f_code
    place = code.co_argcount + code.co_kwonlyargcount
    if code.co_flags & _VARARGS:
        yield from held.get(code.co_varnames[place], ())
        place += 1
    if code.co_flags & _VARKEYWORDS:
        yield from held.get(code.co_varnames[place], {}).values()
