"""`%track on`, `off`, `status`, `quiet`, `last`, `drop` and `load RUN`."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

from nbtrack.client import MlflowClient
from nbtrack.errors import InvalidValue
from nbtrack.find_run import find_run
from nbtrack.notebook.cell_source import RunningCell
from nbtrack.notebook.cells import Cells, EndedCell
from nbtrack.notebook.completion import COMMANDS
from nbtrack.notebook.history_cell import cell_from_history
from nbtrack.records import ViewType
from nbtrack.run import ActiveRun
from nbtrack.session import PARENT_TAG
from nbtrack.stores import folder_of

_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")


def say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")


class Commands:
    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._session = cells.session

    def find(self, line: str) -> Callable[[], None] | None:
        """The command that *line* is, if it is nothing else; None for a run's name and params."""
        words = line.split()
        if not words or words[0] not in COMMANDS:
            return None
        name, rest = words[0], words[1:]
        if name == "load" and (len(rest) < 2 or _QUOTED.fullmatch(" ".join(rest))):
            return lambda: self.load(" ".join(rest).strip("\"'"))
        if name == "on" and rest == ["--no-infer"]:
            return lambda: self.on(is_inferring=False)
        return None if rest else getattr(self, name)

    def on(self, *, is_inferring: bool | None = None) -> None:
        """From now on every cell that logs something becomes a run."""
        self._cells.switch_on(is_inferring=is_inferring)
        words = "" if is_inferring is None else ", and records nothing that was not logged"
        say(f"nbtrack tracks every cell that logs something{words}. %track off ends that.")

    def off(self) -> None:
        """Only cells with a %track line are runs."""
        self._cells.switch_off()
        say("nbtrack tracks cells that begin with %%track.")

    def status(self) -> None:
        cells, session = self._cells, self._session
        is_quiet = session.settings.quiet if cells.cards.is_quiet is None else cells.cards.is_quiet
        infers = session.settings.infer if cells.is_inferring is None else cells.is_inferring
        say(
            f"tracking    {'every cell that logs' if cells.is_on else 'cells with %%track'}",
            f"store       {folder_of(session.store.uri)}",
            f"experiment  {session.experiment.name}",
            f"cards       {'off' if is_quiet else 'on'}",
            f"inference   {'on' if infers else 'off'}",
            f"this kernel {len(cells.recorded):,} cells tracked{self._newest()}",
        )

    def quiet(self) -> None:
        """No cards; once more, and they are back."""
        cards = self._cells.cards
        before = self._session.settings.quiet if cards.is_quiet is None else cards.is_quiet
        cards.is_quiet = not before
        say("Cards are on." if before else "Cards are off; %track quiet shows them again.")

    def last(self) -> None:
        """Record the cell that ran before this one."""
        if self._cells.is_tracking:
            raise InvalidValue(
                "%track last records an earlier cell: put it into a cell of its own."
            )
        ended = self._cells.last or cell_from_history(self._cells.shell)
        if ended is None:
            raise InvalidValue("%track last: no cell ran before this one.")
        if ended.run is not None and not ended.run.is_deleted:
            say(f"That cell is recorded already: {_named(ended.run)}.")
            return
        self._record(ended)

    def drop(self) -> None:
        """Take the last run of this kernel back, with its children."""
        runs = [run for run in self._cells.recorded if not run.is_deleted]
        if not runs:
            raise InvalidValue("%track drop: this kernel has tracked no cell yet.")
        run = runs[-1]
        client = MlflowClient(run.store.uri)
        of_it = f"tags.`{PARENT_TAG}` = '{run.run_id}'"
        children = client.search_runs([run.info.experiment_id], of_it, ViewType.ACTIVE_ONLY)
        for run_id in (*(child.info.run_id for child in children), run.run_id):
            client.delete_run(run_id)
            self._cells.look_back.forget(run_id)
        run.is_deleted = True
        with_them = f" and its {_children(len(children))}" if children else ""
        say(
            f"Dropped {_named(run)}{with_them}. "
            f"nbtrack.MlflowClient().restore_run({run.run_id!r}) brings it back."
        )

    def load(self, text: str = "") -> None:
        """Put the source of a run's cell into a new cell."""
        if not text:
            raise InvalidValue("%track load needs a run: its id, the beginning of it, or its name.")
        run = find_run(self._session.store, text)
        cell = self._session.store.read_cell(run.info.run_id)
        if cell is None or not cell.get("source"):
            raise InvalidValue(f"Run {run.info.run_name!r} ({run.info.run_id}) was no cell.")
        self._cells.shell.set_next_input(cell["source"])

    def _record(self, ended: EndedCell) -> None:
        tracked = self._cells.new_tracked_cell(ended.cell)
        opened = self._opened_by(ended.cell)
        self._cells.surroundings.start()
        if opened is None:
            tracked.open(is_first=False)
        else:
            tracked.adopt(opened)
        self._cells.ask_history(tracked)
        self._cells.finish(tracked, ended)

    def _opened_by(self, cell: RunningCell) -> ActiveRun | None:
        """The run that the cell's own `log_*` calls opened, for want of one."""
        run = self._session.active_run()
        return run if run is not None and run.opened_in == cell.count else None

    def _newest(self) -> str:
        runs = self._cells.recorded
        return f", the last one {_named(runs[-1])}" if runs else ""


def _children(count: int) -> str:
    return "child" if count == 1 else f"{count:,} children"


def _named(run: ActiveRun) -> str:
    return f"{run.info.run_name!r} ({run.run_id[:8]})"
