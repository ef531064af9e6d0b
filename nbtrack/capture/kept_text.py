"""The text of a stream, kept in bounds: its first and last lines, whole."""

from __future__ import annotations

import threading
from collections import deque

LIMIT_CHARACTERS = 1 << 20
_SETTLE_CHARACTERS = 1 << 16


class KeptText:
    """Takes text as it is written; `text()` gives what a reader of the stream would end up with.

    Of a line that a progress bar redrew with carriage returns only the last state is kept. At
    most about *limit* characters: half of them from the beginning and half from the end, with
    one line between them that says how many lines were left out.
    """

    def __init__(self, *, limit: int = LIMIT_CHARACTERS) -> None:
        self._half = max(limit // 2, 1)
        self._head: list[str] = []
        self._head_size = 0
        self._tail: deque[str] = deque()
        self._tail_size = 0
        self._left_out = 0
        self._open = ""  # the line that has not ended yet, and how much of it was cut
        self._open_cut = 0
        self._waiting: list[str] = []
        self._waiting_size = 0
        # An RLock, because a signal handler may print in the middle of a write.
        self._lock = threading.RLock()

    def write(self, text: str) -> None:
        with self._lock:
            self._waiting.append(text)
            self._waiting_size += len(text)
            if self._waiting_size > _SETTLE_CHARACTERS:
                self._settle()

    def text(self) -> str:
        """Everything kept so far; characters that UTF-8 cannot hold are written as escapes."""
        with self._lock:
            self._settle()
            gap = [f"… {self._left_out} lines left out …\n"] if self._left_out else []
            rest = _closed(self._open, self._open_cut)
            kept = "".join([*self._head, *gap, *self._tail, rest])
        return kept.encode("utf-8", "backslashreplace").decode("utf-8")

    def _settle(self) -> None:
        """Move whole lines from what is waiting to what is kept."""
        # Taken first: a signal handler that prints here adds to the new list.
        waiting, self._waiting, self._waiting_size = "".join(self._waiting), [], 0
        first, *others = waiting.split("\n")
        self._extend(first)
        for line in others:
            self._keep(_closed(self._open, self._open_cut) + "\n")
            self._open, self._open_cut = "", 0
            self._extend(line)

    def _extend(self, text: str) -> None:
        """Add to the open line; a redrawn line begins anew, one that fills a half is cut."""
        if "\r" in text:
            # "100%\r" and then "\n" is a line: a return counts when something follows it.
            text = _last_state(self._open + text)
            self._open, self._open_cut = "", 0
        elif self._open.endswith("\r") and text:
            self._open, self._open_cut = "", 0
        line = self._open + text
        self._open_cut += max(len(line) - self._half, 0)
        self._open = line[: self._half]

    def _keep(self, line: str) -> None:
        if self._head_size + len(line) <= self._half and not self._tail:
            self._head.append(line)
            self._head_size += len(line)
            return
        self._tail.append(line)
        self._tail_size += len(line)
        while self._tail_size > self._half and len(self._tail) > 1:
            self._tail_size -= len(self._tail.popleft())
            self._left_out += 1


def _last_state(line: str) -> str:
    """What stands after the last carriage return that something follows, with one that ends it."""
    states = [state for state in line.split("\r") if state]
    return states[-1] + "\r" * line.endswith("\r") if states else ""


def _closed(line: str, cut: int) -> str:
    note = f"… {cut} characters left out …" if cut else ""
    return line.removesuffix("\r") + note
