"""Run what a run came from once more, and compare: one run, or all of an experiment."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from nbtrack.cli.console import count, harmless, say
from nbtrack.cli.place import open_place
from nbtrack.display.progress import shown_progress
from nbtrack.errors import InvalidValue, NotCaptured
from nbtrack.lookup.find_run import find_run
from nbtrack.records.runs import Run, RunQuery
from nbtrack.records.tags import PARENT_TAG, REPRODUCES_TAG
from nbtrack.stores.store import Store

if TYPE_CHECKING:
    from nbtrack.provenance.reproduction.verdicts import Verdict


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "run", metavar="RUN", nargs="?", help="a run id, the beginning of one, or a name"
    )
    parser.add_argument("--all", action="store_true", help="all runs of the experiment -e NAME")
    parser.add_argument("--experiment", "-e", metavar="NAME", help="the experiment of --all")
    parser.add_argument(
        "--env", choices=("current", "venv"), default="current",
        help="venv: build the recorded packages first (default: current)",
    )  # fmt: skip
    parser.add_argument("--timeout", type=_seconds, metavar="S", help="seconds for each run")
    parser.add_argument(
        "--allow-effects", action="store_true",
        help="the cells may start programs and use the network",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="one JSON array, for other programs")


def run(arguments: argparse.Namespace) -> int:
    """1 where a run is not as it was."""
    store = open_place(arguments.store)
    runs = _chosen(store, arguments)
    verdicts = []
    for verdict in _verdicts(store, runs, arguments):
        verdicts.append(verdict)
        if not arguments.json:
            say(*map(harmless, verdict.text.splitlines()))
    if arguments.json:
        say(json.dumps([each.to_dict() for each in verdicts], indent=2))
    elif arguments.all:
        say("", _summary(verdicts))
    return 0 if all(each.is_reproduced for each in verdicts) else 1


def _chosen(store: Store, arguments: argparse.Namespace) -> list[Run]:
    if bool(arguments.run) == arguments.all:
        raise InvalidValue("Name a run, or --all -e NAME for those of an experiment.")
    if arguments.run:
        return [find_run(store, arguments.run)]
    if not arguments.experiment:
        raise InvalidValue("--all takes the experiment too: --all -e NAME.")
    return list(_runs_of(store, arguments.experiment))


def _runs_of(store: Store, name: str) -> Iterator[Run]:
    """Of cells: their children are compared with them, and repetitions are no originals."""
    from nbtrack.panels.runs.run_scope import experiment_ids_of

    query = RunQuery(
        experiment_ids=experiment_ids_of(store, [name]), order_by=("attributes.start_time ASC",)
    )
    for each in store.search_runs(query):
        if not each.data.tags.keys() & {PARENT_TAG, REPRODUCES_TAG}:
            yield each


def _verdicts(
    store: Store, runs: Sequence[Run], arguments: argparse.Namespace
) -> Iterator[Verdict]:
    from nbtrack.provenance.reproduction.reproducing import no_verdict, reproduce_run

    for each in runs:
        try:
            with shown_progress() as progress:
                yield reproduce_run(
                    store,
                    each,
                    env=arguments.env,
                    timeout=arguments.timeout,
                    may_have_effects=arguments.allow_effects,
                    progress=progress,
                )
        except NotCaptured as exc:
            if not arguments.all:
                raise
            yield no_verdict(each, exc)


def _summary(verdicts: Sequence[Verdict]) -> str:
    by_outcome = Counter(str(each.outcome) for each in verdicts)
    told = ", ".join(f"{number:,} {outcome}" for outcome, number in by_outcome.most_common())
    return f"{count(len(verdicts), 'run')}: {told}" if verdicts else "There are no runs to try."


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not seconds > 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return seconds
