"""A script is a run: source, arguments, modules of the project, surroundings, what it printed."""

from __future__ import annotations

import hashlib
import os
import time
import traceback
import uuid
from dataclasses import dataclass
from pathlib import Path

from nbtrack.api.taking_over import is_taken_over
from nbtrack.base.guard import guarded
from nbtrack.capture.secrets import mask_secrets
from nbtrack.cells.outcome import MOST_TRACEBACK
from nbtrack.cells.surroundings_record import SurroundingsRecorder
from nbtrack.errors import StopTraining
from nbtrack.hooks.autolog import follow_notebook
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.provenance.executions.imported import ImportedModules
from nbtrack.recording.active_run import ActiveRun
from nbtrack.recording.here import CellLine
from nbtrack.recording.process_end import status_of
from nbtrack.recording.session import Session
from nbtrack.records.executions import Execution, ExecutionStatus, SeenFile
from nbtrack.records.runs import RunStatus
from nbtrack.scripts.arguments import params_of
from nbtrack.scripts.printed import PrintedText
from nbtrack.scripts.program import Program, end_threads, exit_status, run_program

_GAP = "Files that a script reads, and its random numbers, are not recorded."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """*name* None: as the script is called."""

    name: str | None = None
    has_autolog: bool = True


def record_program(session: Session, program: Program, wish: Wish) -> int:
    """Run it, in a run that ends as it does; its exit status. Runs that it opens are children."""
    return _Recorded(session, program, wish).run()


class _Recorded:
    def __init__(self, session: Session, program: Program, wish: Wish) -> None:
        self._session, self._program, self._wish = session, program, wish
        self._surroundings = SurroundingsRecorder()
        self._modules = ImportedModules()
        self._source = mask_secrets(program.text)
        self._digest = hashlib.sha256(self._source.encode("utf-8", "replace")).hexdigest()

    def run(self) -> int:
        self._surroundings.start()
        if self._wish.has_autolog:
            with guarded("record what the script trains"):
                follow_notebook("everywhere")
        line, began = CellLine(), time.perf_counter()
        before = self._session.stack.enter_cell(line)
        run = self._open(line)
        printed = PrintedText()
        process = os.getpid()
        ended = run_program(self._program)
        status = exit_status(ended)  # the traceback is printed, and is among what is kept
        if (broken_off := end_threads()) is not None:
            ended, status = broken_off, exit_status(broken_off)
        if os.getpid() != process:  # a fork of the script: the run is its parent's
            return status
        self._close(run, ended, printed, time.perf_counter() - began)
        self._session.stack.leave_cell(line, before)
        return status

    def _open(self, line: CellLine) -> ActiveRun:
        run = self._session.start_cell_run(
            line,
            name=self._wish.name or Path(self._program.path).name,
            experiment=None,
            tags={"mlflow.source.name": self._program.path},
            start_us=now_us(),
        )
        with guarded("record the script"):
            facts = {"source": self._source, "sha256": self._digest}
            run.store.append(lines.cell_line(run.run_id, t=now_us(), **facts))
        for name, value in params_of(self._program.arguments).items():
            with guarded(f"record the argument {name!r:.60}"):
                run.log_params({name: value}, is_inferred=True)
        run.is_unasked = is_taken_over()
        return run

    def _close(
        self, run: ActiveRun, ended: BaseException | None, printed: PrintedText, seconds: float
    ) -> None:
        status = _status(ended)
        texts = printed.stop()
        with guarded("record what the script printed"):
            for name, text in zip(("stdout", "stderr"), texts):
                if text:
                    run.log_bytes(text.encode("utf-8", "replace"), f"output/{name}.txt")
        with guarded("record the script's modules"):
            self._write_modules(run, status, seconds)
        with guarded("record its surroundings"):
            self._surroundings.record(run)
            self._surroundings.close()
        if ended is not None and status != RunStatus.FINISHED:
            with guarded("record the script's error"):
                facts = _error_facts(ended)
                run.store.append(lines.cell_line(run.run_id, t=now_us(), **facts))
        for child in dict.fromkeys(reversed(self._opened_on(run))):
            with guarded("end what the script left open"):
                child.end_for("end of the script", status)
        run.end(status)

    def _opened_on(self, run: ActiveRun) -> list[ActiveRun]:
        cell = self._session.stack.cell()
        return [] if cell is None else [each for each in cell.runs if each is not run]

    def _write_modules(self, run: ActiveRun, status: RunStatus, seconds: float) -> None:
        """As an execution of one cell, so that runs of scripts are compared as others are."""
        names = self._modules.look(again=False)
        files = self._modules.of_libraries({name.partition(".")[0] for name in names})
        execution = Execution(
            kernel=uuid.uuid4().hex, number=1, source=self._digest, run_id=run.run_id,
            folder=str(Path.cwd()), started_us=run.began_us, seconds=seconds,
            status=ExecutionStatus.OK if status == RunStatus.FINISHED else ExecutionStatus.ERROR,
            modules=tuple(SeenFile(*each) for each in files), gaps=(_GAP,),
        )  # fmt: skip
        texts = {self._digest: self._source, **self._modules.texts(execution)}
        for digest, each in texts.items():
            run.store.append(lines.text_line(digest, each, t=now_us()))
        run.store.append(lines.execution_line(execution, t=now_us()))


def _status(ended: BaseException | None) -> RunStatus:
    if isinstance(ended, KeyboardInterrupt | StopTraining):
        return RunStatus.KILLED
    return status_of(ended)


def _error_facts(ended: BaseException) -> dict[str, str]:
    name, message = type(ended).__name__, str(ended)
    shown = "".join(traceback.format_exception(ended))
    return {
        "error": mask_secrets(f"{name}: {message}" if message else name),
        "traceback": mask_secrets(shown[-MOST_TRACEBACK:]),
    }
