"""Bring in what another tracker has, or what was exported: `import mlflow mlruns`, `import csv`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping

from nbtrack.cli.console import count, harmless, listed, say
from nbtrack.cli.place import find_place, new_place
from nbtrack.display.progress import shown_progress
from nbtrack.display.text_table import aligned
from nbtrack.recording.session import current_session
from nbtrack.stores.local.duckdb import DuckDBStore
from nbtrack.stores.opening import without_password
from nbtrack.transfer.imports.outcome import Outcome, Side

_KINDS = {
    "mlflow": (
        "a store of MLflow 1, 2 or 3; mlflow is not needed",
        "a folder mlruns, mlflow.db, sqlite:///mlflow.db, postgresql://… or http://server",
    ),
    "csv": (
        "a table of runs, or what `nbtrack export --csv` wrote",
        "a CSV file with a row for each run, or a folder of tables",
    ),
    "parquet": ("what `nbtrack export --parquet` wrote", "a folder of tables"),
    "tensorboard": (
        "event files of TensorBoard; neither it nor TensorFlow is needed",
        "a folder of runs: each folder in it that has event files is one",
    ),
    "wandb": (
        "runs of W&B on this machine, or exported; wandb is not needed",
        "a folder wandb, a file run-….wandb, JSON of wandb.Api().runs, or a CSV of its page",
    ),
    "trackio": (
        "projects of trackio; it is not needed",
        "its folder, or the file of a project (default: ~/.cache/huggingface/trackio)",
    ),
}
_WHERE_TRACKIO_IS = "~/.cache/huggingface/trackio"
_WITH_EXPERIMENT = ("csv", "tensorboard", "wandb", "trackio")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    for kind, (about, places) in _KINDS.items():
        each = kinds.add_parser(kind, help=about, description=about)
        if kind == "trackio":
            each.add_argument("source", nargs="?", default=_WHERE_TRACKIO_IS, help=places)
        else:
            each.add_argument("source", metavar="SOURCE", help=places)
        each.add_argument(
            "--to", metavar="FOLDER",
            help="the project it comes to, made if there is none (default: that of --store)",
        )  # fmt: skip
        if kind in _WITH_EXPERIMENT:
            each.add_argument("-e", "--experiment", metavar="NAME", help="where the runs go")
        if kind in ("csv", "wandb"):
            each.add_argument(
                "--param", metavar="COLUMN", action="append", default=[],
                help="this one is a param, though all in it are numbers; may be given again",
            )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    from nbtrack.transfer.imports.importing import import_source
    from nbtrack.transfer.sources.opening import Reading, open_source

    reading = Reading(
        experiment=getattr(arguments, "experiment", None), params=getattr(arguments, "param", ())
    )
    reader = open_source(arguments.kind, arguments.source, reading)
    chosen = arguments.to or arguments.store
    try:
        store = current_session().store_for(new_place(chosen).uri)
        assert isinstance(store, DuckDBStore)  # `new_place` refuses a server
        with shown_progress("run") as show:
            outcome = import_source(reader, store, progress=show)
    finally:
        reader.close()
    say(*_told(outcome, harmless(reader.title)))
    say(*([] if chosen else _elsewhere(store)))
    return 0 if outcome.is_whole else 1


def _elsewhere(store: DuckDBStore) -> Iterator[str]:
    """Where somebody would look for them in vain."""
    server = find_place(None).server
    if server is not None:
        yield (
            f"They are in {harmless(str(store.folder))}; what is logged here goes to "
            f"{harmless(without_password(server))}. nbtrack push sends them there."
        )


def _told(outcome: Outcome, source: str) -> Iterator[str]:
    news = f"{outcome.new:,} new, {outcome.grown:,} grown, {outcome.same:,} as they were"
    yield f"{count(outcome.source.runs, 'run')} from {source}: {news}."
    if outcome.models or outcome.versions:
        models, versions = count(outcome.models, "logged model"), outcome.versions
        yield f"{models}; {count(versions, 'version')} of registered models."
    yield from aligned(_sides(outcome.source, outcome.here), right={1, 2})
    yield from _listed("How it was read", dict.fromkeys(outcome.notes, ""))
    yield from _listed("Other than there", dict.fromkeys(outcome.remarks, ""))
    yield from _listed("Without some of their files", outcome.incomplete)
    yield from _listed("Left out", outcome.broken)
    yield from _listed("Not the same here as there", dict.fromkeys(outcome.differing, ""))
    yield _verdict(outcome)


def _sides(source: Side, here: Side) -> list[list[str]]:
    names = ("runs", "params", "tags", "points", "files")
    rows = [[name, f"{getattr(source, name):,}", f"{getattr(here, name):,}"] for name in names]
    return [["", "there", "here"], *rows, ["digest", source.digest[:12], here.digest[:12]]]


def _listed(title: str, things: Mapping[str, str]) -> Iterator[str]:
    if things:
        yield f"{title} ({len(things):,}):"
        lines = (f"  {what}: {why}" if why else f"  {what}" for what, why in things.items())
        yield from listed(harmless_cut(line) for line in lines)


def harmless_cut(line: str) -> str:
    text = harmless(line)
    return text if len(text) <= 300 else text[:299] + "…"


def _verdict(outcome: Outcome) -> str:
    if outcome.is_whole:
        return "All of it is here: both sides have the same digest."
    if not outcome.differing:
        return "What came over is the same on both sides; what is listed did not."
    return (
        f"{count(len(outcome.differing), 'run')} not the same: changed here since, taken out "
        "there since (it stays here), or logged there while this ran: then import again."
    )
