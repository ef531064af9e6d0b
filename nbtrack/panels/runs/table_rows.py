"""Runs as rows of the table: every cell as text, numbers of one column alike."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from nbtrack.display.markup import clipped, first_line
from nbtrack.display.number_format import (
    MISSING,
    format_age,
    format_column,
    format_duration,
    format_texts,
)
from nbtrack.lookup.own_values import without_moved
from nbtrack.lookup.run_times import seconds_of
from nbtrack.panels.runs.table_columns import Column
from nbtrack.panels.runs.table_state import key_of
from nbtrack.provenance.reproduction.verdicts import verdict_words
from nbtrack.records.runs import Run, RunStatus
from nbtrack.records.tags import BEST_OF_TAG, PARENT_TAG, PINNED_TAG, PRUNED_TAG
from nbtrack.records.warned import warnings_in

_LONGEST = 300  # characters of a cell: the browser clips by width


class Placed(NamedTuple):
    run: Run
    depth: int  # below its parent
    children: int


class Surroundings(NamedTuple):
    experiments: Mapping[str, str]  # names by id
    baselines: frozenset[str]  # run ids
    errors: Mapping[str, str]  # of runs that failed


def rows_of(
    placed: Sequence[Placed], columns: Sequence[Column], around: Surroundings
) -> list[dict[str, Any]]:
    """`cells`, `titles` and `shares` (0..1 for the bar behind a metric, or None) go by column."""
    runs = [without_moved(each.run) for each in placed]
    cells = list(zip(*(_cells(column, runs, around) for column in columns)))
    shares = list(zip(*(_shares(column, runs) for column in columns)))
    titles = list(zip(*(_titles(column, runs) for column in columns)))
    best = list(zip(*(_best(column, runs) for column in columns)))
    return [
        {
            **_facts(each, around),
            "cells": cells[n],
            "titles": titles[n],
            "shares": shares[n],
            "best": [columns[at].id for at, is_best in enumerate(best[n]) if is_best],
        }
        for n, each in enumerate(placed)
    ]


def label_of(run: Run) -> str:
    return clipped(run.info.run_name or run.info.run_id[:8], _LONGEST)


def _facts(placed: Placed, around: Surroundings) -> dict[str, Any]:
    info, tags = placed.run.info, placed.run.data.tags
    error = around.errors.get(info.run_id) or tags.get(PRUNED_TAG, "")
    return {
        "id": info.run_id,
        "name": label_of(placed.run),
        "status": str(info.status),
        "error": clipped(first_line(error), _LONGEST),
        "depth": placed.depth,
        "children": placed.children,
        "parent": tags.get(PARENT_TAG),
        "pinned": PINNED_TAG in tags,
        "baseline": info.run_id in around.baselines,
        "warnings": [
            {"kind": clipped(kind, 40), "sentence": sentence}
            for kind, sentence in warnings_in(tags)
        ],
        "bestOf": _count(tags.get(BEST_OF_TAG, "")),
        "reproduced": verdict_words(tags),
        "experiment": info.experiment_id,
        "started": info.start_time,
    }


def _count(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _cells(column: Column, runs: Sequence[Run], around: Surroundings) -> list[str]:
    if column.group == "Metrics":
        return format_column([_metric(column, run) for run in runs])
    if column.group == "Run":
        return [clipped(_attribute(column.id, run, around), _LONGEST) for run in runs]
    texts = [_text(column, run) for run in runs]
    return [clipped(t, _LONGEST) for t in (format_texts(texts) if column.is_number else texts)]


def _titles(column: Column, runs: Sequence[Run]) -> list[str | None]:
    """The whole of a number that is shown with fewer digits."""
    if column.group not in ("Params", "Tags") or not column.is_number:
        return [None] * len(runs)
    texts = [_text(column, run) for run in runs]
    return [None if short == text else text for text, short in zip(texts, format_texts(texts))]


def _text(column: Column, run: Run) -> str:
    values = run.data.params if column.group == "Params" else run.data.tags
    return values.get(key_of(column.id), MISSING)


def _attribute(name: str, run: Run, around: Surroundings) -> str:
    info, now = run.info, time.time()
    match name:
        case "run_name":
            return label_of(run)
        case "status":
            return info.status.lower()
        case "start_time":
            return format_age(now - info.start_time / 1000)
        case "end_time":
            return format_age(None if info.end_time is None else now - info.end_time / 1000)
        case "duration":
            return format_duration(seconds_of(info, now=now))
        case "experiment_id":
            return around.experiments.get(info.experiment_id, info.experiment_id)
        case "user_id":
            return info.user_id or MISSING
    return info.run_id


def _metric(column: Column, run: Run) -> float | None:
    return run.data.metrics.get(key_of(column.id))


def _shares(column: Column, runs: Sequence[Run]) -> list[float | None]:
    """Where a value stands between the lowest and the highest of all runs, not of the page."""
    if column.group != "Metrics":
        return [None] * len(runs)
    values = [_metric(column, run) for run in runs]
    finite = [value for value in values if value is not None and math.isfinite(value)]
    ends = [] if column.facts is None else [column.facts.low, column.facts.high]
    finite += [end for end in ends if end is not None]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    span = high / 2 - low / 2  # halved: the difference may be past the largest float
    return [
        None
        if not span or value is None or not math.isfinite(value)
        else round((value / 2 - low / 2) / span, 3)
        for value in values
    ]


def _best(column: Column, runs: Sequence[Run]) -> list[bool]:
    """The best value that any run has, of one that came to its end."""
    if column.better is None or column.facts is None or column.facts.runs < 2:
        return [False] * len(runs)
    best = column.facts.high if column.better == "higher" else column.facts.low
    broken = (RunStatus.FAILED, RunStatus.KILLED)
    return [
        best is not None
        and column.facts.low != column.facts.high
        and _metric(column, run) == best
        and run.info.status not in broken
        for run in runs
    ]
