"""Changes of the registry, recorded by the server; a model's files go there before."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from nbtrack.records.registry import NewEvent, RegistryEvent, RegistryHead, StagedFolder
from nbtrack.remote.codec import decode, encode
from nbtrack.remote.line import Line
from nbtrack.remote.protocol import REGISTRY, SHA256

LEAST_SECONDS = 2.0  # for an answer: what was not heard of may have been recorded


def append_to_registry(
    line: Line,
    events: Sequence[NewEvent],
    *,
    after: RegistryHead,
    staged: StagedFolder | None,
    timeout: float,
) -> list[RegistryEvent]:
    """See `Store.registry_append`. Raises ServerAway, and what the server raises."""
    token = None if staged is None else _sent_copy(line, staged.folder)
    change = {
        "events": encode(events),
        "after": encode(after),
        "token": token,
        "place": None if staged is None else staged.place,
    }
    told = line.ask(f"/{REGISTRY}", change, timeout=max(timeout, LEAST_SECONDS))
    recorded: list[RegistryEvent] = decode(list[RegistryEvent], told["answer"])
    return recorded


def _sent_copy(line: Line, folder: Path) -> str:
    """The name under which the server has it."""
    token = os.urandom(16).hex()
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        place = quote(f"{token}/{file.relative_to(folder).as_posix()}")
        with open(file, "rb") as opened:
            headers = {
                SHA256: hashlib.file_digest(opened, "sha256").hexdigest(),
                "content-length": str(file.stat().st_size),
            }
            opened.seek(0)
            line.request("PUT", f"/{REGISTRY}/{place}", opened, headers=headers)
    return token
