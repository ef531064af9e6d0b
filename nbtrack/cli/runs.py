"""List runs: the newest first, or sorted by a metric or param.

Without --experiment and --all: the experiment of the settings, else that of the newest run,
because a terminal does not know which notebook you have in mind.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from math import isfinite
from typing import TYPE_CHECKING, Any

from nbtrack.cli.console import is_ascii_only, say, width
from nbtrack.cli.place import open_place
from nbtrack.errors import ExperimentNotFound
from nbtrack.records import RunQuery
from nbtrack.session import current_session
from nbtrack.stores import Store

if TYPE_CHECKING:
    from nbtrack.notebook.run_table_facts import RunRow, RunTable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "filter", nargs="?", default="", help="such as \"metrics.f1 > 0.8 and params.lr = '0.1'\""
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--experiment", "-e", metavar="NAME", help="runs of this experiment")
    which.add_argument("--all", action="store_true", help="runs of all experiments")
    parser.add_argument("--sort", metavar="KEY", help="a metric, a param or start_time")
    parser.add_argument("--top", type=_positive, metavar="N", help="only the first N runs")
    parser.add_argument("--json", action="store_true", help="one JSON array, for other programs")


def run(arguments: argparse.Namespace) -> int:
    store = open_place(arguments.store)
    table = _table(store, arguments)
    if arguments.json:
        say(json.dumps([_as_json(row) for row in table.rows], indent=2))
        return 0
    from nbtrack.notebook.run_table_text import run_table_text

    say(run_table_text(table, width=width(), ascii_only=is_ascii_only()))
    return 0


def _table(store: Store, arguments: argparse.Namespace) -> RunTable:
    from nbtrack.notebook.runs_view import run_table_of

    experiment_ids = None if arguments.all else _experiments(store, arguments.experiment)
    return run_table_of(
        store,
        experiment_ids=experiment_ids,
        filter_string=arguments.filter,
        sort=arguments.sort,
        top=arguments.top,
    )


def _experiments(store: Store, name: str | None) -> tuple[str, ...] | None:
    name = name or current_session().settings.experiment
    if name is not None:
        found = store.find_experiment(name)
        if found is None:
            raise ExperimentNotFound(name, store.uri)
        return (found.experiment_id,)
    newest = store.search_runs(RunQuery(max_results=1))
    return (newest[0].info.experiment_id,) if newest else None


def _as_json(row: RunRow) -> dict[str, Any]:
    facts = asdict(row)
    # JSON has no NaN and no Infinity: they are texts, as in the journal.
    facts["metrics"] = {k: v if isfinite(v) else str(v) for k, v in row.metrics.items()}
    return facts


def _positive(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1")
    return int(text)
