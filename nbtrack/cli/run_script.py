"""Run a script as python does, as a run: its source, arguments, modules, output, what it trains."""

from __future__ import annotations

import argparse
import sys

from nbtrack.api.taking_over import takeover
from nbtrack.cli.place import new_place
from nbtrack.recording.session import current_session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--experiment", "-e", metavar="NAME", help="where the run goes")
    parser.add_argument("--name", metavar="NAME", help="of the run; default: that of the script")
    parser.add_argument("--no-autolog", action="store_true", help="record no fits by themselves")
    parser.add_argument(
        "--as-mlflow", action="store_true",
        help="let the script's `import mlflow` be nbtrack: it records here, unchanged",
    )  # fmt: skip
    parser.add_argument(
        "--as-wandb",
        action="store_true",
        help="the same for `import wandb`: its verbs record here; processes that the script starts "
        "have W&B itself, and WANDB_MODE=disabled",
    )
    parser.allow_abbrev = False  # a script's own `--a` is neither --as-mlflow nor --as-wandb
    parser.add_argument("script", metavar="SCRIPT", help="a Python file")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...", help="its arguments")


def run(arguments: argparse.Namespace) -> int:
    from nbtrack.scripts.program import read_program
    from nbtrack.scripts.recording import Wish, record_program

    program = read_program(arguments.script, arguments.arguments)
    session = current_session()
    if arguments.store is not None:
        session.set_tracking_uri(new_place(arguments.store).uri)
    if arguments.experiment is not None:
        session.set_experiment(arguments.experiment)
    if arguments.as_mlflow:
        takeover()
    if arguments.as_wandb:
        takeover(of="wandb")
    wish = Wish(name=arguments.name, has_autolog=not arguments.no_autolog)
    status = record_program(session, program, wish)
    sys.stdout.flush()
    return status
