"""A script in a process of its own: it prints what it has done, and may wait to be told more."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

from tests.support.script_forks import ForkedScript, may_be_forked

PATIENCE = 60.0  # seconds; only a test that fails waits that long


class Script:
    def __init__(self, process: subprocess.Popen[str] | ForkedScript, errors: Path) -> None:
        self.process = process
        self._errors = errors
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    @property
    def pid(self) -> int:
        return self.process.pid

    def line(self) -> str:
        """The next line it prints."""
        line = self._next()
        assert line is not None, f"the script ended instead of printing a line:\n{self.errors()}"
        return line

    def wait_for(self, text: str) -> None:
        """Read on until it has printed exactly *text*."""
        while self.line() != text:
            pass

    def tell(self, text: str = "go") -> None:
        """One line for its `input()`."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{text}\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        """SIGKILL: no handler, no flush, no good-bye."""
        if self.process.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)

    def clear_away(self) -> None:
        """Kill it and all that it forked, so that a failed test leaves nobody at work."""
        with contextlib.suppress(ProcessLookupError):  # they have all ended
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)

    def rest(self) -> list[str]:
        """Wait until its output ends; the lines not read yet."""
        found = []
        while (line := self._next()) is not None:
            found.append(line)
        return found

    def finish(self, *, code: int | None = 0) -> list[str]:
        """Wait for its end, with exit status *code* (None: any); the lines not read yet."""
        found = self.rest()
        ended = self.process.wait(PATIENCE)
        assert code in (None, ended), f"exit status {ended}:\n{self.errors()}"
        return found

    def errors(self) -> str:
        """What it has written to stderr."""
        return self._errors.read_text(errors="replace")

    def _next(self) -> str | None:
        try:
            return self._lines.get(timeout=PATIENCE)
        except queue.Empty:
            raise AssertionError(
                f"the script printed nothing for {PATIENCE} s:\n{self.errors()}"
            ) from None

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            # A killed process may leave half a line; it had not said that yet.
            if line.endswith("\n"):
                self._lines.put(line[:-1])
        self._lines.put(None)


def launch(file: Path, *arguments: object, cwd: Path, **environment: str) -> Script:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NBTRACK_")}
    env, errors = {**kept, **environment}, file.with_suffix(".stderr")
    with open(errors, "wb") as stderr:
        begin = _forked if may_be_forked(env) else _started
        return Script(begin(file, *map(str, arguments), cwd=cwd, env=env, stderr=stderr), errors)


def _forked(file: Path, *arguments: str, stderr: IO[bytes], **options: Any) -> ForkedScript:
    return ForkedScript(file, *arguments, errors=stderr.fileno(), **options)


def _started(file: Path, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-u", str(file), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a process group of its own
        **options,
    )
