"""The newest runs of a project, in a column."""

from __future__ import annotations

from nbtrack.panels.runs.panel import RunsPanel
from nbtrack.panels.shared.assets import script, styles


class SidePanel(RunsPanel):
    """It answers what the runs panel answers, which its page can open, too."""

    _esm = script("side/page/side.js")
    _css = styles("side/page/side.js")
