"""What the features were worth to a model: numbers in JSON artifacts, drawn when asked for.

File names are MLflow's: `feature_importance_gain.json`, and `.png` beside it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from nbtrack.hooks.training.drawing import draw_later

if TYPE_CHECKING:
    from nbtrack.recording.active_run import ActiveRun


def log_importances(run: ActiveRun, by_kind: Mapping[str, Mapping[str, float]]) -> None:
    """*by_kind*: {"gain": {feature: number}}."""
    found = {kind: numbers for kind, numbers in by_kind.items() if numbers}
    for kind, numbers in found.items():
        run.log_bytes(json.dumps(numbers, indent=2).encode(), f"feature_importance_{kind}.json")
    if found:
        draw_later(run)
