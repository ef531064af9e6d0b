"""A run beside the one that was to reproduce it: which of its values are there again."""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from nbtrack.capture.metric_words import name_words
from nbtrack.capture.words import word_set
from nbtrack.display.number_format import format_number
from nbtrack.provenance.reproduction.verdicts import Difference
from nbtrack.provenance.reproduction.work_folder import AROUND, PREFIX, TEMPORARY
from nbtrack.records.origins import Origin, origins_of
from nbtrack.records.runs import Run
from nbtrack.records.tags import TRAINING_METRICS_TAG
from nbtrack.stores.store import Store

# Metrics that say what the machine was doing, and how far a search was now and then.
_OF_THE_MACHINE = ("system/", "search_progress")
_TIME_WORDS = word_set(
    "time times timing elapsed duration latency runtime seconds secs sec millis minutes mins hours "
    "throughput"
)
_PACES = [["per", unit] for unit in ("second", "s", "minute", "hour")]
_SUMMING_WORDS = word_set("mean std median min max total sum avg average")
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")
_SHADOW = re.compile(rf"{re.escape(tempfile.gettempdir())}/{PREFIX}\w+/{AROUND}(?=/)")
# A folder or a file that `tempfile` names, anew each time: there, and in a shadow.
_TEMPORARY = re.compile(
    rf"{re.escape(tempfile.gettempdir())}/({PREFIX}\w+/{TEMPORARY}/)?tmp[a-z0-9_]{{8}}\b"
)
_AS_TIME_ALLOWED = (
    "autolog had time for more points of its curve in one of the two; compared are those of both."
)
_OF_OTHER_ROWS = (
    "training metrics were not compared: autolog had time for other rows in one of the two."
)


class Point(NamedTuple):
    step: int
    value: float
    t: int  # milliseconds since 1970


Points = dict[str, list[Point]]  # by metric


class Pair(NamedTuple):
    """A run, and the one that stands for it in the reproduction."""

    recorded: Run
    now: Run


@dataclass(slots=True)
class Comparison:
    compared: int = 0
    differences: list[Difference] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)  # metrics that differ, as times do


def family_of(store: Store, run: Run) -> list[Run]:
    """The run and all below it, each before its own, children in the order they began."""
    children = store.read_child_runs(run.info.run_id, order_by=("attributes.start_time ASC",))
    return [run, *(each for child in children for each in family_of(store, child))]


def compare_families(store: Store, recorded: Sequence[Run], now: Sequence[Run]) -> Comparison:
    """Both begin with the runs that are compared, in the order of `family_of`."""
    found = Comparison()
    if len(recorded) != len(now):
        counts = f"{len(recorded) - 1:,}", f"{len(now) - 1:,}"
        found.differences.append(Difference(what="child runs", recorded=counts[0], now=counts[1]))
    pairs = [Pair(*each) for each in zip(recorded, now)]
    points = _points(store, pairs)
    for pair in pairs:
        _compare_params(pair, found)
        _compare_metrics(pair, points, found)
    found.remarks = list(dict.fromkeys(found.remarks))  # of many children alike
    return found


def _compare_params(pair: Pair, found: Comparison) -> None:
    before, after = pair.recorded.data.params, pair.now.data.params
    for key in sorted(before.keys() | after.keys()):
        found.compared += 1
        texts = [_lasting(each.get(key, "missing")) for each in (before, after)]
        if texts[0] != texts[1]:
            found.differences.append(_of(pair, f"param {key}", texts))


def _lasting(text: str) -> str:
    """Without addresses and temporary names, and with paths in a shadow as those in the folder
    that it is of."""
    return _ADDRESS.sub("0x…", _TEMPORARY.sub("tmp…", _SHADOW.sub("", text)))


def _compare_metrics(pair: Pair, points: Mapping[str, Points], found: Comparison) -> None:
    before, after = (points.get(each.info.run_id, {}) for each in pair)
    for key in sorted(before.keys() | after.keys()):
        if key.startswith(_OF_THE_MACHINE):
            continue
        if _is_of_other_rows(pair, key):
            found.remarks.append(_OF_OTHER_ROWS)
            continue
        old, new = _own_points(pair, before.get(key, []), after.get(key, [])), after.get(key, [])
        if not old and not new:
            found.remarks.append(f"{key} was not compared: a later cell logged it.")
            continue
        if _steps(old) != _steps(new) and _is_timed(pair, key):
            found.remarks.append(f"{key}: {_AS_TIME_ALLOWED}")
            old, new = _at_steps_of_both(old, new)
            if not old:
                continue
        differences = list(_differing(pair, key, old, new))
        if differences and _measures_time(key):
            found.remarks.append(f"{key} differs, and was not compared: it measures time.")
            found.left_out.append(key)
            continue
        found.compared += max(len(old), 1)
        found.differences += differences


def _measures_time(key: str) -> bool:
    """By its last words: time_to_failure_rmse is a quality, fit_seconds, fit_time_mean and
    samples_per_second are times."""
    words = [word for word in name_words(key) if word not in _SUMMING_WORDS]
    return not _TIME_WORDS.isdisjoint(words[-1:]) or words[-2:] in _PACES


def _own_points(pair: Pair, before: list[Point], after: Sequence[Point]) -> list[Point]:
    """Without what a later cell logged when the run had ended, of which there is no more now.

    What is read off a cell is logged when it has ended, too: the time alone does not tell.
    """
    end = pair.recorded.info.end_time
    own = before if end is None else [each for each in before if each.t <= end + 1]
    return own if len(before) > len(after) else before


def _is_timed(pair: Pair, key: str) -> bool:
    """Autolog gives its own curves a share of the fit's time, and leaves out what takes longer."""
    return max(_origins(pair, key)) >= Origin.UNTOLD


def _is_of_other_rows(pair: Pair, key: str) -> bool:
    """It predicts no more training rows than it has time for, and says so."""
    of_rows = {run.data.tags.get(TRAINING_METRICS_TAG) for run in pair}
    return len(of_rows) > 1 and Origin.TRAINING in _origins(pair, key)


def _origins(pair: Pair, key: str) -> list[Origin]:
    return [origins_of(run.data.tags).metrics.get(key, Origin.LOGGED) for run in pair]


def _steps(points: Iterable[Point]) -> list[int]:
    return [each.step for each in points]


def _at_steps_of_both(*curves: Sequence[Point]) -> list[list[Point]]:
    """The newest of each step: a model that is trained on tells all of its curve each time."""
    newest = [{each.step: each for each in curve} for curve in curves]
    shared = sorted(newest[0].keys() & newest[1].keys())
    return [[by_step[step] for step in shared] for by_step in newest]


def _differing(
    pair: Pair, key: str, before: Sequence[Point], after: Sequence[Point]
) -> Iterator[Difference]:
    """Of a curve, how many points it has, else the one that differs most."""
    if len(before) != len(after):
        if not before or not after:
            shown = [
                format_number(each[-1].value) if each else "missing" for each in (before, after)
            ]
        else:
            shown = [f"{len(each):,} points" for each in (before, after)]
        yield _of(pair, f"metric {key}", shown)
        return
    unlike = [each for each in zip(before, after) if not _is_same(*each)]
    if unlike:
        old, new = max(unlike, key=lambda each: _distance(each[0].value, each[1].value))
        where = f"metric {key}" + (f" at step {old.step}" if len(before) > 1 else "")
        shown = [repr(old.value), repr(new.value)]
        yield _of(pair, where, shown, by=_distance(old.value, new.value))


def _is_same(before: Point, after: Point) -> bool:
    old, new = before.value, after.value
    return before.step == after.step and (old == new or (math.isnan(old) and math.isnan(new)))


def _distance(old: float, new: float) -> float:
    """Relative where the values are large."""
    return abs(new - old) / max(1.0, abs(old)) if math.isfinite(old - new) else math.inf


def _of(pair: Pair, what: str, shown: Sequence[str], *, by: float | None = None) -> Difference:
    """Of a child, its name too."""
    recorded = pair.recorded
    name = f" of {recorded.info.run_name!r}" if "mlflow.parentRunId" in recorded.data.tags else ""
    return Difference(what=f"{what}{name}", recorded=shown[0], now=shown[1], by=by)


def _points(store: Store, pairs: Sequence[Pair]) -> dict[str, Points]:
    """By run."""
    return {run.info.run_id: _points_of(store, run) for pair in pairs for run in pair}


def _points_of(store: Store, run: Run) -> Points:
    return {
        key: [
            Point(point.step, point.value, point.timestamp)
            for point in store.read_metrics(run.info.run_id, key)
        ]
        for key in run.data.metrics
    }
