"""What waits in the outbox is brought to the server: lines first, then the files they tell of.

One process of this machine does it at a time, for all of them. Sent twice is taken once: each
piece says where in its segment it begins, and the server knows how far it is.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import zlib
from collections.abc import Iterator, Set
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from urllib.parse import quote

from nbtrack.base.guard import warn_once
from nbtrack.base.locks import held
from nbtrack.errors import (
    InvalidValue,
    LinesRefused,
    MlflowException,
    NotFound,
    NotIdentified,
    OtherBytes,
    StoreBusy,
)
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
from nbtrack.remote.refused_lines import Owner, Placed, RefusedLines, nothing, owner_of

FILE_SECONDS = 30.0  # for the answer to a file
_PIECE = 1 << 18


class Shipping:
    def __init__(self, line: Line, outbox: Outbox, artifacts: Path) -> None:
        self._line, self._outbox, self._artifacts = line, outbox, artifacts
        self._home = artifacts.parent
        self._direct = DirectUploads(line, self._read)
        self._refused = RefusedLines(outbox.folder)
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
        """What is refused of one process costs the others nothing: it is raised in the end."""
        self._refused.try_again(self._waiting())
        refusals = _Refusals()
        for segment, size in self._outbox.segments().items():
            if self._outbox.sent(segment).lines < size:
                with refusals.noted():
                    self._send_lines(segment)
        refusals.raise_first()
        return True

    def _waiting(self) -> dict[str, tuple[int, int]]:
        """By segment, from where to where the server may not have it."""
        found = self._outbox.segments().items()
        return {name: (self._outbox.sent(name).lines, size) for name, size in found}

    def _send_lines(self, segment: str) -> None:
        """If the server has more of it, or less, than we knew of: from where it says it is."""
        if not self._send_from(self._outbox.sent(segment), segment) and not self._send_from(
            self._outbox.sent(segment), segment
        ):
            raise StoreBusy("The server is being told the same by somebody else.")

    def _send_from(self, sent: Sent, segment: str) -> bool:
        """False as soon as the server is elsewhere; where, is noted then."""
        for start, text in self._outbox.pieces(segment, sent.lines):
            end = start + len(text)
            try:
                taken = self._send_piece(segment, start, text)
            except LinesRefused as exc:
                end, taken = self._send_nothing_for(segment, start, exc)
            self._note_taken(segment, sent, taken)
            if taken != end:
                return False
            if end != start + len(text):  # the line went on
                return self._send_from(sent, segment)
        return True

    def _send_piece(self, segment: str, start: int, text: bytes) -> int:
        """How much of it is there now. Raises LinesRefused if it is a part of one long line."""
        parted = self._refused.parted(segment, start, text)
        if parted.refused:
            if (taken := self._post(segment, start, b"")) != start:
                return taken  # its answer was lost: some of these may have been taken
            self._refused.keep(segment, parted.refused)
        try:
            return self._post(segment, start, parted.sent)
        except LinesRefused as exc:
            lines = text.splitlines(keepends=True)
            if len(lines) == 1:
                if parted.sent != text or not text.endswith(b"\n"):
                    raise
                self._refused.note(text)
                _say_refused(text, exc)
                return self._send_piece(segment, start, text)
        return self._send_halves(segment, start, lines)

    def _send_halves(self, segment: str, start: int, lines: list[bytes]) -> int:
        """So the lines that it does not take are found."""
        middle = len(lines) // 2
        first, second = b"".join(lines[:middle]), b"".join(lines[middle:])
        taken = self._send_piece(segment, start, first)
        if taken != start + len(first):
            return taken
        return self._send_piece(segment, taken, second)

    def _send_nothing_for(self, segment: str, start: int, exc: LinesRefused) -> tuple[int, int]:
        """In place of a line that is too long for one request; where it ends, and how much of it
        is there now."""
        line = self._outbox.line_at(segment, start)
        end = start + len(line)
        if len(line) > 2 * MOST_BYTES:
            _say_too_long(line)
        else:
            _say_refused(line, exc)
        if (taken := self._post(segment, start, b"")) != start:
            return end, taken
        self._refused.keep(segment, [Placed(start, line)])
        for place in range(start, end, MOST_BYTES):
            size = min(MOST_BYTES, end - place)
            taken = self._post(segment, place, nothing(size))
            if taken != place + size:
                break
        return end, taken

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
        refusals, refused = _Refusals(), self._refused.owners()
        for segment in self._outbox.segments():
            with refusals.noted():
                self._send_files(segment, but=refused)
        self._clear_up(ended)
        refusals.raise_first()
        return True

    def _send_files(self, segment: str, *, but: Set[Owner]) -> None:
        """Those of refused lines are sent with these."""
        start = self._outbox.sent(segment).files
        for text in self._outbox.lines(segment, start, self._outbox.sent(segment).lines):
            for file in files_in(text):
                if file.owner not in but:
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


class _Refusals:
    """What the server does not take, whoever asks again."""

    def __init__(self) -> None:
        self._first: MlflowException | None = None

    @contextmanager
    def noted(self) -> Iterator[None]:
        """That it is away, or knows nobody like us, goes for all, and is raised at once."""
        try:
            yield
        except (StoreBusy, NotIdentified):
            raise
        except MlflowException as exc:
            self._first = self._first or exc

    def raise_first(self) -> None:
        if self._first is not None:
            raise self._first


def _say_too_long(line: bytes) -> None:
    """Names what it is, as nobody finds that out from its size."""
    warn_once(
        f"nbtrack: {_kind_of(line)} of {owner_of(line)!r:.80} takes {len(line) / 2**20:.1f} MiB, "
        "and of whoever may not log to all experiments the server takes "
        f"{2 * MOST_BYTES >> 20} MiB at most. All else is sent; this is kept on this machine. Log "
        "such a text as a file (log_text), which has no such limit; or have an admin of the server "
        "make you editor of all, and then run nbtrack sync."
    )


def _kind_of(line: bytes) -> str:
    """A line may be damaged: the power failed, say."""
    with suppress(ValueError, KeyError, TypeError, AttributeError, RecursionError):
        told = json.loads(line)
        kind, name = told["k"], told.get("n")
        return f"the {kind:.80} {name!r:.80}" if name else f"a record ({kind:.80})"
    return "a record"


def _say_refused(line: bytes, exc: LinesRefused) -> None:
    warn_once(
        f"nbtrack: the server refuses what was logged to {owner_of(line)!r:.80}: {exc} It is kept "
        "on this machine, and sent by a later process, or nbtrack sync, when it may be."
    )
