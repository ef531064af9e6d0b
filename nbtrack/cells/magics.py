"""The magics that record: `%track`, `%%track` and `%experiment`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand

from nbtrack.base.guard import guarded
from nbtrack.cells.cells import Cells
from nbtrack.cells.commands import Commands, say
from nbtrack.cells.transform import split_form
from nbtrack.cells.typed_line import show_as_typed
from nbtrack.display.usage_errors import usage_errors

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
--no-warn stale,leak  keep warnings of these kinds quiet here; all: every kind
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
        self._cells.events.notice_silent_cell()
        with usage_errors():
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
        self._cells.shell.run_cell(f"%%track {line}\n{cell}").raise_error()

    @line_magic
    def experiment(self, line: str = "") -> None:
        """Record in another experiment from now on: %experiment NAME. Alone: say which it is."""
        name = line.strip().strip("\"'")
        session = self._cells.session
        with usage_errors():
            if name:
                session.set_experiment(name)
            say(f"Experiment: {session.experiment.name}")
