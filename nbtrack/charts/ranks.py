"""Dependence between columns by ranks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def rank_correlation(a: Sequence[float], b: Sequence[float]) -> float:
    """Spearman's rho, ties by their mean rank; 0 if one of them does not vary."""
    import numpy as np

    first, second = _ranks(a), _ranks(b)
    first, second = first - first.mean(), second - second.mean()
    size = float(np.sqrt((first @ first) * (second @ second)))
    return float(first @ second) / size if size else 0.0


def rank_dependence(categories: Sequence[str], values: Sequence[float]) -> float:
    """0 to 1: |Spearman| for two categories, and for more of them the like of it.

    That is the square root of the share of the variance of the ranks that lies between the
    categories (of Kruskal and Wallis' test), less what as many random categories would have:
    1 - (1 - share) (n - 1) / (n - k), https://en.wikipedia.org/wiki/Coefficient_of_determination
    """
    import numpy as np

    names = sorted(set(categories))
    if len(names) == 2:
        return abs(rank_correlation([float(each == names[1]) for each in categories], values))
    ranks, n, k = _ranks(values), len(values), len(names)
    total = float(((ranks - ranks.mean()) ** 2).sum())
    if n <= k or not total:
        return 0.0
    within = 0.0
    groups = np.asarray(categories, dtype=object)
    for name in names:
        own = ranks[groups == name]
        within += float(((own - own.mean()) ** 2).sum())
    adjusted = 1 - (within / total) * (n - 1) / (n - k)
    return float(np.sqrt(max(adjusted, 0.0)))


def _ranks(values: Sequence[Any]) -> NDArray[np.float64]:
    import numpy as np

    _, inverse, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    means: NDArray[np.float64] = (last - (counts - 1) / 2.0).astype(np.float64)
    return means[inverse]
