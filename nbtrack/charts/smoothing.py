"""Exponential moving average."""

from __future__ import annotations

from collections.abc import Iterable


def ema(values: Iterable[float | None], weight: float) -> list[float | None]:
    """Each value averaged with all before it, which count *weight* (0 to 1) less at each place.

    Without the bias towards 0 at the beginning (Kingma and Ba 2014, section 3,
    https://arxiv.org/abs/1412.6980); the same as pandas' `ewm(alpha=1 - weight)`. A missing value
    stays missing and changes nothing.
    """
    smooth: list[float | None] = []
    total = share = 0.0
    for value in values:
        if value is None:
            smooth.append(None)
            continue
        total = weight * total + (1 - weight) * value
        share = weight * share + (1 - weight)
        smooth.append(total / share)
    return smooth
