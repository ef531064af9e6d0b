"""`%track on`, `off`, `status`, `quiet`, `last`, `drop`, `restore`, `load RUN` and `stop RUN`."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence

from nbtrack.api.client import MlflowClient
from nbtrack.api.stopping import stop
from nbtrack.cells.cell_source import RunningCell
from nbtrack.cells.cells import Cells, EndedCell
from nbtrack.cells.completion import COMMANDS
from nbtrack.cells.history_cell import cell_from_history
from nbtrack.cells.words import UsageError
from nbtrack.errors import InvalidValue, NotFound
from nbtrack.lookup.find_run import find_run
from nbtrack.recording.active_run import ActiveRun
from nbtrack.recording.deletions import Deletion
from nbtrack.recording.here import CellLine
from nbtrack.records.runs import RunQuery, ViewType
from nbtrack.records.tags import PARENT_TAG
from nbtrack.stores.opening import folder_of
from nbtrack.stores.store import Store

_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
# What else people call a command, or want when they look for one.
_MEANT = {
    "kill": "stop", "end": "off", "disable": "off", "start": "on", "enable": "on", "undo": "drop",
    "delete": "drop", "remove": "drop", "undrop": "restore", "info": "status", "open": "load",
}  # fmt: skip
_HELP = ("help", "-h", "--help", "?")


def say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")


class Commands:
    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._session = cells.session

    def find(self, line: str, *, is_cell_form: bool, is_alone: bool) -> Callable[[], None] | None:
        """The command that *line* is, if it is nothing else; None for a run's name and params.

        *is_alone* says that there is no code in the cell: then a line that is no command raises
        UsageError, for it would record nothing.
        """
        name, *rest = line.split() or [""]
        if is_cell_form:
            if is_alone and name in COMMANDS:
                raise UsageError(f"A command has one %: %track {line.strip()}")
            return None
        if name in COMMANDS and (command := self._command(name, rest, is_alone=is_alone)):
            return command
        if is_alone:
            raise UsageError(_what_was_meant(line.strip(), name))
        return None

    def _command(self, name: str, rest: list[str], *, is_alone: bool) -> Callable[[], None] | None:
        text = " ".join(rest)
        if name == "load" and (len(rest) < 2 or _QUOTED.fullmatch(text) or is_alone):
            return lambda: self.load(text.strip("\"'"))
        if name == "stop" and (not rest or is_alone):
            return lambda: self.stop(text.strip("\"'"))
        if name == "restore" and (not rest or is_alone):
            return lambda: self.restore(text.strip("\"'"))
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
        below = _below(run.store, run.run_id, ViewType.ACTIVE_ONLY)
        for run_id in [*below, run.run_id]:
            client.delete_run(run_id)
            self._cells.look_back.forget(run_id)
        deletion = Deletion(run.store.uri, [run.run_id, *reversed(below)])
        self._session.deletions.append(deletion)
        with_them = f" and its {_children(len(below))}" if below else ""
        say(
            f"Dropped {_named(run)}{with_them}. "
            f"%track restore brings {'all of them' if below else 'it'} back."
        )

    def restore(self, text: str = "") -> None:
        """Bring back what `drop` or a panel deleted last, or a deleted run with its children."""
        if text:
            deletion = self._deletion_of(text)
            if deletion is None:
                return
        elif self._session.deletions:
            deletion = self._session.deletions.pop()
        else:
            raise InvalidValue(
                "%track restore: nothing was deleted from this kernel. "
                "%track restore RUN takes the id of a run."
            )
        client = MlflowClient(deletion.uri)
        for run_id in deletion.ids:
            client.restore_run(run_id)
            self._cells.look_back.recall(run_id)
        say(f"Restored {_restored(client, deletion.ids)}.")

    def _deletion_of(self, text: str) -> Deletion | None:
        """None where the run is alive, which is said."""
        store = self._session.store
        try:
            run_id = find_run(store, text, view_type=ViewType.DELETED_ONLY).info.run_id
        except NotFound:
            alive = find_run(store, text).info
            say(f"{alive.run_name!r} ({alive.run_id[:8]}) is not deleted: nothing to restore.")
            return None
        below = _below(store, run_id, ViewType.DELETED_ONLY)
        return Deletion(store.uri, [run_id, *reversed(below)])

    def load(self, text: str = "") -> None:
        """Put the source of a run's cell into a new cell."""
        if not text:
            raise InvalidValue("%track load needs a run: its id, the beginning of it, or its name.")
        run = find_run(self._session.store, text)
        cell = self._session.store.read_cell(run.info.run_id)
        if cell is None or not cell.get("source"):
            raise InvalidValue(f"Run {run.info.run_name!r} ({run.info.run_id}) was no cell.")
        self._cells.shell.set_next_input(cell["source"])

    def stop(self, text: str = "") -> None:
        """End what a run trains, in another notebook or a script."""
        say(stop(self._session.store, text))

    def _record(self, ended: EndedCell) -> None:
        tracked = self._cells.new_tracked_cell(ended.cell, line := CellLine())
        opened = self._opened_by(ended.cell)
        self._cells.surroundings.start()
        before = self._session.stack.enter_cell(line)
        try:
            if opened is None:
                tracked.open(is_first=False)
            else:
                tracked.adopt(opened)
            self._cells.ask_history(tracked)
            self._cells.finish(tracked, ended)
        finally:
            self._session.stack.leave_cell(line, before)

    def _opened_by(self, cell: RunningCell) -> ActiveRun | None:
        """The run that the cell's own `log_*` calls opened, for want of one."""
        run = self._session.active_run()
        return run if run is not None and run.opened_in == cell.count else None

    def _newest(self) -> str:
        runs = self._cells.recorded
        return f", the last one {_named(runs[-1])}" if runs else ""


def _restored(client: MlflowClient, ids: Sequence[str]) -> str:
    """The first with its children; several of which it is not the parent."""
    runs = [client.get_run(run_id) for run_id in ids]
    heads = [run for run in runs if run.data.tags.get(PARENT_TAG) not in ids]
    if len(heads) > 1:
        return f"{len(ids)} runs"
    with_them = f" and its {_children(len(ids) - 1)}" if len(ids) > 1 else ""
    return f"{runs[0].info.run_name!r} ({ids[0][:8]}){with_them}"


def _below(store: Store, run_id: str, view_type: ViewType) -> list[str]:
    """Ids of its children and theirs, in whatever experiment, the deepest first."""
    found = [run_id]
    for parent in found:  # it grows
        of_it = f"tags.`{PARENT_TAG}` = '{parent}'"
        for child in store.search_runs(RunQuery(filter_string=of_it, view_type=view_type)):
            if child.info.run_id not in found:
                found.append(child.info.run_id)
    return found[:0:-1]


def _what_was_meant(line: str, name: str) -> str:
    """Of a line that stands alone in its cell and is no command."""
    import difflib  # only a wrong line pays for it

    if name.lower() in _HELP:
        return "The help is %track? on a line of its own."
    if name in COMMANDS:
        return f"%track {line}: {name} takes nothing behind it. Did you mean {name}?"
    close = difflib.get_close_matches(name.lower(), COMMANDS, n=1)
    meant = _MEANT.get(name.lower()) or (close[0] if close else "")
    hint = f" Did you mean {meant}?" if meant else ""
    return (
        f"{f'%track {line}'.strip()}: there is no code in this cell to record, and no such "
        f"command.{hint} Commands are {', '.join(COMMANDS)}."
    )


def _children(count: int) -> str:
    return "child" if count == 1 else f"{count:,} children"


def _named(run: ActiveRun) -> str:
    return f"{run.info.run_name!r} ({run.run_id[:8]})"
