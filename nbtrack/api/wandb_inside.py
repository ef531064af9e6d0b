"""What libraries that report to W&B import of its inside: the classes of a run, to ask for them."""

from __future__ import annotations

from nbtrack.api.wandb_runs import Run

__all__ = ["Run", "RunDisabled"]


class RunDisabled(Run):
    """W&B's name for one that records nothing; here that is a `Run` too."""
