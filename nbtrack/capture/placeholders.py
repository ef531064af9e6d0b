"""Notebook variables on a magic line: `%%track sweep depth={d}`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from nbtrack.capture.source import CellSource, names_bound, names_in_expression
from nbtrack.errors import InvalidValue

_BRACES = re.compile(r"(\{\{|\}\})|\{([^{}]+)\}|\$(\w+)")
_FORMAT = re.compile(r"(.+?)(![rsa])?(?::([^:{}'\"]*))?", re.DOTALL)

_CONVERSIONS: dict[str, Callable[[object], str]] = {"!r": repr, "!s": str, "!a": ascii}


def fill_placeholders(line: str, *, source: CellSource, namespace: Mapping[str, object]) -> str:
    """*line* with `{expression}`, `{expression:format}` and `$name` replaced by their values.

    Braces that read no variable (`{"a": 1}`) and `$name` of no variable stay. `{{` and `}}` stand
    for single braces. A name that is undefined, or that the cell of the line itself assigns, is an
    InvalidValue: its value would be the one from before the cell.
    """

    def filled(found: re.Match[str]) -> str:
        doubled, inside, dollar = found.groups()
        if doubled:
            return doubled[:1]
        if dollar is not None and dollar not in namespace:
            return found.group()
        expression, conversion, spec = _taken_apart(inside or dollar)
        names = names_in_expression(expression)
        if not names:
            return found.group()
        _check(names, found.group(), source=source, namespace=namespace)
        return _formatted(_value(expression, namespace), conversion, spec=spec)

    return _BRACES.sub(filled, line)


def _taken_apart(inside: str) -> tuple[str, str, str]:
    """Expression, conversion (`!r`) and format of `{…}`; a slice's colon belongs to the first."""
    found = _FORMAT.fullmatch(inside)
    if names_in_expression(inside) is not None or found is None:
        return inside, "", ""
    return found.group(1), found.group(2) or "", found.group(3) or ""


def _check(
    names: frozenset[str], shown: str, *, source: CellSource, namespace: Mapping[str, object]
) -> None:
    import builtins

    for name in sorted(names):
        if name in names_bound(source):
            raise InvalidValue(
                f"{shown} on the magic line would take {name!r} from before this cell, which "
                f"assigns it. Assign {name} in an earlier cell, or write the value itself."
            )
        if name not in namespace and not hasattr(builtins, name):
            raise InvalidValue(
                f"{shown} on the magic line: {name!r} is not defined. Run the cell that defines it "
                f"first, or write {{{shown}}} if you mean the text {shown}."
            )


def _value(expression: str, namespace: Mapping[str, object]) -> object:
    # The user's own line, in the user's own namespace: no more than what the cell itself may do.
    return eval(f"({expression}\n)", dict(namespace))


def _formatted(value: object, conversion: str, *, spec: str) -> str:
    convert = _CONVERSIONS.get(conversion)
    return format(convert(value) if convert else value, spec)
