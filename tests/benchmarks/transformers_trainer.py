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
from collections.abc import Callable
from typing import NamedTuple

import torch

import nbtrack
from tests.hooks.transformers.small_trainers import trainer

ROUNDS, STEPS = 9, 200


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
        for word, of in (("median", statistics.median), ("quietest", min)):
            tell(found, clock, word, of)


def tell(
    found: dict[str, list[Seconds]], clock: str, word: str, of: Callable[[list[float]], float]
) -> None:
    taken = {name: of([getattr(s, clock) for s in each[1:]]) for name, each in found.items()}
    bare = taken["bare"]
    for name, each in taken.items():
        print(
            f"{clock} {word} {name}: {each * 1000:.0f} ms, {each / bare:.3f}x, "
            f"{(each - bare) / STEPS * 1e6:+.0f} µs a step; "
            f"the first {getattr(found[name][0], clock) * 1000:.0f} ms"
        )


class Seconds(NamedTuple):
    wall: float
    cpu: float  # of the thread that trains


def trained() -> Seconds:
    made = trainer("out", max_steps=STEPS)
    with contextlib.redirect_stdout(None):
        wall, cpu = time.perf_counter(), time.thread_time()
        made.train()
        return Seconds(time.perf_counter() - wall, time.thread_time() - cpu)


if __name__ == "__main__":
    main()
