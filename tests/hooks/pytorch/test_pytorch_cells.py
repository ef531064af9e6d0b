"""A plain loop in a tracked cell."""

from __future__ import annotations

import pytest

from tests.support.kernel import Kernel

pytest.importorskip("torch")
pytestmark = pytest.mark.slow
LOOP = """%%track loop
import torch
torch.manual_seed(0)
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(3):
    optimizer.zero_grad()
    model(torch.ones(4, 2)).square().mean().backward()
    optimizer.step()
"""


def test_the_card_has_the_losses_of_a_loop(kernel: Kernel):
    """Though it took less time than there is between two writes."""
    card = kernel.run(LOOP).card
    (run,) = kernel.runs()

    assert "train-loss" in card
    assert "⚠" not in card
    assert run.data.metrics.keys() >= {"train-loss", "train-learning_rate"}
    assert "model/MLmodel" in kernel.artifacts(run)
