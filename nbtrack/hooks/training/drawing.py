"""Pictures of a training: drawn from its numbers when the outermost run has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbtrack.base import background
from nbtrack.hooks.training.run_choice import has_ended

if TYPE_CHECKING:
    from nbtrack.recording.active_run import ActiveRun


def draw_later(run: ActiveRun) -> None:
    from nbtrack.hooks.plot_drawing import can_draw

    if can_draw():
        background.submit(
            run.run_id,
            lambda: _draw(run),
            action="draw the plots of a fit",
            is_ready=lambda: has_ended(run),
        )


def _draw(run: ActiveRun) -> None:
    from nbtrack.hooks.plot_drawing import draw_missing_plots

    draw_missing_plots(run)
