"""*leak*: rows that a model is measured on were among those that it was fitted to.

Rows may be equal by chance: iris has two equal flowers, and a table of small whole numbers has
thousands. So what counts is how many rows of the test data are found beyond those that the data's
own duplicates explain. A row of data that was split at random has a twin on the other side about as
often as a row of the training data has one on its own side; what goes far beyond that is no chance.
Measuring on the training data on purpose is no leak: it is called by the same name, or "train".
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from nbtrack.capture.row_hashes import RowHashes

_FEWEST = 4  # rows beyond what is expected
_LEAST_SHARE = 0.01  # of the test rows
_DEVIATIONS = 4.0
_FEW_ROWS, _RARE_TWINS = 3, 0.05
_TRAINING = re.compile(r"(?<![a-z])(x|y|df|data|features)?_?(train|tr|fit|training)(?![a-z])")
_TEST = re.compile(
    r"(?<![a-z])(x|y|df|data|features)?_?"
    r"(te|test|testing|val|valid|validation|hold_?out|dev|eval|unseen|oos)(?![a-z])"
)
_NAME = re.compile(r"[^\W\d]\w*")


class Fitted(NamedTuple):
    """What a model was fitted to. *name* is what the user calls it."""

    rows: RowHashes
    name: str | None


class Overlap(NamedTuple):
    found: int  # rows of the test data that are among the training data's
    looked_at: int
    share_of_twins: float  # among the rows of the training data
    is_sample: bool

    @property
    def is_beyond_chance(self) -> bool:
        expected = self.looked_at * self.share_of_twins
        spread = math.sqrt(expected * (1 - self.share_of_twins))
        least = max(_FEWEST, _LEAST_SHARE * self.looked_at) + _DEVIATIONS * spread
        is_all = self.found == self.looked_at >= _FEW_ROWS and self.share_of_twins < _RARE_TWINS
        return self.found - expected > least or is_all


def leak(fitted: Fitted, tested: RowHashes, name: str, *, is_measured: bool) -> str | None:
    """*is_measured*: a score was computed, and not only a prediction made."""
    if not _is_about_test_data(fitted.name, name, is_measured=is_measured):
        return None
    found = overlap(fitted.rows, tested)
    is_test = is_called_test(name)
    covers_all = not is_test and found.found >= len(fitted.rows.hashes)
    if not found.is_beyond_chance or covers_all:
        return None
    return _sentence(found, fitted.name or "the training data", name)


def leak_of_same_object(fitted_name: str | None, name: str) -> str | None:
    """The model was fitted to the very object that is called test data here."""
    if not is_called_test(name) or is_called_training(name):
        return None
    return (
        f"{name} is the very object that the model was fitted to ({fitted_name or 'its data'}): "
        "the score is one of training. Keep rows apart before the fit, with train_test_split."
    )


def overlap(fitted: RowHashes, tested: RowHashes) -> Overlap:
    import numpy as np

    known, asked = np.sort(fitted.hashes), np.sort(tested.hashes)  # both, or it takes 10x as long
    places = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    found = int((known[places] == asked).sum())
    is_like_next = known[1:] == known[:-1]
    has_twin = np.append(is_like_next, False) | np.insert(is_like_next, 0, False)
    twins = float(has_twin.mean())
    is_sample = not (fitted.is_whole and tested.is_whole)
    return Overlap(found, len(tested.hashes), twins, is_sample)


def is_called_training(name: str) -> bool:
    return _TRAINING.search(name.lower()) is not None


def is_called_test(name: str) -> bool:
    return _TEST.search(name.lower()) is not None


def _is_about_test_data(fitted: str | None, name: str, *, is_measured: bool) -> bool:
    if is_called_training(name) and not is_called_test(name):
        return False
    if is_called_test(name):
        return True
    # Of data with another name, the user has to measure something, and cannot be seen to take the
    # very data of the fit: `model.score(X[:100], y[:100])`.
    names = set(_NAME.findall(name))
    of_fit = set(_NAME.findall(fitted or ""))
    return is_measured and fitted is not None and bool(names) and names.isdisjoint(of_fit)


def _sentence(found: Overlap, fitted: str, tested: str) -> str:
    sample = " of a sample" if found.is_sample else ""
    return (
        f"{found.found:,} of {found.looked_at:,} rows of {_short(tested)}{sample} are also among "
        f"{_short(fitted)}, which the model was fitted to: the score is too good. Keep them apart "
        "before the fit."
    )


def _short(name: str) -> str:
    return name if len(name) <= 40 else name[:39] + "…"
