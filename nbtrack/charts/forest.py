"""Permutation importance of a small random forest, in runs that it has not seen.

Breiman 2001, https://doi.org/10.1023/A:1010933404324, section 10.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from nbtrack.charts.columns import categories_of, numbers_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FEWEST_RUNS = 20
MOST_RUNS = 1000  # of more, so many at random
MOST_SECONDS = 1.0
_FOLDS, _TREES, _SHUFFLES = 3, 40, 4


class Forest(NamedTuple):
    drops: list[float]  # by how much R² falls when a column is shuffled
    r2: float


def forest_importance(columns: Sequence[Sequence[Any]], target: Sequence[float]) -> Forest | None:
    """None for fewer than 20 runs, for a forest that predicts nothing, and if it takes too long.

    A column that has a text in it is categories; None is a value like others.
    """
    if len(target) < FEWEST_RUNS or not columns or len(set(target)) < 2:
        return None
    import numpy as np
    from sklearn.ensemble import RandomForestRegressor

    end = time.perf_counter() + MOST_SECONDS
    random = np.random.default_rng(0)
    kept = random.permutation(len(target))[:MOST_RUNS]
    blocks = [_encoded(column)[kept] for column in columns]
    y = np.asarray(target, dtype=float)[kept]
    found: list[tuple[float, list[float]]] = []
    for fold in range(_FOLDS):
        if time.perf_counter() > end:
            return None
        test = np.arange(len(y)) % _FOLDS == fold
        forest = RandomForestRegressor(n_estimators=_TREES, min_samples_leaf=2, random_state=0)
        forest.fit(np.hstack(blocks)[~test], y[~test])
        found.append(_drops(forest, [block[test] for block in blocks], y[test], random))
    r2 = float(np.mean([score for score, _ in found]))
    drops = np.mean([drops for _, drops in found], axis=0)
    return Forest(drops.tolist(), r2) if r2 > 0 else None


def _drops(
    forest: Any, blocks: Sequence[NDArray[np.float64]], y: NDArray[np.float64], random: Any
) -> tuple[float, list[float]]:
    """The score, and how far it falls for each block; all shuffles are predicted in one call."""
    import numpy as np

    plain = np.hstack(blocks)
    tables = [plain]
    for place in range(len(blocks)):
        for _ in range(_SHUFFLES):
            shuffled = blocks[place][random.permutation(len(y))]
            tables.append(np.hstack([*blocks[:place], shuffled, *blocks[place + 1 :]]))
    guesses = forest.predict(np.vstack(tables)).reshape(len(tables), len(y))
    scores = [_r2(y, guess) for guess in guesses]
    means = np.asarray(scores[1:]).reshape(len(blocks), _SHUFFLES).mean(axis=1)
    return scores[0], (scores[0] - means).tolist()


def _r2(y: NDArray[np.float64], guess: NDArray[np.float64]) -> float:
    total = float(((y - y.mean()) ** 2).sum())
    return 1 - float(((y - guess) ** 2).sum()) / total if total else 0.0


def _encoded(column: Sequence[Any]) -> NDArray[np.float64]:
    """Numbers as they are, with a flag for missing ones; categories as one flag each."""
    import numpy as np

    numbers = numbers_of(column)
    if numbers is None:
        texts = [None if value is None else str(value) for value in column]
        names = [None, *categories_of(column)[:50]]
        return np.asarray([[float(text == name) for name in names] for text in texts])
    missing = np.asarray([[float(value is None)] for value in numbers])
    known = [value for value in numbers if value is not None]
    middle = float(np.median(known)) if known else 0.0
    filled = np.asarray([[middle if value is None else value] for value in numbers])
    return np.hstack([filled, missing])
