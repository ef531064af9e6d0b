"""What waits in the outbox is brought to the server: lines first, then the files they tell of.

One process of this machine does it at a time, for all of them. Sent twice is taken once: each
piece says where in its segment it begins, and the server knows how far it is.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from urllib.parse import quote

from nbtrack.base.guard import warn_once
from nbtrack.base.locks import held, make_shared_folder
from nbtrack.errors import InvalidValue, NotFound, StoreBusy
from nbtrack.remote.line import READ_SECONDS, Line
from nbtrack.remote.outbox import LoggedFile, Outbox, files_in
from nbtrack.remote.protocol import FILES, JOURNAL, MODELS, RUNS, SHA256, START, WRITERS


class Shipping:
    def __init__(self, line: Line, outbox: Outbox, artifacts: Path) -> None:
        self._line, self._outbox, self._artifacts = line, outbox, artifacts

    def ship(self, own_writer: str, *, wait: float = 0.0, with_files: bool = True) -> bool:
        """All that waits now; False if another process is at it, or the server is away.

        *wait* is for that other process, in seconds.
        """
        if not self._outbox.folder.is_dir():
            return True
        make_shared_folder(self._outbox.folder)
        with held(self._outbox.folder / "ship.lock", wait_seconds=wait) as is_ours:
            if not is_ours:
                return False
            try:
                self._ship_all(own_writer, with_files=with_files)
            except StoreBusy:
                return False
        return True

    def _ship_all(self, own_writer: str, *, with_files: bool) -> None:
        ended = self._outbox.ended_writers(own=own_writer)  # before their last lines are read
        for segment, size in self._outbox.segments().items():
            if self._outbox.sent(segment).lines < size:
                self._send_lines(segment)
        if with_files:
            for segment in self._outbox.segments():
                self._send_files(segment)
            self._clear_up(ended)

    def _send_lines(self, segment: str) -> None:
        sent = self._outbox.sent(segment)
        for start, text in self._outbox.pieces(segment, sent.lines):
            end = self._post(segment, start, text)
            if end != start + len(text):  # it has more, or less, than we knew of
                sent.lines = end
                self._outbox.note_sent(segment, sent)
                self._send_rest(segment, end)
                return
            sent.lines = end
            self._outbox.note_sent(segment, sent)

    def _send_rest(self, segment: str, known: int) -> None:
        """From where the server says that it is. Raises StoreBusy if it then says otherwise."""
        sent = self._outbox.sent(segment)
        for start, text in self._outbox.pieces(segment, known):
            sent.lines = self._post(segment, start, text)
            if sent.lines != start + len(text):
                raise StoreBusy("The server is being told the same by somebody else.")
            self._outbox.note_sent(segment, sent)

    def _post(self, segment: str, start: int, text: bytes) -> int:
        answer = self._line.request(
            "POST",
            f"/{JOURNAL}/{segment}",
            zlib.compress(text, level=1),
            headers={START: str(start)},
        )
        return int(answer.json()["end"])

    def _send_files(self, segment: str) -> None:
        sent = self._outbox.sent(segment)
        for start, text in self._outbox.pieces(segment, sent.files):
            for file in files_in(text):
                self._send_file(file)
            sent.files = start + len(text)
            self._outbox.note_sent(segment, sent)

    def _send_file(self, logged: LoggedFile) -> None:
        """As it is now; one that was written again, or is gone, has a later line of its own."""
        source = self._artifacts / logged.owner / logged.path
        place = quote(f"{_kind(logged.owner)}/{logged.owner}/{logged.path}")
        try:
            with open(source, "rb") as file:
                headers = {SHA256: logged.sha256, "content-length": str(source.stat().st_size)}
                self._line.request(
                    "PUT", f"/{FILES}/{place}", file, headers=headers, timeout=READ_SECONDS
                )
        except (FileNotFoundError, IsADirectoryError, InvalidValue):
            pass
        except NotFound as exc:
            warn_once(f"nbtrack: {logged.path!r} could not be sent: {exc}")

    def _clear_up(self, ended: set[str]) -> None:
        """Forget what the server has, but for what is still written to."""
        for segment, size in self._outbox.segments().items():
            is_over = self._outbox.is_closed(segment) or segment.partition("-")[0] in ended
            if is_over and self._outbox.sent(segment).files >= self._whole(segment, size):
                self._outbox.forget(segment)
        left = {segment.partition("-")[0] for segment in self._outbox.segments()}
        for writer in ended - left:
            self._line.request("DELETE", f"/{WRITERS}/{writer}")

    def _whole(self, segment: str, size: int) -> int:
        """Up to the last whole line: what a killed process could not finish is nobody's."""
        sent = self._outbox.sent(segment).lines
        return sent if not any(self._outbox.pieces(segment, sent)) else size


def _kind(owner: str) -> str:
    return MODELS if owner.startswith("m-") else RUNS
