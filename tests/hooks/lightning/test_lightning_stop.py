"""A Lightning fit that the user stops ends after its batch."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
lightning = pytest.importorskip("lightning")

from nbtrack.api.stopping import stop  # noqa: E402 (after importorskip)
from nbtrack.recording.session import current_session  # noqa: E402
from tests.hooks.test_stopping import is_stopped  # noqa: E402


class Module(lightning.LightningModule):
    """It asks for the end at its third batch."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)
        self.batches = 0

    def training_step(self, batch, _):
        self.batches += 1
        if self.batches == 3:
            stop(current_session().store)
        return self.layer(batch[0]).mean()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.01)


def test_a_fit(autologged, monkeypatch, tmp_path):
    """The trainer returns, and the run has the model as it is then."""
    torch.set_num_threads(1)
    monkeypatch.setattr("nbtrack.hooks.training.stopping.LOOK_SECONDS", 0)
    data = torch.utils.data.TensorDataset(torch.ones(20, 2))
    trainer = lightning.Trainer(
        max_epochs=9, accelerator="cpu", logger=False, default_root_dir=tmp_path,
        enable_progress_bar=False, enable_model_summary=False, enable_checkpointing=False,
    )  # fmt: skip
    trainer.fit(module := Module(), torch.utils.data.DataLoader(data, batch_size=2))

    assert module.batches == 4
    assert is_stopped(run := autologged.run())
    assert len(run.outputs.model_outputs) == 1
