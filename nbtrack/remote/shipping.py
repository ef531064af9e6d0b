"""What waits in the outbox is brought to the server: lines first, then the files they tell of.

One process of this machine does it at a time, for all of them. Sent twice is taken once: each
piece says where in its segment it begins, and the server knows how far it is.
"""

from __future__ import annotations

import hashlib
import os
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from urllib.parse import quote

from nbtrack.base.guard import warn_once
from nbtrack.base.locks import held
from nbtrack.errors import InvalidValue, NotFound, OtherBytes, StoreBusy
from nbtrack.journal.reading import writer_of
from nbtrack.remote.direct_uploads import DirectUploads
from nbtrack.remote.fetched import FETCHED, Fetched
from nbtrack.remote.line import Line
from nbtrack.remote.outbox import LoggedFile, Outbox, Sent, files_in
from nbtrack.remote.own_tables import OwnTables, machine_id
from nbtrack.remote.protocol import (
    DIRECT_BYTES,
    FILES,
    JOURNAL,
    MOST_BYTES,
    ROWS_OF,
    SHA256,
    START,
    WRITERS,
    kind_of_owner,
)

FILE_SECONDS = 30.0  # for the answer to a file
_PIECE = 1 << 18


class Shipping:
    def __init__(self, line: Line, outbox: Outbox, artifacts: Path) -> None:
        self._line, self._outbox, self._artifacts = line, outbox, artifacts
        self._home = artifacts.parent
        self._direct = DirectUploads(line, self._read)
        self._until = float("inf")  # by the monotonic clock: then the process wants to end

    def end_within(self, seconds: float) -> None:
        """What cannot be sent by then is sent by another process."""
        self._until = time.monotonic() + seconds

    def ship_lines(self, *, wait: float = 0.0) -> bool:
        """All that wait now. False if another process is at it, for *wait* seconds, or the server
        is away. Raises what the server answers if it refuses them."""
        with held(self._outbox.folder / "lines.lock", wait_seconds=wait) as is_ours:
            try:
                return is_ours and self._ship_lines()
            except StoreBusy:
                return False

    def ship_files(self, own_writer: str) -> bool:
        """Of lines that were taken. The same; long ones hold up no lines."""
        with held(self._outbox.folder / "files.lock") as is_ours:
            try:
                return is_ours and self._ship_files(own_writer)
            except StoreBusy:
                return False

    def _ship_lines(self) -> bool:
        for segment, size in self._outbox.segments().items():
            if self._outbox.sent(segment).lines < size:
                self._send_lines(segment)
        return True

    def _send_lines(self, segment: str) -> None:
        """If the server has more of it, or less, than we knew of: from where it says it is."""
        if not self._send_from(self._outbox.sent(segment), segment) and not self._send_from(
            self._outbox.sent(segment), segment
        ):
            raise StoreBusy("The server is being told the same by somebody else.")

    def _send_from(self, sent: Sent, segment: str) -> bool:
        """False as soon as the server is elsewhere; where, is noted then."""
        for start, text in self._outbox.pieces(segment, sent.lines):
            self._note_taken(segment, sent, self._post(segment, start, text))
            if sent.lines != start + len(text):
                return False
        return True

    def _note_taken(self, segment: str, sent: Sent, end: int) -> None:
        """A server that was restored from a backup has less than it had, of files as well."""
        sent.files = min(self._outbox.sent(segment).files, end)
        sent.lines = end
        self._outbox.note_sent(segment, sent)

    def _post(self, segment: str, start: int, text: bytes) -> int:
        if len(text) >= MOST_BYTES // 2:  # there may be more behind it
            self._check_time()
        answer = self._line.request(
            "POST",
            f"/{JOURNAL}/{segment}",
            zlib.compress(text, level=1),
            headers={START: str(start)},
        )
        return int(answer.json()["end"])

    def _ship_files(self, own_writer: str) -> bool:
        ended = self._outbox.ended_writers(own=own_writer)
        for segment in self._outbox.segments():
            self._send_files(segment)
        self._clear_up(ended)
        return True

    def _send_files(self, segment: str) -> None:
        start = self._outbox.sent(segment).files
        for text in self._outbox.lines(segment, start, self._outbox.sent(segment).lines):
            for file in files_in(text):
                self._send_file(file)
            start += len(text)
            self._note_files(segment, start)

    def _note_files(self, segment: str, end: int) -> None:
        """Beside whoever sends its lines."""
        with held(self._outbox.folder / "lines.lock", wait_seconds=FILE_SECONDS) as is_ours:
            if not is_ours:
                raise StoreBusy("Lines are being sent, and take long.")
            sent = self._outbox.sent(segment)
            sent.files = min(end, sent.lines)
            self._outbox.note_sent(segment, sent)

    def _send_file(self, logged: LoggedFile) -> None:
        """As it is now; one that was written again, or is gone, has a later line of its own."""
        place = quote(f"{kind_of_owner(logged.owner)}/{logged.owner}/{logged.path}")
        try:
            if logged.sha256 is None:
                self._line.request("DELETE", f"/{FILES}/{place}")
            else:
                self._send_bytes(logged, logged.sha256, place)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            pass
        except OtherBytes:  # it was written again: a later line tells of that
            pass
        except (InvalidValue, NotFound, OSError) as exc:
            warn_once(f"nbtrack: the file {logged.path!r} is not sent: {exc}")

    def _send_bytes(self, logged: LoggedFile, sha256: str, place: str) -> None:
        name = f"{kind_of_owner(logged.owner)}/{logged.owner}"
        rows = OwnTables(self._home, name).read(logged.path)
        if rows is not None:
            self._send_rows(logged, rows, sha256, place)
            return
        with open(self._artifacts / logged.owner / logged.path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size >= DIRECT_BYTES and self._direct.send(place, file, sha256, size):
                return
            file.seek(0)
            headers = {SHA256: sha256, "content-length": str(size)}
            self._line.request(
                "PUT", f"/{FILES}/{place}", self._read(file), headers=headers, timeout=FILE_SECONDS
            )

    def _send_rows(self, logged: LoggedFile, rows: bytes, sha256: str, place: str) -> None:
        """What the server makes of them and those of others is fetched when it is read."""
        if hashlib.sha256(rows).hexdigest() != sha256:
            return  # there are more by now, and a later line tells of that
        headers = {SHA256: sha256, ROWS_OF: machine_id(self._home)}
        self._line.request("PUT", f"/{FILES}/{place}", rows, headers=headers, timeout=FILE_SECONDS)
        folder = self._artifacts / logged.owner
        if (folder / logged.path).read_bytes() == rows:
            notes = self._home / FETCHED / kind_of_owner(logged.owner) / logged.owner
            Fetched(folder, notes).note(logged.path, sha256)

    def _read(self, file: IO[bytes]) -> Iterator[bytes]:
        while piece := file.read(_PIECE):
            yield piece
            self._check_time()

    def _check_time(self) -> None:
        if time.monotonic() > self._until:
            raise StoreBusy("The process ends.")

    def _clear_up(self, ended: set[str]) -> None:
        """Forget what the server has, but for what is still written to."""
        left: dict[str, list[str]] = {}
        for segment in self._outbox.segments():
            writer = writer_of(segment)
            if self._is_over(segment, has_ended=writer in ended):
                left.setdefault(writer, []).append(segment)
        for writer in ended:
            if len(left.get(writer, ())) == self._outbox.count_of(writer):
                self._end_writer(writer)
        for segment in (each for segments in left.values() for each in segments):
            self._outbox.forget(segment)

    def _end_writer(self, writer: str) -> None:
        """Its process has ended, and all that it wrote is there."""
        self._line.request("DELETE", f"/{WRITERS}/{writer}")

    def _is_over(self, segment: str, *, has_ended: bool) -> bool:
        is_closed = has_ended or self._outbox.is_closed(segment)
        return is_closed and self._outbox.sent(segment).files >= self._outbox.whole(segment)
