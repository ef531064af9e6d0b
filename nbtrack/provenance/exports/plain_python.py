"""A cell's source as Python that runs without IPython, as far as there is such a thing."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Any

_CALL = "get_ipython()"
_TRACK = re.compile(r"%%track(?!\S)")
# They only say how a notebook shows or times things; what they run, if anything, stays.
_SHOWING = frozenset(
    (
        "matplotlib", "load_ext", "reload_ext", "unload_ext", "autoreload", "config", "who",
        "whos", "precision", "pdb", "xmode", "pip", "conda", "colors", "pinfo", "track",
        "experiment", "runs", "compare", "registry",
    )
)  # fmt: skip
_RUNNING = frozenset(("time", "timeit", "prun", "capture"))  # around Python


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainCell:
    """*needs_ipython*: calls of `get_ipython()` are left in it; *awaits* at its top level."""

    source: str
    needs_ipython: bool = False
    awaits: bool = False


def plain_python(typed: str) -> PlainCell:
    """*typed* with its magics taken away or written as Python.

    What stays as it was, the sources of cells without any included, stays to the letter.
    """
    transformed = _transformed(_without_track_line(typed))
    if _CALL in transformed:
        transformed = _in_plain_words(transformed)
    return PlainCell(
        source=transformed, needs_ipython=_CALL in transformed, awaits=_awaits(transformed)
    )


def is_python(source: str) -> bool:
    return parsed(source) is not None


def _without_track_line(typed: str) -> str:
    """The first line of code, if it is `%%track …`, with the lines that go on from it."""
    lines = typed.splitlines(keepends=True)
    at = 0
    while at < len(lines) and (not lines[at].strip() or lines[at].lstrip().startswith("#")):
        at += 1
    if at == len(lines) or not _TRACK.match(lines[at]):
        return typed
    end = at
    while end + 1 < len(lines) and lines[end].rstrip().endswith("\\"):
        end += 1
    return "".join((*lines[:at], *lines[end + 1 :]))


def _transformed(typed: str) -> str:
    from IPython.core.inputtransformer2 import TransformerManager

    # A cell of plain Python is not to be changed: the transformer adds a newline, at least.
    manager: Any = TransformerManager
    return typed if is_python(typed) else str(manager().transform_cell(typed))


def _in_plain_words(source: str) -> str:
    """Line by line: calls that IPython makes of magics stand on lines of their own."""
    tree = parsed(source)
    if tree is None:
        return source
    lines = source.splitlines(keepends=True)
    for node in reversed([each for each in ast.walk(tree) if isinstance(each, ast.stmt)]):
        if not isinstance(node, ast.Expr | ast.Assign) or (call := _magic_in(node)) is None:
            continue
        if (plain := _plain_statement(node, call)) is not None:
            indent = lines[node.lineno - 1][: node.col_offset]
            lines[node.lineno - 1 : node.end_lineno] = [
                f"{indent}{line}\n" for line in plain.splitlines()
            ]
    return "".join(lines)


def _magic_in(node: ast.Expr | ast.Assign) -> tuple[str, list[str]] | None:
    """The method of `get_ipython()` that a statement calls, and its arguments."""
    match node.value:
        case ast.Call(
            func=ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr=method),
            args=arguments,
        ) if all(isinstance(each, ast.Constant) for each in arguments):
            return method, [str(each.value) for each in arguments if isinstance(each, ast.Constant)]
    return None


def _plain_statement(node: ast.Expr | ast.Assign, call: tuple[str, list[str]]) -> str | None:
    """Python that does the same; "pass" for what only shows; None where there is none."""
    method, arguments = call
    target = f"{ast.unparse(node.targets[0])} = " if isinstance(node, ast.Assign) else ""
    if method == "system" or (method == "run_cell_magic" and arguments[0] in ("bash", "sh")):
        return _shell_call(arguments[-1], target)
    if method == "getoutput":
        return f'{target}__import__("subprocess").getoutput({arguments[0]!r}).splitlines()'
    if method == "run_line_magic" and len(arguments) == 2:
        return _plain_line_magic(arguments[0], arguments[1], target)
    if method == "run_cell_magic" and len(arguments) == 3:
        return _plain_cell_magic(*arguments)
    return None


def _shell_call(command: str, target: str) -> str | None:
    """A command with variables of the notebook in it is IPython's own language."""
    if re.search(r"[{]|\$[A-Za-z]", command):
        return None
    return f'{target}__import__("subprocess").run({command!r}, shell=True)'


def _plain_line_magic(name: str, line: str, target: str) -> str | None:
    if name == "cd" and line and not re.search(r"[-{$]", line):
        return f'{target}__import__("os").chdir({line.strip()!r})'
    if name in _RUNNING and is_python(line) and not line.startswith("-"):
        return target + line
    return "pass" if name in _SHOWING and not target else None


def _plain_cell_magic(name: str, line: str, body: str) -> str | None:
    if name in ("time", "capture", "prun"):
        plain = plain_python(body)
        if _hides_a_name(name, line) or plain.needs_ipython or not is_python(plain.source):
            return None
        return plain.source
    if name == "writefile" and line and not line.startswith("-"):
        return f'__import__("pathlib").Path({line.strip()!r}).write_text({body!r})'
    if name == "html" or name == "markdown":
        return "pass"
    return None


def _hides_a_name(magic: str, line: str) -> bool:
    """`%%capture out` binds a name, and `%%time x = 1` runs more than the body."""
    words = [word for word in line.split() if not word.startswith("-")]
    return bool(words) if magic != "prun" else False


def _awaits(source: str) -> bool:
    tree = parsed(source)
    return tree is not None and any(map(_awaits_here, tree.body))


def _awaits_here(node: ast.AST) -> bool:
    """Not within functions, whose awaiting is their own."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
        return False
    if isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith):
        return True
    return any(map(_awaits_here, ast.iter_child_nodes(node)))


def parsed(source: str) -> ast.Module | None:
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = compile(
                source, "<cell>", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            )
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    assert isinstance(code, ast.Module)
    return code
