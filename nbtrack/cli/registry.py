"""The record of the model registry: `log` a model's, `verify` all of it, `export` it."""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nbtrack.cli.console import count, harmless, say
from nbtrack.cli.place import open_place
from nbtrack.display.text_table import aligned
from nbtrack.errors import InvalidValue
from nbtrack.lookup.registered_models import moment_text, no_model
from nbtrack.lookup.registry_names import check_model_name
from nbtrack.model_registry.audit import parse_head, verify
from nbtrack.model_registry.copied_files import changed_versions
from nbtrack.model_registry.event_words import event_words
from nbtrack.records.registry import RegistryEvent
from nbtrack.stores.store import Store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    log = actions.add_parser("log", help="who changed what of a model, when and why")
    log.add_argument("name", metavar="NAME", help="the registered model, by any name it ever had")
    check = actions.add_parser("verify", help="whether the record is as it was written")
    check.add_argument(
        "--head",
        metavar="COUNT:HASH",
        help="a head that was kept elsewhere, as `log` prints it: it must be part of the record",
    )
    export = actions.add_parser("export", help="every event, for other programs")
    export.add_argument("name", nargs="?", metavar="NAME", help="only of this model")
    form = export.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="comma-separated (the default)")
    form.add_argument("--json", action="store_true", help="a JSON array of objects")
    export.add_argument("-o", "--output", metavar="FILE", help="default: stdout")


def run(arguments: argparse.Namespace) -> int:
    store = open_place(arguments.store)
    if arguments.action == "verify":
        return _verify(store, arguments.head)
    if arguments.action == "log":
        return _log(store, arguments.name)
    return _export(store, arguments)


def _log(store: Store, name: str) -> int:
    events = _events(store, name)
    rows = [["n", "when", "who", "version", "what", "why"], *map(_row, events)]
    head = store.registry_head()
    say(*aligned(rows, right={0}), "")
    say(f"{count(len(events), 'event')} of {harmless(name)}; {head.number:,} in the registry.")
    say(f"Head: {harmless(str(head))}")
    return 0


def _row(event: RegistryEvent) -> list[str]:
    version = "" if event.version is None else str(event.version)
    texts = [
        str(event.n), moment_text(event.t), str(event.actor), version, event_words(event),
        event.reason or "",
    ]  # fmt: skip
    return [harmless(text) for text in texts]


def _events(store: Store, name: str) -> list[RegistryEvent]:
    events = store.registry_events(name=check_model_name(name))
    if not events:
        raise no_model(store, name)
    return events


def _verify(store: Store, head: str | None) -> int:
    if head is not None:
        parse_head(head)
    check = verify(store, head=head)
    changed = list(changed_versions(store))
    is_intact = check.is_intact and not changed
    state = "intact" if is_intact else "NOT intact"
    events, at = count(check.head.number, "event"), harmless(str(check.head))
    say(
        f"The record is {state}: {events}, head {at}",
        *(f"- {harmless(problem)}" for problem in (*check.problems, *changed)),
        *(f"  Note: {harmless(remark)}" for remark in check.remarks),
        "",
        check.limits,
    )
    return 0 if is_intact else 1


def _export(store: Store, arguments: argparse.Namespace) -> int:
    events = store.registry_events() if arguments.name is None else _events(store, arguments.name)
    text = _as_json(events) if arguments.json else _as_csv(events)
    if arguments.output is None:
        sys.stdout.write(text)
        return 0
    file = Path(arguments.output).absolute()
    if not file.parent.is_dir():
        raise InvalidValue(f"There is no folder {str(file.parent)!r}; make it.")
    # Under another name first: who finds the file finds all of it.
    temporary = file.with_name(f"{file.name}.nbtrack-tmp-{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8", newline="")
        os.replace(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)
    return 0


def _as_json(events: Sequence[RegistryEvent]) -> str:
    """Details stay the text that is hashed, so that others can check the chain."""
    return json.dumps([_fields(event) for event in events], indent=2, ensure_ascii=False) + "\n"


def _as_csv(events: Sequence[RegistryEvent]) -> str:
    output = io.StringIO()
    names = ["time", *RegistryEvent.__slots__]
    writer = csv.DictWriter(output, fieldnames=names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_fields(event) for event in events)
    return output.getvalue()


def _fields(event: RegistryEvent) -> dict[str, Any]:
    return {"time": moment_text(event.t), **asdict(event)}
