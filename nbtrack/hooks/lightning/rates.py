"""What a `LearningRateMonitor` tells, of which the module's own log has nothing."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from nbtrack.base.imported import is_instance


class Rates:
    def __init__(self, package: str) -> None:
        self._package = package
        self._monitors: list[Any] = []
        self._seen: dict[tuple[int, str], int] = {}  # how many values, by monitor and name

    def begin(self, trainer: Any) -> None:
        """The monitors are yet to begin, each with none."""
        place = f"{self._package}.callbacks.lr_monitor"
        found = (e for e in trainer.callbacks if is_instance(e, place, "LearningRateMonitor"))
        self._monitors, self._seen = list(found), {}

    def fresh(self) -> dict[str, Tensor]:
        """The last of what came since this was asked last."""
        values: dict[str, Any] = {}
        for monitor in self._monitors:
            for name, rates in monitor.lrs.items():
                place = id(monitor), name
                if len(rates) > self._seen.get(place, 0):
                    self._seen[place] = len(rates)
                    values |= {name: rates[-1], **_beside(monitor, name)}
        return {name: torch.as_tensor(value, dtype=torch.float64) for name, value in values.items()}


def _beside(monitor: Any, name: str) -> dict[str, float]:
    """What it was asked to tell, too."""
    known = {**monitor.last_momentum_values, **getattr(monitor, "last_weight_decay_values", {})}
    names = (f"{name}-momentum", f"{name}-weight_decay")
    return {each: known[each] for each in names if known.get(each) is not None}
