"""Tensors read as numbers, many at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor


def held(value: Tensor) -> Tensor | float:
    """What to keep of a scalar until it is read with others: no graph, and where reading it waits
    for no device its number. A tensor that lives on among large ones that come and go breaks their
    memory up: 20 page faults a step, which took 100 µs of a step of 1 ms."""
    return float(value.item()) if value.is_cpu else value.detach()


def numbers_of(values: Sequence[Tensor | float]) -> list[float]:
    """Of scalars. All of a kind in one go where each go waits for the device."""
    found = [0.0] * len(values)
    kinds: dict[tuple[Any, Any], list[tuple[int, Tensor]]] = {}
    for i, value in enumerate(values):
        if not isinstance(value, Tensor):
            found[i] = value
        elif value.is_cpu:
            found[i] = float(value.item())
        else:
            kinds.setdefault((value.device, value.dtype), []).append((i, value))
    with torch.no_grad():
        for waiting in kinds.values():
            read = torch.stack([value.reshape(()) for _, value in waiting]).tolist()
            for (i, _), number in zip(waiting, read, strict=True):
                found[i] = float(number)
    return found


def rate_of(given: Any) -> float | None:
    """A learning rate, as it is now; None: there is none, or reading it waits for a device."""
    if isinstance(given, Tensor):
        return float(given.item()) if given.is_cpu else None
    return None if given is None else float(given)
