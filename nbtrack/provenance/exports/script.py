"""A slice as one script that plain Python runs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from nbtrack.provenance.executions.generator_states import restoring_code
from nbtrack.provenance.exports.account import Account
from nbtrack.provenance.exports.pins import imported_modules, pins_of
from nbtrack.provenance.exports.plain_python import PlainCell, is_python, parsed, plain_python
from nbtrack.provenance.upstream import Step, Upstream
from nbtrack.records.executions import ExecutionStatus

_RESULT_NAMES = re.compile(r"_{1,3}|_\d+|Out|_oh")  # what IPython calls the values of cells
_AWAITING = '''\
import asyncio as _asyncio, inspect as _inspect

_LOOP = _asyncio.new_event_loop()


def _run_awaiting(source):
    """A cell that awaits at its top level, which IPython allows."""
    code = compile(source, "<cell>", "exec", flags=0x2000)  # ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    if _inspect.isawaitable(waiting := eval(code, globals())):
        _LOOP.run_until_complete(waiting)


'''
_DISPLAY = """\
try:
    from IPython.display import display
except ModuleNotFoundError:
    display = print

"""
_REPORT = """\
# --- what the run recorded, beside what is there now

for _name, _recorded in {recorded!r}.items():
    if _name in globals():
        print(f"{{_name}} = {{globals()[_name]!r}}, recorded {{_recorded!r}}")
"""


def script_of(upstream: Upstream, account: Account) -> str:
    """Its head says what is known, and its end prints the metrics that are variables here."""
    cells = [plain_python(step.source) for step in upstream.steps]
    keeps_results = any(map(_reads_results, cells))
    if keeps_results:
        cells = [_with_result(cell, step) for cell, step in zip(cells, upstream.steps)]
    parts = [
        _head(upstream, account),
        *_futures(cells),
        *_helpers(cells, keeps_results=keeps_results),
        *(_cell_text(step, cell) for step, cell in zip(upstream.steps, cells)),
    ]
    if recorded := upstream.asked.data.metrics:
        parts.append(_REPORT.format(recorded=_finite(recorded)))
    return "".join(parts)


def _head(upstream: Upstream, account: Account) -> str:
    needed = [f"    {pin}" for pin in pins_of(upstream)]
    lines = [account.title, ""]
    for title, told in account.sections:
        lines += [f"{title}:", *(f"    {line}" for line in told), ""]
    if needed:
        lines += ["Packages, as recorded:", *needed, ""]
    return "".join(f"# {line}".rstrip() + "\n" for line in lines[:-1]) + "\n"


def _helpers(cells: Sequence[PlainCell], *, keeps_results: bool) -> Iterator[str]:
    """Only what these cells use."""
    sources = [cell.source for cell in cells]
    if imported_modules(sources) & {"nbtrack"}:
        yield _stand_in()
    if any(cell.awaits for cell in cells):
        yield _AWAITING
    if any("display" in _names_read(source) for source in sources):
        yield _DISPLAY
    if keeps_results:
        yield "Out = _oh = {}\n_ = None\n\n"


@cache
def _stand_in() -> str:
    text = Path(__file__).with_name("stand_in.py").read_text(encoding="utf-8")
    return f"# --- for where nbtrack is not installed\n\n{text}\n"


def _futures(cells: Sequence[PlainCell]) -> Iterator[str]:
    """They have to stand first in a file; where they stood, they may be repeated by `exec` only."""
    names = {
        each.name for cell in cells for node in _future_imports(cell.source) for each in node.names
    }
    if names:
        yield f"from __future__ import {', '.join(sorted(names))}\n\n"


def _future_imports(source: str) -> list[ast.ImportFrom]:
    tree = parsed(source)
    body = [] if tree is None else tree.body
    return [each for each in body if isinstance(each, ast.ImportFrom) and each.module == _FUTURE]


_FUTURE = "__future__"


def _cell_text(step: Step, cell: PlainCell) -> str:
    source = _without_futures(cell.source).strip("\n") or "pass"
    failed = step.execution.status is ExecutionStatus.ERROR
    if cell.awaits:
        source = f"_run_awaiting({source!r})"
    elif failed or not is_python(source):
        source = f'exec(compile({source!r}, "<{step.label}>", "exec"))'
    if failed:
        source = f"try:  # it failed then, too\n    {source}\nexcept Exception as _error:\n"
        source += "    print(repr(_error))"
    states = "".join(f"{restoring_code(text)}\n" for text in step.generators)
    states = f"# What its random numbers began with:\n{states}\n" if states else ""
    return f"# --- {step.label}\n\n{states}{source}\n\n"


def _without_futures(source: str) -> str:
    lines = source.splitlines(keepends=True)
    for node in _future_imports(source):
        for at in range(node.lineno - 1, node.end_lineno or node.lineno):
            lines[at] = "\n"
    return "".join(lines)


def _names_read(source: str) -> set[str]:
    tree = parsed(source)
    nodes = [] if tree is None else ast.walk(tree)
    return {
        each.id for each in nodes if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)
    }


def _reads_results(cell: PlainCell) -> bool:
    return any(map(_RESULT_NAMES.fullmatch, _names_read(cell.source)))


def _with_result(cell: PlainCell, step: Step) -> PlainCell:
    """The value of a last expression is bound to the names that IPython would give it."""
    tree, count = parsed(cell.source), step.execution.execution_count
    if tree is None or not tree.body or not isinstance(last := tree.body[-1], ast.Expr):
        return cell
    lines = cell.source.splitlines(keepends=True)
    line = lines[last.lineno - 1].encode()  # places in a line are counted in bytes
    bound = b"_ = " if count is None else f"_ = _{count} = Out[{count}] = ".encode()
    at = last.col_offset
    lines[last.lineno - 1] = (line[:at] + bound + line[at:]).decode()
    return PlainCell(source="".join(lines), needs_ipython=cell.needs_ipython, awaits=cell.awaits)


def _finite(metrics: dict[str, float]) -> dict[str, float | str]:
    """`repr` of nan is no Python."""
    return {key: value if value - value == 0 else repr(value) for key, value in metrics.items()}
