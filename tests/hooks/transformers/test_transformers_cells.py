"""A Trainer in a tracked cell."""

from __future__ import annotations

import pytest

from tests.support.kernel import Kernel

pytest.importorskip("transformers")
pytest.importorskip("accelerate")
pytestmark = pytest.mark.slow
TRAINING = """%%track tuned
from tests.hooks.transformers.small_trainers import trainer
made = trainer("out", max_steps=2)
_ = made.train()
"""


def test_the_cells_run_is_the_trainings(kernel: Kernel):
    """And an evaluation in another cell goes to it."""
    kernel.run(TRAINING)
    kernel.run("_ = made.evaluate()")
    (run,) = kernel.runs()

    assert run.info.run_name == "tuned"
    assert run.info.status == "FINISHED"
    assert run.data.params["learning_rate"] == "0.01"
    assert run.data.metrics.keys() >= {"loss", "eval_loss"}
