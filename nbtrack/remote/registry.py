"""Changes of the registry, recorded by the server; a model's files go there before."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from nbtrack.errors import ServerAway
from nbtrack.records.registry import NewEvent, RegistryEvent, RegistryHead, StagedFolder
from nbtrack.remote.codec import decode, encode
from nbtrack.remote.line import Line
from nbtrack.remote.protocol import CHANGE, REGISTRY, SHA256

LEAST_SECONDS = 2.0  # for an answer: what was not heard of may have been recorded
_PAUSE_SECONDS = 0.2


def append_to_registry(
    line: Line,
    events: Sequence[NewEvent],
    *,
    after: RegistryHead,
    staged: StagedFolder | None,
    timeout: float,
) -> list[RegistryEvent]:
    """See `Store.registry_append`. Raises ServerAway, and what the server raises.

    Where an answer is lost, the same change is sent again, for *timeout* seconds: it has an id of
    its own, and one that was recorded is not recorded again.
    """
    change = _Change(line, events, after=after, staged=staged)
    until, was_sent = time.monotonic() + timeout, False
    while True:
        try:
            return change.send(max(until - time.monotonic(), LEAST_SECONDS))
        except ServerAway as exc:
            was_sent = exc.was_sent = was_sent or exc.was_sent
            if not was_sent or time.monotonic() > until:
                raise
        time.sleep(_PAUSE_SECONDS)


class _Change:
    def __init__(
        self,
        line: Line,
        events: Sequence[NewEvent],
        *,
        after: RegistryHead,
        staged: StagedFolder | None,
    ) -> None:
        self._line, self._staged, self._after = line, staged, after
        self._token = os.urandom(16).hex()  # of the copy, and of the change
        first = replace(events[0], details={**events[0].details, CHANGE: self._token})
        self._events = [first, *events[1:]]

    def send(self, timeout: float) -> list[RegistryEvent]:
        if self._staged is not None:
            self._send_copy(self._staged.folder)
        change = {
            "events": encode(self._events),
            "after": encode(self._after),
            "token": None if self._staged is None else self._token,
            "place": None if self._staged is None else self._staged.place,
        }
        told = self._line.ask(f"/{REGISTRY}", change, timeout=timeout)
        recorded: list[RegistryEvent] = decode(list[RegistryEvent], told["answer"])
        return recorded

    def _send_copy(self, folder: Path) -> None:
        for file in sorted(each for each in folder.rglob("*") if each.is_file()):
            place = quote(f"{self._token}/{file.relative_to(folder).as_posix()}")
            with open(file, "rb") as opened:
                headers = {
                    SHA256: hashlib.file_digest(opened, "sha256").hexdigest(),
                    "content-length": str(file.stat().st_size),
                }
                opened.seek(0)
                self._line.request("PUT", f"/{REGISTRY}/{place}", opened, headers=headers)
