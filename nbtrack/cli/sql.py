"""Answer one SELECT over runs, params, metrics, latest_metrics, tags, artifacts, cells …"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from nbtrack.cli.console import count, harmless, say
from nbtrack.cli.place import open_place
from nbtrack.notebook.number_format import MISSING
from nbtrack.notebook.text_table import aligned

if TYPE_CHECKING:
    import pandas as pd


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("query", help='such as "select key, max(value) from metrics group by key"')
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="comma-separated, for other programs")
    form.add_argument("--json", action="store_true", help="a JSON array of objects")


def run(arguments: argparse.Namespace) -> int:
    frame = open_place(arguments.store).query(arguments.query)
    if arguments.csv:
        frame.to_csv(sys.stdout, index=False)
    elif arguments.json:
        say(frame.to_json(orient="records", date_format="iso", indent=2))
    else:
        say(*_table(frame))
    return 0


def _table(frame: pd.DataFrame) -> list[str]:
    heads = [harmless(str(name)) for name in frame.columns]
    rows = [[_text(value) for value in row] for row in frame.itertuples(index=False)]
    numbers = {i for i, kind in enumerate(frame.dtypes) if kind.kind in "iuf"}
    rule = ["-" * len(head) for head in heads]
    return [*aligned([heads, rule, *rows], right=numbers), f"({count(len(rows), 'row')})"]


def _text(value: Any) -> str:
    text = str(value)
    return MISSING if text in ("None", "NaT", "<NA>") else harmless(text)
