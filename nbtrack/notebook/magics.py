"""The magics: `%track`, `%%track`, `%experiment`, `%runs` and `%registry`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand

from nbtrack.errors import NbtrackError
from nbtrack.guard import guarded
from nbtrack.notebook.cells import Cells
from nbtrack.notebook.commands import Commands, say
from nbtrack.notebook.runs_line import parse_runs_line
from nbtrack.notebook.transform import CELL_FORM, split_form
from nbtrack.notebook.typed_line import show_as_typed

if TYPE_CHECKING:
    from nbtrack.notebook.panels.registry_panel import RegistryPanel
    from nbtrack.notebook.panels.runs_panel import RunsPanel
    from nbtrack.notebook.registry_view import RegistryView
    from nbtrack.notebook.runs_view import RunsView

Magic = TypeVar("Magic", bound=Callable[..., None])

TRACK_HELP = """Record this cell as a run: source, params, metrics, outputs, environment.

    %%track [name words…] [key=value …] [flags]      the first line of a cell
    %track  [name words…] [key=value …] [flags]      the same, and keeps completion in VS Code

name words            the run's name; without one it says what the cell does
key=value             declares a param; assigns no variable. {d} and $d take the value of the
                      notebook variable d: %%track sweep depth={d}
-e, --experiment NAME the experiment to record in; without it the one that is set, else one
                      named after the notebook
-t, --tag key=value … tags of the run
-m, --note TEXT       a note, shown with the run
--metrics a,b:min     variables to record as metrics after the cell; of b less is better
--artifacts GLOB …    files to keep with the run: --artifacts 'models/*.pkl'
--quiet               no card under this cell
--live                a chart of its metrics while the cell runs, as of nbtrack.live()

Recorded without being told: top-level assignments of plain literals (lr = 0.01) as params;
results of metric functions and the cell's last value as metrics, marked as inferred; what the
cell prints and displays; the error if it fails. What is logged with nbtrack.log_metric and its
like goes to the cell's run, and nbtrack.start_run() makes children of it.

Commands, alone on a %track line:

    %track on               every cell that logs something becomes a run
    %track on --no-infer    the same, and records only what is logged
    %track off              only cells with a %track line
    %track status           what is on, where the records are
    %track quiet            no cards; once more, and they are back
    %track last             record the cell that just ran
    %track drop             take the last run back, with its children
    %track restore          undo that; %track restore RUN does it by id
    %track load RUN         the source of a run in a new cell; RUN is an id or a name
"""


def _with_track_help(magic: Magic) -> Magic:
    magic.__doc__ = TRACK_HELP
    return magic


@magics_class
class TrackMagics(Magics):
    def __init__(self, shell: Any, cells: Cells) -> None:
        super().__init__(shell)
        self._cells = cells
        self._commands = Commands(cells)

    @no_var_expand
    @line_magic("track")  # type: ignore[arg-type]
    @_with_track_help
    def track_line(self, line: str = "") -> None:
        is_cell_form, text = split_form(line)
        with guarded("show the line as it was typed"):
            show_as_typed(f"{'%%' if is_cell_form else '%'}track {text}".rstrip())
        with _usage_errors():
            command = self._commands.find(
                text, is_cell_form=is_cell_form, is_alone=self._cells.is_without_code
            )
            if command is not None:
                command()
            else:
                self._cells.track(text)

    @no_var_expand
    @cell_magic("track")  # type: ignore[arg-type]
    @_with_track_help
    def track_cell(self, line: str = "", cell: str = "") -> None:
        # Reached only where the transform did not see the cell: by a call from code.
        self.track_line(f"{CELL_FORM}{line}")
        self._cells.shell.run_cell(cell).raise_error()

    @line_magic
    def experiment(self, line: str = "") -> None:
        """Record in another experiment from now on: %experiment NAME. Alone: say which it is."""
        name = line.strip().strip("\"'")
        session = self._cells.session
        with _usage_errors():
            if name:
                session.set_experiment(name)
            say(f"Experiment: {session.experiment.name}")

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
        from nbtrack.notebook.runs_view import runs

        with _usage_errors():
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
        from nbtrack.notebook.registry_view import registry

        with _usage_errors():
            return registry(line.strip().strip("\"'") or None)
        raise AssertionError("unreachable: errors are raised")


@contextmanager
def _usage_errors() -> Iterator[None]:
    """Our errors as IPython's, which it shows without a traceback."""
    try:
        yield
    except NbtrackError as exc:
        raise UsageError(str(exc)) from None
