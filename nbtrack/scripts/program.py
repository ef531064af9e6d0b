"""Running a script in this process as `python script.py` does: its `__main__`, arguments, path,
exit status, and what is printed of an error."""

from __future__ import annotations

import builtins
import os
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType, TracebackType

from nbtrack.errors import FileMissing

_INTERRUPTED = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """*path* as it was typed."""

    path: str
    arguments: tuple[str, ...]
    source: bytes

    @property
    def file(self) -> str:
        """As `__file__` has it, and tracebacks."""
        return os.path.abspath(self.path)

    @property
    def text(self) -> str:
        return self.source.decode("utf-8", "replace")


def read_program(path: str, arguments: Sequence[str]) -> Program:
    """Raises FileMissing."""
    file = Path(path)
    if not file.is_file():
        raise FileMissing(f"There is no script {path!r}. Run `nbtrack run SCRIPT.py [ARGUMENTS]`.")
    return Program(path=path, arguments=tuple(arguments), source=file.read_bytes())


def run_program(program: Program) -> BaseException | None:
    """What it ended with: None at its end. `sys.argv`, `sys.path` and `__main__` stay its own, for
    what it registered to run at exit."""
    main = _new_main(program)
    sys.argv = [program.path, *program.arguments]
    if not sys.flags.safe_path:
        sys.path[0] = str(Path(program.path).resolve().parent)
    sys.modules["__main__"] = main
    try:
        exec(_compiled(program), main.__dict__)
    except BaseException as exc:  # noqa: BLE001 - whatever it is, it is the script's, and told as such
        return exc
    return None


def _new_main(program: Program) -> ModuleType:
    main = ModuleType("__main__")
    main.__dict__.update(
        __file__=program.file,
        __annotations__={},
        __builtins__=builtins,
        __loader__=SourceFileLoader("__main__", program.file),
        __cached__=None,
    )
    return main


def _compiled(program: Program) -> CodeType:
    return compile(program.source, program.file, "exec", dont_inherit=True)


def end_threads() -> BaseException | None:
    """Wait for the program's threads, and what they start, as python does before it ends; None, or
    what broke that off: Ctrl-C is the program's."""
    try:
        _tell_pools()
        while threads := _own_threads():
            for thread in threads:
                thread.join()
    except BaseException as exc:  # noqa: BLE001 - as above
        return exc
    return None


def _tell_pools() -> None:
    """Workers of a pool wait for work until this: nobody else tells them to stop."""
    for tell in reversed(getattr(threading, "_threading_atexits", ())):
        tell()


def _own_threads() -> list[threading.Thread]:
    ours = (threading.current_thread(), threading.main_thread())
    return [
        thread
        for thread in threading.enumerate()
        if not thread.daemon and thread not in ours and not thread.name.startswith("nbtrack")
    ]


def exit_status(ended: BaseException | None) -> int:
    """As python's; what python prints of an error is printed here."""
    if ended is None:
        return 0
    if isinstance(ended, SystemExit):
        return _status_of_exit(ended.code)
    without_ours = _first_of_script(ended.__traceback__)
    ended.__traceback__ = without_ours
    sys.excepthook(type(ended), ended, without_ours)
    return _INTERRUPTED if isinstance(ended, KeyboardInterrupt) else 1


def _status_of_exit(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    sys.stderr.write(f"{code}\n")
    return 1


def _first_of_script(traceback: TracebackType | None) -> TracebackType | None:
    """Without our frames, which came before; of a script that does not compile, without any."""
    here = os.path.abspath(__file__)
    while traceback is not None and traceback.tb_frame.f_code.co_filename == here:
        traceback = traceback.tb_next
    return traceback
