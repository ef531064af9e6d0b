"""Copy what a cell prints and shows, without changing what the user sees.

Text is copied with `OutStream.echo`, which gets every write of every thread, and what C code and
subprocesses write to the file descriptors; hooks of ipykernel's streams would see none of it,
because they are kept per thread. What is displayed is copied by hooks on the publishers, so only
what the cell's own thread displays.

matplotlib's inline backend shows its figures in IPython's `post_execute`, which comes before
`post_run_cell`: stop in `post_run_cell`, and the figures are there.
"""

from __future__ import annotations

import io
import os
import sys
import time
from typing import Any, NamedTuple, Protocol

from nbtrack.base.imported import imported
from nbtrack.capture.kept_text import LIMIT_CHARACTERS, KeptText

PIPE_SECONDS = 0.05


class CopiedText(NamedTuple):
    stdout: str
    stderr: str


class OutputCopy:
    """Copies stdout and stderr between `start()` and `stop()`.

    Where `sys.stdout` is no stream of ipykernel's (a terminal, a script) there is nothing to copy
    from; a StringIO, as `%%capture` puts there, is read at the end. Text of forked children is
    not copied.
    """

    def __init__(self, *, limit: int = LIMIT_CHARACTERS) -> None:
        self._limit = limit
        self._copies: list[_StreamCopy] = []

    def start(self) -> None:
        self._copies = [_copy_of(each, limit=self._limit) for each in (sys.stdout, sys.stderr)]

    def writes(self) -> int:
        """How often something was printed since `start()`, as far as that is heard of."""
        return sum(copy.writes for copy in self._copies)

    def stop(self) -> CopiedText:
        copies, self._copies = self._copies, []
        return CopiedText(*(copy.stop() for copy in copies)) if copies else CopiedText("", "")


class _StreamCopy(Protocol):
    writes: int

    def stop(self) -> str: ...


def _copy_of(stream: Any, *, limit: int) -> _StreamCopy:
    kernels = imported("ipykernel.iostream", "OutStream")
    if kernels is not None and isinstance(stream, kernels):
        return _Echo(stream, limit=limit)
    if isinstance(stream, io.StringIO):
        return _Read(stream, limit=limit)
    return _Nothing()


class _Echo:
    """Stands in an OutStream's `echo`, in front of the echo that was there before."""

    def __init__(self, stream: Any, *, limit: int) -> None:
        self._kept = KeptText(limit=limit)
        self.writes = 0
        self._pid = os.getpid()
        self._is_open = True
        self._stream, self._before = stream, stream.echo
        stream.echo = self

    def write(self, text: str) -> None:
        # A forked child leaves the lock alone: a thread that it has not may hold it.
        if self._is_open and self._pid == os.getpid():
            self._kept.write(text)
            self.writes += 1
        if self._before is not None:
            self._before.write(text)

    def flush(self) -> None:
        if self._before is not None:
            self._before.flush()

    def stop(self) -> str:
        _drain(self._stream)
        self._is_open = False
        # Somebody may have put theirs in front of ours since; then ours only passes on.
        if self._stream.echo is self:
            self._stream.echo = self._before
        return self._kept.text()


def _drain(stream: Any) -> None:
    """Give the stream's thread time to read what was written to the file descriptor."""
    if (descriptor := getattr(stream, "_fid", None)) is None or not _bytes_in(descriptor):
        return
    end = time.monotonic() + PIPE_SECONDS
    while time.monotonic() < end:
        waiting = _bytes_in(descriptor)
        time.sleep(0.001)  # once more after the last byte was read: it is written then
        if not waiting:
            return


def _bytes_in(descriptor: int) -> int:
    import array
    import fcntl
    import termios

    count = array.array("i", [0])
    try:
        fcntl.ioctl(descriptor, termios.FIONREAD, count)
    except OSError:
        return 0
    return count[0]


class _Read:
    """Reads back what was written to a StringIO after this was made."""

    writes = 0  # what is taken away does not reach the page

    def __init__(self, stream: io.StringIO, *, limit: int) -> None:
        self._stream, self._limit = stream, limit
        self._from = 0 if stream.closed else len(stream.getvalue())

    def stop(self) -> str:
        kept = KeptText(limit=self._limit)
        if not self._stream.closed:
            kept.write(self._stream.getvalue()[self._from :])
        return kept.text()


class _Nothing:
    writes = 0

    def stop(self) -> str:
        return ""
