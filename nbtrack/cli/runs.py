"""List runs: the newest first, or sorted by a metric or param.

Without --experiment and --all: the experiment of the settings, else that of the newest run,
because a terminal does not know which notebook you have in mind.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from nbtrack.base.plain_values import json_number
from nbtrack.cli.console import count, harmless, is_ascii_only, say, width
from nbtrack.cli.place import open_place
from nbtrack.display.number_format import iso_moment
from nbtrack.recording.session import current_session
from nbtrack.records.runs import RunQuery, RunStatus
from nbtrack.stores.store import Store

if TYPE_CHECKING:
    from nbtrack.panels.runs.facts import RunRow, RunTable

_LOOK_SECONDS = 1.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "filter", nargs="*", help='such as "forest accuracy > 0.9" or "status = failed"'
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--experiment", "-e", metavar="NAME", action="append", help="runs of this experiment"
    )
    which.add_argument("--all", action="store_true", help="runs of all experiments")
    parser.add_argument("--sort", metavar="KEY", help="a metric, a param or start_time")
    parser.add_argument("--top", type=_positive, metavar="N", help="only the first N runs")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON array, for other programs")
    form.add_argument(
        "--watch", "-w", action="store_true", help="again whenever something is new, until Ctrl-C"
    )


def run(arguments: argparse.Namespace) -> int:
    store = open_place(arguments.store)
    if not arguments.watch:
        _say_runs(store, arguments)
        return 0
    before, is_growing = None, False
    while True:
        now = store.version()
        if now != before or is_growing:
            _begin_again()
            has_running = _say_runs(store, arguments)
            sys.stdout.flush()
            before, is_growing = now, has_running and sys.stdout.isatty()
        time.sleep(_LOOK_SECONDS)


def _begin_again() -> None:
    """At the top of the terminal; a file or a pipe has one table after the other."""
    if sys.stdout.isatty():
        sys.stdout.write("\x1b[H\x1b[2J")


def _say_runs(store: Store, arguments: argparse.Namespace) -> bool:
    """Whether one of them goes on: it grows older while nothing is new."""
    experiment_ids = None if arguments.all else _experiments(store, arguments.experiment)
    table = _table(store, experiment_ids, arguments)
    if arguments.json:
        say(json.dumps([_as_json(row) for row in table.rows], indent=2))
        return False
    from nbtrack.panels.runs.text import run_table_text

    say(run_table_text(table, width=width(), ascii_only=is_ascii_only()))
    if table.rows and not arguments.experiment and (others := _others(store, experiment_ids)):
        say(others)
    return any(row.status == RunStatus.RUNNING for row in table.rows)


def _table(
    store: Store, experiment_ids: tuple[str, ...] | None, arguments: argparse.Namespace
) -> RunTable:
    from nbtrack.panels.runs.reading import run_table_of

    return run_table_of(
        store,
        experiment_ids=experiment_ids,
        filter_string=" ".join(arguments.filter),
        sort=arguments.sort,
        top=arguments.top,
    )


def _experiments(store: Store, names: Sequence[str] | None) -> tuple[str, ...] | None:
    from nbtrack.panels.runs.run_scope import experiment_ids_of

    configured = current_session().settings.experiment
    if chosen := names or ([configured] if configured else []):
        return experiment_ids_of(store, chosen)
    newest = store.search_runs(RunQuery(max_results=1))
    return (newest[0].info.experiment_id,) if newest else None


def _others(store: Store, experiment_ids: tuple[str, ...] | None) -> str | None:
    """What a terminal, which chose the experiment by itself, left aside."""
    from nbtrack.panels.runs.run_scope import names_elsewhere, runs_elsewhere

    if experiment_ids is None or not (number := runs_elsewhere(store, experiment_ids)):
        return None
    names = ", ".join(harmless(name) for name in names_elsewhere(store, experiment_ids))
    return f"{count(number, 'run')} in other experiments ({names}): -e NAME, or --all"


def _as_json(row: RunRow) -> dict[str, Any]:
    facts = asdict(row)
    facts["metrics"] = {key: json_number(value) for key, value in row.metrics.items()}
    for name in ("start_time", "end_time"):
        facts[name] = _iso(facts[name])
    return facts


def _iso(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    return iso_moment(milliseconds)


def _positive(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1")
    return int(text)
