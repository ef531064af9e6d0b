"""Passes over data in which nothing is trained: the mean of a loss over their rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from weakref import ref

from torch import Tensor

from nbtrack.hooks.pytorch.numbers import held, numbers_of

Reference = Callable[[], Any]


class BatchLoss(NamedTuple):
    value: Tensor | float
    weight: Tensor | float  # *value* times it is the sum over the rows
    rows: Tensor | float


class Evaluation:
    def __init__(self, data: Any) -> None:
        self.data = known(data)
        self.losses: list[BatchLoss] = []
        self.criteria: set[str] = set()
        self.step = 0
        self.time_us = 0

    def mean(self) -> float:
        values = numbers_of([each.value for each in self.losses])
        weights = numbers_of([each.weight for each in self.losses])
        rows = numbers_of([each.rows for each in self.losses])
        total = sum(v * w for v, w in zip(values, weights, strict=True) if w)
        return total / max(sum(rows), 1)


def batch_loss(loss: Any, given: Any, target: Any, settings: Mapping[str, Any]) -> BatchLoss | None:
    """*settings* of the loss, as torch calls them. None: how many rows it is the mean or the sum of
    cannot be told."""
    reduction = settings.get("reduction")
    is_plain = type(loss) is Tensor and loss.numel() == 1 and type(given) is Tensor
    if not is_plain or reduction not in ("mean", "sum"):
        return None
    if settings.get("weight") is not None and reduction == "mean":
        return None  # of the classes: each row counts as much as its class
    rows = _rows(given, target, settings.get("ignore_index", -100))
    return BatchLoss(held(loss), rows if reduction == "mean" else 1, rows)


def _rows(given: Tensor, target: Any, ignored: Any) -> Tensor | float:
    """Of classes, as `cross_entropy` counts them: one for each target that it does not ignore."""
    if type(target) is Tensor and not target.is_floating_point() and given.dim() > 1:
        return held((target != ignored).sum())
    return len(given) if given.dim() else 1


def known(data: Any) -> Reference:
    """So that it can be known again, and is not kept alive if that can be had."""
    try:
        found: Reference = ref(data)
    except TypeError:
        return lambda: data
    return found


def is_among(data: Any, those: list[Reference]) -> bool:
    return any(each() is data for each in those)
