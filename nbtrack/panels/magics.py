"""The magics that show panels: `%runs` and `%registry`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.magic import Magics, line_magic, magics_class

from nbtrack.display.usage_errors import usage_errors
from nbtrack.lookup.runs_line import parse_runs_line

if TYPE_CHECKING:
    from nbtrack.panels.registry.panel import RegistryPanel
    from nbtrack.panels.registry.view import RegistryView
    from nbtrack.panels.runs.panel import RunsPanel
    from nbtrack.panels.runs.view import RunsView


@magics_class
class PanelMagics(Magics):
    @line_magic
    def runs(self, line: str = "") -> RunsView | RunsPanel:
        """Runs of the experiment as a table: %runs [filter] [--sort KEY] [--top N]

        %runs metrics.accuracy > 0.9 and params.model = 'SVC' --sort accuracy --top 10

        filter      MLflow's grammar, and or, not, parentheses
        --sort KEY  a metric, a param or start_time; the better end of a metric comes first,
                    or say --sort "f1 asc"
        --top N     how many there are in .df, and in the table of a saved notebook
        -e NAME …   of these experiments instead of the active one; --all: of every one
        --charts    leave a picture of their curves in the saved notebook, too

        nbtrack.runs() gives the same panel; its .df is a DataFrame, its .selected the ids of the
        runs that are ticked.
        """
        from nbtrack.panels.runs.showing import runs

        with usage_errors():
            return runs(**parse_runs_line(line))
        raise AssertionError("unreachable: errors are raised")

    @line_magic
    def registry(self, line: str = "") -> RegistryView | RegistryPanel:
        """Registered models: %registry lists them all, %registry NAME shows one

        %registry churn-classifier

        NAME  its versions in a lane for each stage, to be moved, compared and described, and the
              record of who changed what and why

        nbtrack.registry(NAME) gives the same panel; its .df is a DataFrame of the versions.
        """
        from nbtrack.panels.registry.showing import registry

        with usage_errors():
            return registry(line.strip().strip("\"'") or None)
        raise AssertionError("unreachable: errors are raised")
