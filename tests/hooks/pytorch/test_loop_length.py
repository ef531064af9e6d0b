"""How many steps a loop will take is told where its own `for` lines say so, and nowhere else."""

from __future__ import annotations

import linecache
import textwrap
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from nbtrack.hooks.pytorch import record  # noqa: E402 (after importorskip)
from nbtrack.recording import training_progress  # noqa: E402
from tests.hooks.conftest import Project  # noqa: E402

START = """
import torch
from torch.utils.data import DataLoader, TensorDataset
import nbtrack
torch.set_num_threads(1)
EPOCHS, N_EPOCHS = 3, 5
class args: epochs = 4
loader = DataLoader(TensorDataset(torch.ones(10, 2)), batch_size=5)
def made():
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
def step():
    optimizer.step()
optimizer = made()
"""


def told(code: str, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, bool]]:
    """(steps, may end early) of each loop in a script, as it was told when it began."""
    found: list[tuple[int, bool]] = []

    def begin(run: Any, total: int, **how: Any) -> Any:
        found.append((total, how["may_end_early"]))
        return real(run, total, **how)

    real = training_progress.begin
    monkeypatch.setattr(record.training_progress, "begin", begin)
    text = START + "with nbtrack.start_run():\n" + textwrap.indent(textwrap.dedent(code), "    ")
    linecache.cache["script.py"] = (len(text), None, text.splitlines(keepends=True), "script.py")
    exec(compile(text, "script.py", "exec"), {"__name__": "__main__"})
    assert not training_progress._open
    return found


KNOWN = {
    "for epoch in range(EPOCHS):\n  for x in loader: optimizer.step()": (6, False),
    "for epoch in range(1, N_EPOCHS + 1):\n  optimizer.step()": (5, False),
    "for epoch in range(args.epochs):\n  for i, x in enumerate(loader): optimizer.step()":
        (8, False),
    "for i in range(len(loader) * 2):\n  with torch.enable_grad():\n    step()": (4, False),
    "for epoch in range(9):\n  optimizer.step()\n  if epoch == 2: break": (9, True),
    "def epoch(o):\n  for x in loader: o.step()\nfor _ in range(7): epoch(optimizer)": (14, False),
    "for lr in [1, 2]:\n  optimizer = made()\n  for _ in range(4): optimizer.step()": (4, False),
    "def fit():\n  o = made()\n  for _ in range(3): o.step()\nfor _ in range(2): fit()": (3, False),
    "while True:\n  optimizer = made()\n  for _ in range(3): optimizer.step()\n  break": (3, False),
}  # fmt: skip
UNKNOWN = [
    "optimizer.step()",
    "for i in iter(range(3)): optimizer.step()",
    "for x in zip(loader, loader): optimizer.step()",
    "for i in range(6):\n  if i % 2: optimizer.step()",
    "n = 0\nwhile n < 3:\n  n += 1\n  for x in loader: optimizer.step()",
    "for phase in ['train', 'val']:\n  if phase == 'train':\n    for x in loader: optimizer.step()",
    "class Trainer:\n  def __init__(self): self.o = made()\n  def fit(self):\n"
    "    for _ in range(3): self.o.step()\nfor _ in range(2): Trainer().fit()",
]


@pytest.mark.parametrize("code", KNOWN)
def test_what_is_known(autologged: Project, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loops within loops and functions; but for those in which the optimizer is made."""
    assert set(told(code, monkeypatch)) == {KNOWN[code]}


@pytest.mark.parametrize("code", UNKNOWN)
def test_what_is_not(autologged: Project, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told a time that may be wrong."""
    assert told(code, monkeypatch) == []
