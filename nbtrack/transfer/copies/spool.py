"""Lines on their way from a folder to a server: first a file here, under a name of their own, so
that they arrive once, whoever dies meanwhile."""

from __future__ import annotations

import os
import time
from pathlib import Path

from nbtrack.base.locks import make_shared_folder, share_as, to_disk
from nbtrack.errors import StoreBusy
from nbtrack.journal.lines import CLOSE_LINE
from nbtrack.journal.reading import writer_of
from nbtrack.remote.line import Line
from nbtrack.remote.outbox import Outbox
from nbtrack.remote.protocol import WRITERS
from nbtrack.remote.shipping import Shipping

PATIENCE_SECONDS = 30.0  # with a server that is away
_PAUSE_SECONDS = 0.5


def write_segment(folder: Path, text: str) -> None:
    """Whole lines as a journal of their own that has ended; all of it is there, or nothing."""
    make_shared_folder(folder)
    name = f"{os.urandom(16).hex()}-0.jsonl"
    temporary = folder / f"{name}-new"
    temporary.write_bytes(text.encode("utf-8", "replace") + CLOSE_LINE.encode())
    share_as(temporary, folder)
    to_disk(temporary)
    temporary.rename(folder / name)
    to_disk(folder)


class Spool:
    """In *folder*; one process at a time."""

    def __init__(self, folder: Path, line: Line) -> None:
        self._folder, self._line = folder, line
        self._outbox = Outbox(folder, folder)
        self._shipping = Shipping(line, self._outbox, folder)

    def send(self, text: str) -> None:
        """Raises StoreBusy; then it is sent by the next `send_rest`."""
        write_segment(self._folder, text)
        self.send_rest()

    def send_rest(self) -> None:
        """What an earlier process left. Raises StoreBusy."""
        if not self._folder.is_dir():
            return
        self._send_patiently()
        for segment in self._outbox.segments():
            self._line.request("DELETE", f"/{WRITERS}/{writer_of(segment)}")
            self._outbox.forget(segment)

    def _send_patiently(self) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while not self._shipping.ship_lines():
            if time.monotonic() > until:
                raise StoreBusy("The server does not take the lines. Push again: it goes on there.")
            time.sleep(_PAUSE_SECONDS)
