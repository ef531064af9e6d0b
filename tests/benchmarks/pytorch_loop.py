"""What recording adds to a step of a plain PyTorch loop, in microseconds of this thread's CPU.

    python -m tests.benchmarks.pytorch_loop

Bare and recorded rounds take turns, so that a busy machine is busy for both. Beside them: what it
adds where nothing is tracked, with torch tapped for cells that are.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable

import torch

import nbtrack
from nbtrack.hooks.autolog import HOOKS

ROUNDS, STEPS, FIRST = 40, 100, 10


def main() -> None:
    os.chdir(tempfile.mkdtemp())
    torch.set_num_threads(1)
    step, switch = one_step(), HOOKS["pytorch"]
    bare, idle, recorded = [], [], []
    for _ in range(ROUNDS):
        switch.forget()
        bare.append(microseconds(step))
        switch.follow("tracked cells")
        idle.append(microseconds(step))
        switch.forget()
        nbtrack.pytorch.autolog(log_models=False)
        with nbtrack.start_run():
            recorded.append(microseconds(step))
    for name, of in (("median", statistics.median), ("quietest round", min)):
        print(
            f"{name}: bare {of(bare):.0f} µs a step, "
            f"not tracked {of(idle) - of(bare):+.1f}, recorded {of(recorded) - of(bare):+.1f}"
        )


def one_step() -> Callable[[], None]:
    model, criterion = torch.nn.Linear(8, 1), torch.nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    X, y = torch.randn(32, 8), torch.randn(32, 1)

    def step() -> None:
        optimizer.zero_grad()
        criterion(model(X), y).backward()
        optimizer.step()

    return step


def microseconds(step: Callable[[], None]) -> float:
    """Of a step, those after the first few, which write settings."""
    for _ in range(FIRST):
        step()
    began = time.thread_time()
    for _ in range(STEPS):
        step()
    return (time.thread_time() - began) / STEPS * 1e6


if __name__ == "__main__":
    main()
