"""What a script prints, kept beside being printed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from nbtrack.capture.kept_text import KeptText


class PrintedText:
    """From the moment it is made until `stop()`. The streams stay the same objects, so that a
    terminal is still one; what other programs and `sys.stdout.buffer` write is not seen."""

    def __init__(self) -> None:
        self._copies = [_Copy(stream) for stream in (sys.stdout, sys.stderr)]

    def stop(self) -> tuple[str, str]:
        stdout, stderr = (copy.stop() for copy in self._copies)
        return stdout, stderr


class _Copy:
    def __init__(self, stream: TextIO | None) -> None:
        self._stream, self._kept = stream, KeptText()
        self._write: Callable[[str], int] | None = None
        if stream is not None:
            with suppress(AttributeError):  # a stream that lets nobody replace its `write`
                self._write = stream.write
                stream.write = self  # type: ignore[method-assign]  # for as long as the script runs

    def __call__(self, text: str) -> int:
        assert self._write is not None
        written = self._write(text)  # first, and alone if it raises
        self._kept.write(text)
        return written

    def stop(self) -> str:
        if self._stream is not None and vars(self._stream).get("write") is self:
            del self._stream.write  # its class has it
        return self._kept.text()
