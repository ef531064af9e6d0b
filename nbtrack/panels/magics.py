"""The magics that show panels: `%runs`, `%compare` and `%registry`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.magic import Magics, line_magic, magics_class

from nbtrack.display.usage_errors import usage_errors
from nbtrack.lookup.compare_line import parse_compare_line
from nbtrack.lookup.runs_line import parse_runs_line

if TYPE_CHECKING:
    from nbtrack.panels.compare.panel import ComparePanel
    from nbtrack.panels.compare.view import CompareView
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
    def compare(self, line: str = "") -> CompareView | ComparePanel:
        """Runs side by side, what differs first: %compare RUN RUN … [--baseline RUN]

        %compare "first try" sweep 3f2a91 --baseline sweep

        RUN             an id, the beginning of one, or a name: the newest run of that name;
                        names of several words in quotes
        --baseline RUN  the run that differences of metrics are seen from; without it the one that
                        is marked as the experiment's baseline, else the first

        nbtrack.compare(…) gives the same panel; its .df is a DataFrame.
        """
        from nbtrack.panels.compare.showing import compare

        with usage_errors():
            asked = parse_compare_line(line)
            return compare(*asked.runs, baseline=asked.baseline)
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
