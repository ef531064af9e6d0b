"""`{expression}` and `$name` on a `%%track` line, filled in from the user's variables.

IPython would do this before the magic sees its line, but silently leaves a name it does not
know, and takes `{'a': 1}` for a name. So the magic is decorated with
`IPython.core.magic.no_var_expand`, gets its line as typed, and calls `expand` itself.

    {d}  {d:.3f}  {cfg['lr']!r}  $d  $cfg.lr     filled in
    {'a': 1}  {1, 2}  {}                         literals, kept
    {{  }}  $$d                                  a brace, a brace, $d
    $5  US$                                      text
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType

from nbtrack.cells.words import UsageError, group_end, quote_end

_PLAIN = re.compile(r"[^{}$]+")
_DOLLAR = re.compile(r"\$(\$?)([^\W\d]\w*(?:\.[^\W\d]\w*)*)")
_FIELD_END = re.compile(r"(?:!([rsa]))?(?::(.*))?$", re.DOTALL)
_CONVERSIONS: dict[str, Callable[[object], str]] = {"r": repr, "s": str, "a": ascii}


def expand(line: str, namespace: Mapping[str, object], *, assigned_here: frozenset[str]) -> str:
    """Raises UsageError, naming the piece, if one is undefined, fails, or reads a name that the
    cell itself assigns (*assigned_here*): its value now is not the one the cell will have used.
    """
    scope = _Scope(namespace, assigned_here)
    pieces: list[str] = []
    at = 0
    while at < len(line):
        piece, at = _piece_at(line, at, scope)
        pieces.append(piece)
    return "".join(pieces)


@dataclass(frozen=True, slots=True)
class _Scope:
    namespace: Mapping[str, object]
    assigned_here: frozenset[str]

    def evaluate(self, expression: str, *, shown: str) -> object:
        tree = _parsed(expression, shown=shown)
        names = _names_read(tree)
        self._check(names, shown=shown)
        # A namespace of its own: an expression cannot assign the user's variables.
        known = {name: self.namespace[name] for name in names if name in self.namespace}
        return eval(compile(tree, "<%%track line>", "eval"), known)

    def _check(self, names: set[str], *, shown: str) -> None:
        for name in sorted(names & self.assigned_here):
            raise UsageError(
                f"{shown}: this cell assigns {name} itself, and its %%track line is read before "
                f"that. Assign {name} in an earlier cell, or leave {shown} out."
            )
        for name in sorted(names):
            if name not in self.namespace and not hasattr(builtins, name):
                raise UsageError(f"{shown}: {name} is not defined.{self._hint(name, shown)}")

    def _hint(self, name: str, shown: str) -> str:
        import difflib  # only a wrong line pays for it

        public = [known for known in self.namespace if not known.startswith("_")]
        close = difflib.get_close_matches(name, public, n=1)
        plain = f"${shown}" if shown.startswith("$") else f"{{{shown}}}"
        return f" Did you mean {close[0]}?" if close else f" As plain text it is {plain}."


class _FailuresNamed:
    """Any error of the user's expression becomes a UsageError that quotes it."""

    def __init__(self, shown: str) -> None:
        self._shown = shown

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, at: TracebackType | None
    ) -> None:
        if isinstance(exc, Exception) and not isinstance(exc, UsageError):
            raise UsageError(f"{self._shown} failed with {type(exc).__name__}: {exc}") from exc


def _piece_at(line: str, at: int, scope: _Scope) -> tuple[str, int]:
    if plain := _PLAIN.match(line, at):
        return plain.group(), plain.end()
    if line[at] == "$":
        return _dollar_at(line, at, scope)
    if line[at : at + 2] in ("{{", "}}"):
        return line[at], at + 2
    end = group_end(line, at) if line[at] == "{" else None
    if end is None:
        brace = line[at]
        raise UsageError(f"A single {brace!r} in {line!r}: write {brace * 2} for a brace.")
    group = line[at : end + 1]
    return (group if _is_literal(group) else _field_text(group, scope)), end + 1


def _dollar_at(line: str, at: int, scope: _Scope) -> tuple[str, int]:
    found = _DOLLAR.match(line, at)
    if found is None:
        return "$", at + 1
    if found.group(1):
        return f"${found.group(2)}", found.end()
    with _FailuresNamed(found.group()):
        return str(scope.evaluate(found.group(2), shown=found.group())), found.end()


def _is_literal(group: str) -> bool:
    """Whether *group* is a dict or a set made of nothing but literals."""
    try:
        ast.literal_eval(group)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False
    return True


def _field_text(group: str, scope: _Scope) -> str:
    expression, conversion, spec = _split_field(group[1:-1])
    with _FailuresNamed(group):
        value = scope.evaluate(expression, shown=group)
        if conversion:
            value = _CONVERSIONS[conversion](value)
        filled = expand(spec, scope.namespace, assigned_here=scope.assigned_here)
        return format(value, filled)


def _split_field(field: str) -> tuple[str, str, str]:
    """Expression, conversion letter and format spec of what stands between the braces."""
    at = 0
    while at < len(field):
        if ends := _FIELD_END.match(field, at):
            return field[:at], ends.group(1) or "", ends.group(2) or ""
        at = _past_group(field, at)
    return field, "", ""


def _past_group(field: str, at: int) -> int:
    if field[at] in "([{":
        return (group_end(field, at) or at) + 1
    if field[at] in "\"'":
        return (quote_end(field, at) or at) + 1
    return at + 1


def _parsed(expression: str, *, shown: str) -> ast.Expression:
    try:
        return ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError) as exc:
        raise UsageError(
            f"{shown} is no Python expression. Write {{{{ and }}}} for braces that are text."
        ) from exc


def _names_read(tree: ast.Expression) -> set[str]:
    """Names from outside of the expression, without the variables of its own comprehensions."""
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    own = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    own |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return {node.id for node in names} - own
