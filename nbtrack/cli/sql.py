"""Answer one SELECT over runs, params, metrics, latest_metrics, tags, artifacts, cells …"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.cli.console import count, harmless, say, width
from nbtrack.cli.place import open_place
from nbtrack.display.number_format import MISSING
from nbtrack.display.text_table import aligned, columns_wide, cut_to

if TYPE_CHECKING:
    import pandas as pd

_LEAST_WIDTH = 8  # of a cell that is cut


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
        say(*_table(frame, width()))
    return 0


def _table(frame: pd.DataFrame, width: int) -> list[str]:
    heads = [harmless(str(name)) for name in frame.columns]
    rows = [[_text(value) for value in row] for row in frame.itertuples(index=False)]
    numbers = {i for i, kind in enumerate(frame.dtypes) if kind.kind in "iuf"}
    whole = [heads, *rows]
    widths = _widths(whole, width)
    shown = [[cut_to(cell, most) for cell, most in zip(row, widths)] for row in whole]
    rule = ["-" * columns_wide(head) for head in shown[0]]
    remark = "" if shown == whole else "; --csv and --json have what is cut here"
    lines = aligned([shown[0], rule, *shown[1:]], right=numbers)
    return [*lines, f"({count(len(rows), 'row')}{remark})"]


def _text(value: Any) -> str:
    import pandas as pd

    is_missing = value is None or value is pd.NaT or value is pd.NA
    return MISSING if is_missing else harmless(str(value))


def _widths(grid: Sequence[Sequence[str]], most: int) -> list[int]:
    """Of the columns, together at most *most* wide if possible: the widest are cut, all alike."""
    widths = [max(map(columns_wide, column)) for column in zip(*grid)]
    room = most - 2 * (len(widths) - 1)
    limit = min(max(widths, default=0), most)
    while limit > _LEAST_WIDTH and sum(min(wide, limit) for wide in widths) > room:
        limit -= 1
    return [min(wide, limit) for wide in widths]
