"""The command `nbtrack`: one small module per subcommand, each with `add_arguments` and `run`.

Exit codes: 0 done, 1 the answer is bad news (`doctor`, `registry verify`, a cell of `demo` that
failed, a run that is not as it was or did not come over whole), 2 the command could not be carried
out, 130 interrupted, 141 the reader of our output went away.
"""

from __future__ import annotations

import argparse
import atexit
import os
import sys
from collections.abc import Sequence
from itertools import pairwise
from types import ModuleType

import nbtrack
from nbtrack.cli import (
    demo,
    diff,
    doctor,
    export,
    gc,
    import_runs,
    mcp,
    models,
    pull,
    push,
    registry,
    reproduce,
    run_script,
    runs,
    server,
    server_token,
    server_upgrade,
    server_user,
    show,
    sql,
    stop,
    sync,
    ui,
)
from nbtrack.cli.console import make_output_safe
from nbtrack.errors import NbtrackError

_COMMANDS: dict[str, ModuleType] = {
    "demo": demo,
    "run": run_script,
    "runs": runs,
    "show": show,
    "diff": diff,
    "export": export,
    "import": import_runs,
    "reproduce": reproduce,
    "stop": stop,
    "sync": sync,
    "push": push,
    "pull": pull,
    "sql": sql,
    "ui": ui,
    "mcp": mcp,
    "server": server,
    "server user": server_user,
    "server token": server_token,
    "server upgrade": server_upgrade,
    "models": models,
    "registry": registry,
    "gc": gc,
    "doctor": doctor,
}
_FAILED, _INTERRUPTED, _READER_GONE = 2, 130, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line *argv* (default: this process's) and return its exit code."""
    make_output_safe()
    arguments = _parser().parse_args(_joined(sys.argv[1:] if argv is None else argv))
    try:
        code = int(_COMMANDS[arguments.command].run(arguments))
        sys.stdout.flush()  # here, so that a reader that went away is noticed here
    except BrokenPipeError:
        _forget_output()
        return _READER_GONE
    except (NbtrackError, OSError) as exc:
        sys.stderr.write(f"nbtrack: {exc}\n")
        return _FAILED
    except KeyboardInterrupt:
        sys.stderr.write("nbtrack: interrupted\n")
        return _INTERRUPTED
    if argv is None and arguments.command == "run":
        _end_here(code)
    return code


def _end_here(code: int) -> None:
    """After all exit handlers. What would die with the interpreter after that may wait for ever for
    a thread that is gone: a Trainer of Lightning with MLflow's logger did, run by us."""
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _joined(words: Sequence[str]) -> list[str]:
    """A command of two words is one word for argparse: beside `server FOLDER`, it could not tell
    `server user`."""
    for place, pair in enumerate(pairwise(words)):
        if " ".join(pair) in _COMMANDS:
            return [*words[:place], " ".join(pair), *words[place + 2 :]]
    return list(words)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="nbtrack", description="Read and tend the record that nbtrack keeps of your runs."
    )
    parser.add_argument("--version", action="version", version=f"nbtrack {nbtrack.__version__}")
    _add_store(parser, default=None)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in _COMMANDS.items():
        summary = str(module.__doc__).partition("\n")[0]
        command = commands.add_parser(name, help=summary, description=summary)
        # Not given here must not undo what was given before the command.
        _add_store(command, default=argparse.SUPPRESS)
        module.add_arguments(command)
    return parser


def _add_store(parser: argparse.ArgumentParser, *, default: str | None) -> None:
    parser.add_argument(
        "--store",
        metavar="PATH",
        default=default,
        help="the project folder to look at (default: found from the working folder)",
    )


def _forget_output() -> None:
    """Nothing more can be written: the interpreter must not try at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
