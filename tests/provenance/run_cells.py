"""Runs notebooks, each in a kernel of its own, and says what was recorded of their cells.

Lines of JSON in and out: a list of lists of sources; for each a list of executions, and what its
shell said of *asked*. A process of its own for all that ask, because a shell is one per process;
each notebook runs in a fork of it, in which nbtrack is loaded by the cell `%load_ext nbtrack`, or
before the first one.
"""

from __future__ import annotations

import atexit
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from nbtrack.provenance.slices import slice_of
from nbtrack.records.executions import Execution

ROOT = Path(__file__).parents[2]
LOAD = "%load_ext nbtrack"
UNTOLD = "ERRORS_ARE_UNTOLD"  # to write a traceback takes longer than the cell
ANSWER = "answer: "  # what begins so; notebooks print, too


@dataclass(frozen=True, kw_only=True)
class Ran:
    """*value* is the `repr` of what was asked for; *printed* all that cells printed."""

    executions: list[Execution] = field(default_factory=list)
    value: str | None = None
    printed: str = ""

    @property
    def slice(self) -> set[int]:
        """Of the last cell."""
        return {e.number for e in slice_of(self.executions, self.executions[-1].number)}

    @property
    def gaps(self) -> str:
        return "\n".join(gap for each in self.executions for gap in each.gaps)


def run_notebooks(
    notebooks: Sequence[Sequence[str]], *, ask: str = "r", **environment: str
) -> list[Ran]:
    shell = _process()
    assert shell.stdin
    assert shell.stdout
    shell.stdin.write(json.dumps([environment, ask, *notebooks]) + "\n")
    shell.stdin.flush()
    while not (told := shell.stdout.readline()).startswith(ANSWER):
        assert told, "it has ended"
    return [
        Ran(
            executions=[Execution.of_facts(**each) for each in found["executions"]],
            value=found["value"],
            printed=found["printed"],
        )
        for found in json.loads(told.removeprefix(ANSWER))
    ]


@cache
def _process() -> subprocess.Popen[str]:
    started = subprocess.Popen(
        [sys.executable, "-m", "tests.provenance.run_cells"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("NBTRACK_")},
    )
    atexit.register(started.communicate)  # it ends when nobody can ask any more
    return started


def _main() -> None:
    from importlib import import_module

    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    for name in ("sklearn.linear_model", "pandas", "matplotlib", "joblib", "duckdb"):
        import_module(name)
    import_module("matplotlib").use("agg")
    import_module("nbtrack.cells.extension")
    import_module("nbtrack.panels.magics")
    # Or forks would write the same lines of one history, and be told so.
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"hist_file": ":memory:"}}))
    for line in sys.stdin:
        environment, ask, *notebooks = json.loads(line)
        found = [_in_fork(shell, cells, ask, environment) for cells in notebooks]
        print(ANSWER + json.dumps(found), flush=True)  # noqa: T201 - our answer


def _in_fork(shell: Any, cells: list[str], ask: str, environment: dict[str, str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        child = os.fork()
        if child == 0:
            try:
                os.environ.update(environment)
                os.chdir(folder)
                answer.write_text(json.dumps(_run(shell, cells, ask)), encoding="utf-8")
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        found: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
        return found


def _run(shell: Any, cells: list[str], ask: str) -> dict[str, Any]:
    import nbtrack.ipython

    if os.environ.get(UNTOLD):
        shell.showtraceback = lambda *_, **__: None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        if LOAD not in cells:
            nbtrack.ipython.load_ipython_extension(shell)
        for source in cells:
            shell.run_cell(source, store_history=True)
    record = nbtrack.ipython._extension.cells.provenance  # type: ignore[union-attr] # it is loaded
    return {
        "executions": [
            {"kernel": e.kernel, "number": e.number, "facts": asdict(e)}
            for e in record.log.executions.values()
        ],
        "value": _shown(shell.user_ns, ask),
        "printed": printed.getvalue(),
    }


def _shown(namespace: dict[str, Any], ask: str) -> str | None:
    try:
        return repr(eval(ask, namespace))
    except Exception as exc:  # noqa: BLE001 - of whatever kind, it is the answer
        return f"{type(exc).__name__}"


if __name__ == "__main__":
    _main()
