"""*leak*: rows that a model is measured on were among those that it was fitted to.

Rows may be equal by chance: iris has two equal flowers, and a table of small whole numbers has
thousands. So what counts is how many rows of the test data are found beyond those that the data's
own duplicates explain. A row of data that was split at random has a twin on the other side about as
often as a row of the training data has one on its own side; what goes far beyond that is no chance.
Features that are equal because somebody measured there again have other targets: so rows are those
of features and targets together, and few may have the same features alone.
Measuring on the training data on purpose is no leak: it is called by the same name, or "train".
"""

from __future__ import annotations

import math
import re
from typing import Any, NamedTuple

from nbtrack.capture.fingerprint import evenly
from nbtrack.capture.row_hashes import RowHashes, row_hashes
from nbtrack.capture.value_digest import is_sparse

_FEWEST = 4  # rows beyond what is expected
_LEAST_SHARE = 0.01  # of the test rows
_DEVIATIONS = 4.0
_RARE = 1e-4  # a chance
_FEW_ROWS, _RARE_TWINS = 3, 0.05
_FEWEST_DISTINCT = 5  # rows of the training data for each that is there already
_DATA = frozenset({"x", "y", "df", "data", "features", "labels"})
_TEST = frozenset(
    {"te", "test", "testing", "val", "valid", "validation", "holdout", "dev", "eval", "unseen"}
    | {"oos"}
)
_TRAINING = re.compile(r"(?<![a-z])(x|y|df|data|features)?_?(train|tr|fit|training)(?![a-z])")
_NAME = re.compile(r"[^\W\d]\w*")
_PARTS = re.compile(r"[\W\d_]+")


class Rows(NamedTuple):
    """Of one table, in one order: by the features alone, by the targets, and by both."""

    features: RowHashes
    targets: Any  # an array of uint64
    both: RowHashes


class Fitted(NamedTuple):
    """What a model was fitted to. *name* is what the user calls it."""

    rows: Rows
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


def rows_with(features: RowHashes | None, y: Any) -> Rows | None:
    """None where the targets are not known, or are not those of the features."""
    import numpy as np

    if features is None or y is None or is_sparse(y):
        return None
    targets = np.asarray(y)
    if not targets.ndim or len(targets) != features.total:
        return None
    if not features.is_whole:
        targets = targets[evenly(features.total, len(features.hashes))]
    found = row_hashes(targets if targets.dtype.kind in "biuf" else targets.tolist())
    if found is None or not found.is_whole or len(found.hashes) != len(features.hashes):
        return None
    both = RowHashes(features.hashes * np.uint64(3) + found.hashes, features.total)
    return Rows(features, found.hashes, both)


def leak(fitted: Fitted, tested: Rows, name: str, *, is_same: bool = False) -> str | None:
    """A score was computed on *tested*; *is_same*: of the very object of the fit."""
    if not _is_about_test_data(fitted.name, name):
        return None
    found = overlap(fitted.rows.both, tested.both)
    if not found.is_beyond_chance or _may_be_a_design(fitted.rows, tested, found):
        return None
    if is_same:
        return _of_same_object(fitted.name, name) if is_called_test(name) else None
    covers_all = not is_called_test(name) and found.found >= len(fitted.rows.both.hashes)
    return None if covers_all else _sentence(found, fitted.name or "the training data", name)


def _may_be_a_design(fitted: Rows, tested: Rows, found: Overlap) -> bool:
    """Rows whose features are equal though they were measured anew: by store, weekday and month."""
    import numpy as np

    count = len(fitted.features.hashes)
    distinct = len(np.unique(fitted.features.hashes))
    if distinct < _FEWEST_DISTINCT * (count - distinct):
        return True
    alike = overlap(fitted.features, tested.features)
    others = alike.found - found.found  # rows with the same features and another target
    by_chance = alike.share_of_twins * (alike.looked_at - found.found)
    _, counts = np.unique(fitted.targets, return_counts=True)
    of_design = 1 - float(((counts / count) ** 2).sum())
    is_as_many = _chance_of_so_few(others, alike.found, of_design) > _RARE
    return others > by_chance + _DEVIATIONS * math.sqrt(by_chance) or is_as_many


def _chance_of_so_few(few: int, count: int, share: float) -> float:
    """That of *count* rows, each of which is such a one with the chance *share*, at most *few* are:
    Chernoff's bound, which holds of three rows and of millions."""
    found = few / max(count, 1)
    if found >= share:
        return 1.0
    apart = [(found, share), (1 - found, 1 - share)]
    return math.exp(-count * sum(a * math.log(a / b) for a, b in apart if a and b))


def _of_same_object(fitted_name: str | None, name: str) -> str:
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
    """`X_test`, `test_df`, `xtest`; not `ab_test` or `test_scores`, which may be anything."""
    return any(map(_is_test_part, _NAME.findall(name.lower())))


def _is_test_part(name: str) -> bool:
    parts = [part for part in _PARTS.split(name.replace("hold_out", "holdout")) if part]
    if len(parts) == 1 and parts[0][:1] in ("x", "y"):
        parts = [parts[0][:1], parts[0][1:]]
    return bool(parts) and bool({parts[0], parts[-1]} & _TEST) and bool(_DATA & {*parts})


def _is_about_test_data(fitted: str | None, name: str) -> bool:
    # Of data with another name, the user cannot be seen to take the very data of the fit:
    # `model.score(X[:100], y[:100])`.
    names = set(_NAME.findall(name))
    of_fit = set(_NAME.findall(fitted or ""))
    if name == fitted or (names and names == of_fit):
        return False
    if is_called_test(name):
        return True
    return not is_called_training(name) and bool(of_fit and names) and names.isdisjoint(of_fit)


def _sentence(found: Overlap, fitted: str, tested: str) -> str:
    sample = " of a sample" if found.is_sample else ""
    return (
        f"{found.found:,} of {found.looked_at:,} rows of {_short(tested)}{sample} are also among "
        f"{_short(fitted)}, which the model was fitted to: the score is too good. Keep them apart "
        "before the fit."
    )


def _short(name: str) -> str:
    return name if len(name) <= 40 else name[:39] + "…"
