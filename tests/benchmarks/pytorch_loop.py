"""What recording adds to a step of a plain PyTorch loop, in microseconds of this thread's CPU.

    python -m tests.benchmarks.pytorch_loop [--quick]

Bare and recorded rounds take turns, each the first one as often, so that a busy machine is busy
for both: the median of what one took longer than its neighbour. Beside them: what is added where
nothing is tracked, with torch tapped for cells that are. A step of a millisecond leaves less of
the processor's caches to us.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable

import torch
from torch.nn import Linear, MSELoss, ReLU, Sequential

import nbtrack
from nbtrack.hooks.autolog import HOOKS

WARM = 200  # steps
Step = Callable[[], None]


def main(*, is_quick: bool) -> None:
    os.chdir(tempfile.mkdtemp())
    torch.set_num_threads(1)
    print("| a step of PyTorch | alone | not tracked adds | nbtrack adds | times bare |")
    print("|---|---:|---:|---:|---:|")
    cases = {
        "one layer": (one_step(32, 8, deep=0), 500),
        "three": (one_step(256, 128, deep=2), 150),
    }
    for name, (step, steps) in cases.items():
        bare, idle, recorded = measured(step, rounds=4 if is_quick else 20, steps=steps)
        times = 1 + recorded / bare
        print(f"| {name} | {bare:.0f} µs | {idle:.0f} µs | {recorded:.0f} µs | {times:.2f}x |")


def measured(step: Step, *, rounds: int, steps: int) -> tuple[float, float, float]:
    """What it takes alone, and what is added."""
    ways = {"bare": _bare, "idle": _idle, "recorded": _recorded}
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds):
        names = list(ways)[:: 1 if number % 2 else -1]
        for name in names:
            taken[name].append(ways[name](step, steps))
    bare, idle, recorded = taken.values()
    added = [
        statistics.median(more - alone for more, alone in zip(each, bare))
        for each in (idle, recorded)
    ]
    return statistics.median(bare), *added


def _bare(step: Step, steps: int) -> float:
    HOOKS["pytorch"].forget()
    return microseconds(step, steps)


def _idle(step: Step, steps: int) -> float:
    HOOKS["pytorch"].forget()
    HOOKS["pytorch"].follow("tracked cells")
    return microseconds(step, steps)


def _recorded(step: Step, steps: int) -> float:
    HOOKS["pytorch"].forget()
    nbtrack.pytorch.autolog(log_models=False)
    with nbtrack.start_run():
        return microseconds(step, steps)


def one_step(rows: int, width: int, *, deep: int) -> Step:
    hidden = [layer for _ in range(deep) for layer in (Linear(width, width), ReLU())]
    model, criterion = Sequential(*hidden, Linear(width, 1)), MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    X, y = torch.randn(rows, width), torch.randn(rows, 1)

    def step() -> None:
        optimizer.zero_grad()
        criterion(model(X), y).backward()
        optimizer.step()

    return step


def microseconds(step: Step, steps: int) -> float:
    """Of a step, after the first ones: they write settings, and Python learns its way again."""
    for _ in range(WARM):
        step()
    began = time.thread_time()
    for _ in range(steps):
        step()
    return (time.thread_time() - began) / steps * 1e6


if __name__ == "__main__":
    main(is_quick="--quick" in sys.argv)
