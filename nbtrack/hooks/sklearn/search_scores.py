"""What `cv_results_` of a search says in numbers: scores, ranks, failures, times."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from nbtrack.recording.run_batch import number_texts

Results = Mapping[str, Any]

MOST_SPLITS = 100  # leave-one-out makes one of each row: beyond this they are in the table only
_SPLIT = re.compile(r"split(\d+)_(.+)")


def score_columns(results: Results) -> dict[str, list[str]]:
    """The columns that are metrics of a candidate, as `number_texts`: all but the params."""
    import numpy as np

    found = {}
    for name, column in results.items():
        if name == "params" or name.startswith("param_") or _is_far_split(name):
            continue
        values = np.asarray(column)
        if values.shape == (len(results["params"]),) and values.dtype.kind in "fiu":
            found[name] = number_texts(values.tolist())
    return found


def _is_far_split(name: str) -> bool:
    split = _SPLIT.fullmatch(name)
    return split is not None and int(split[1]) >= MOST_SPLITS


def best_rows(results: Results, most: int | None, *, refit: Any) -> Sequence[int]:
    """The rows of the *most* best candidates, best first; None: of all, in their order.

    With several scorers the one that decides about the refit says what is best, else the first.
    """
    rows = range(len(results["params"]))
    if most is None:
        return rows
    names = [name for name in results if name.startswith("rank_test_")]
    wanted = f"rank_test_{refit}"
    ranks = results[wanted if wanted in names else names[0]]
    # A halving search compares within an iteration: who is in the last one has won.
    iterations = results.get("iter", [0] * len(rows))
    return sorted(rows, key=lambda row: (-iterations[row], ranks[row]))[:most]


def failed_splits(results: Results, *, error_score: Any) -> tuple[list[int], int]:
    """For each candidate the number of splits without any score; and how many splits there are.

    With a number as *error_score*, only a candidate that failed in every split is seen: nothing
    tells one such split from a score of that value.
    """
    import numpy as np

    failed = np.zeros(len(results["params"]), dtype=int)
    by_split = _test_scores_by_split(results)
    for scores in by_split:
        failed += np.isnan(scores).all(axis=0)
    if by_split and isinstance(error_score, int | float) and "mean_score_time" in results:
        is_same = np.all(np.asarray(by_split) == error_score, axis=(0, 1))
        # What was never fitted was never scored: scikit-learn notes no time for it.
        failed[is_same & (np.asarray(results["mean_score_time"]) == 0)] = len(by_split)
    return failed.tolist(), len(by_split)


def _test_scores_by_split(results: Results) -> list[Any]:
    """For each split an array of scorers x candidates."""
    import numpy as np

    found: dict[int, list[Any]] = {}
    for name, column in results.items():
        split = _SPLIT.fullmatch(name)
        if split is not None and split[2].startswith("test_"):
            found.setdefault(int(split[1]), []).append(np.asarray(column, dtype=float))
    return [np.stack(columns) for _, columns in sorted(found.items())]


def run_times(
    results: Results, splits: int, *, began_us: int, ended_us: int
) -> list[tuple[int, int]]:
    """When each candidate began and ended, in whole microseconds, one after the other.

    The results say how long each took, not when. Candidates that ran side by side took more time
    than there was: they are shown shortened to their share of it.
    """
    seconds = _seconds_of_work(results, splits)
    total, room = sum(seconds), max(0, ended_us - began_us)
    if total <= 0:
        seconds, total = [1.0] * len(seconds), float(max(1, len(seconds)))
    stretch = room / total
    length = min(stretch, 1e6)  # microseconds per second: nobody took more time than measured
    begins = [began_us + int(done * stretch) for done in accumulate(seconds, initial=0.0)]
    return [(begin, begin + int(work * length)) for begin, work in zip(begins, seconds)]


def _seconds_of_work(results: Results, splits: int) -> list[float]:
    import numpy as np

    total = np.zeros(len(results["params"]))
    for name in ("mean_fit_time", "mean_score_time"):
        if name in results:
            total += np.nan_to_num(np.asarray(results[name], dtype=float))
    seconds: list[float] = (total * max(1, splits)).tolist()
    return seconds
