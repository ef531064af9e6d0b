"""What recording adds to a Trainer that logs at every step: 200 steps of a tiny BERT.

    python -m tests.benchmarks.transformers_trainer

Bare and recorded trainings take turns, so that a busy machine is busy for both; the first of each
is not counted. Beside them: with the model kept.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import tempfile
import time
from typing import NamedTuple

import torch

import nbtrack
from tests.hooks.transformers.small_trainers import trainer

ROUNDS, STEPS = 5, 200


def main() -> None:
    os.chdir(tempfile.mkdtemp())
    torch.set_num_threads(1)
    found: dict[str, list[Seconds]] = {"bare": [], "recorded": [], "with the model": []}
    for turn in range(ROUNDS + 1):
        for name in sorted(found, reverse=bool(turn % 2)):
            nbtrack.autolog(disable=True)
            if name != "bare":
                nbtrack.transformers.autolog(log_models=name == "with the model")
            found[name].append(trained())
    for clock in Seconds._fields:
        bare = middle(found["bare"], clock)
        for name, each in found.items():
            more = middle(each, clock) - bare
            first = getattr(each[0], clock)
            print(
                f"{clock} {name}: {(bare + more) * 1000:.0f} ms, {1 + more / bare:.3f}x, "
                f"{more / STEPS * 1e6:+.0f} µs a step; the first {first * 1000:.0f} ms"
            )


class Seconds(NamedTuple):
    wall: float
    cpu: float  # of the thread that trains


def middle(found: list[Seconds], clock: str) -> float:
    return statistics.median(getattr(each, clock) for each in found[1:])


def trained() -> Seconds:
    made = trainer("out", max_steps=STEPS)
    with contextlib.redirect_stdout(None):
        wall, cpu = time.perf_counter(), time.thread_time()
        made.train()
        return Seconds(time.perf_counter() - wall, time.thread_time() - cpu)


if __name__ == "__main__":
    main()
