"""A curve in one line of text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

BARS = "▁▂▃▄▅▆▇█"


def sparkline(series: Sequence[float], *, most: int = 10) -> str:
    """At most so many bars from lowest to highest; each shows the last finite value of its stretch,
    and is left out if it has none. "" for fewer than two."""
    values = [v for v in _stretches(series, most) if v is not None]
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    span = (high / 2 - low / 2) or 1.0  # halved: the difference may be past the largest float
    return "".join(BARS[min(7, int((v / 2 - low / 2) / span * 8))] for v in values)


def _stretches(series: Sequence[float], most: int) -> list[float | None]:
    count = min(most, len(series))
    edges = [len(series) * i // count for i in range(count + 1)] if count else []
    return [_last_finite(series[a:b]) for a, b in pairwise(edges)]


def _last_finite(values: Sequence[float]) -> float | None:
    return next((v for v in reversed(values) if math.isfinite(v)), None)
