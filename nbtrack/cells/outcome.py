"""How a cell ended, from what IPython knows of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from nbtrack.capture.numbers import as_number
from nbtrack.capture.secret_shapes import mask_magic
from nbtrack.capture.secrets import mask_secrets
from nbtrack.errors import StopTraining
from nbtrack.recording.process_end import status_of
from nbtrack.records.runs import RunStatus

MOST_TRACEBACK = 60_000  # characters
_TRACK_LINE = re.compile(r"%%?track\s.*")
_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """*shown* is what IPython showed of the error, line by line, in colours."""

    status: RunStatus
    exception: BaseException | None = None
    shown: tuple[str, ...] = ()
    last_value: object = None

    def error(self) -> str | None:
        """`Type: message`, secrets masked."""
        if self.exception is None:
            return None
        name, message = type(self.exception).__name__, str(self.exception)
        return mask_secrets(f"{name}: {message}" if message else name)

    def traceback(self) -> str | None:
        """As shown under the cell, without its colours, secrets masked."""
        if self.exception is None:
            return None
        text = "\n".join(self.shown)
        # It may be of an earlier cell: IPython shows some errors without one.
        if type(self.exception).__name__ not in text:
            import traceback

            text = "".join(traceback.format_exception(self.exception))
        return _masked(_cut(_ANSI.sub("", text)))


def outcome_of(shell: Any, result: Any) -> Outcome:
    """From an ExecutionResult; None stands for a cell that the kernel broke off."""
    if result is None:
        return Outcome(status=RunStatus.KILLED, exception=KeyboardInterrupt())
    exception = result.error_before_exec or result.error_in_exec
    if exception is None:
        return Outcome(status=RunStatus.FINISHED, last_value=result.result)
    return Outcome(
        status=RunStatus.KILLED if _is_interrupt(exception) else status_of(exception),
        exception=exception,
        shown=tuple(getattr(shell, "_last_traceback", None) or ()),
    )


def as_stopped(outcome: Outcome, *, is_stopped: bool) -> Outcome:
    """Of a cell in which the user stopped a training: no fault, whether it ended its code or not.
    What went wrong besides, stays."""
    if isinstance(outcome.exception, StopTraining):
        return Outcome(status=RunStatus.KILLED)
    if is_stopped and outcome.status == RunStatus.FINISHED:
        return replace(outcome, status=RunStatus.KILLED)
    return outcome


def small_value(value: object) -> object:
    """*value* if it could be a metric, else None: the last value of a cell may be gigabytes."""
    is_small = as_number(value) is not None or (isinstance(value, dict) and len(value) <= 100)
    return value if is_small else None


def _masked(traceback: str) -> str:
    # On a magic line a value needs no quotes.
    text = _TRACK_LINE.sub(lambda found: mask_magic(found.group()), traceback)
    return mask_secrets(text)


def _is_interrupt(exception: BaseException) -> bool:
    if isinstance(exception, SystemExit) and exception.code:  # Lightning's answer to one
        return isinstance(exception.__context__, KeyboardInterrupt)
    # ipykernel cancels a cell that awaits.
    names = {kind.__name__ for kind in type(exception).__mro__}
    return bool(names & {"KeyboardInterrupt", "CancelledError"})


def _cut(text: str) -> str:
    """Beginning and end: who called, and what broke."""
    if len(text) <= MOST_TRACEBACK:
        return text
    third = MOST_TRACEBACK // 3
    return (
        f"{text[:third]}\n… {len(text) - 3 * third:,} characters left out …\n{text[-2 * third :]}"
    )
