"""The chain of the registry's events: each carries the hash of the one before.

The hash of an event is the sha256, in hex, of its JSON object without "hash": the keys are those
of HASHED in alphabetical order, separated by "," and ":" without spaces, characters beyond ASCII
as \\uXXXX, what is missing as null, "details" as the text that it is stored as. In Python:

    fields = {name: event[name] for name in HASHED}
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    hashlib.sha256(text.encode("ascii")).hexdigest()

The first event names 64 zeros as the one before. Beside the database, `registry.head` holds count
and hash of the newest event as "<count> <hash>\\n".
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nbtrack.artifact_store.paths import TEMPORARY
from nbtrack.base.locks import share_as
from nbtrack.errors import InvalidValue, RegistryBroken
from nbtrack.journal.lines import now_us
from nbtrack.records.registry import NewEvent, RegistryEvent, RegistryHead

HASHED = (
    "n", "t", "actor", "model_key", "model", "version", "kind", "from_value", "to_value",
    "reason", "run_id", "digest", "details", "previous_hash",
)  # fmt: skip
HEAD_NAME = "registry.head"
_NOTE = re.compile(r"[1-9][0-9]{0,18} [0-9a-f]{64}")


def hash_of(fields: dict[str, Any]) -> str:
    """The hash of the event with these *fields*, at least those of HASHED."""
    hashed = {name: fields[name] for name in HASHED}
    text = json.dumps(hashed, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def chained(
    events: Iterable[NewEvent], *, after: RegistryHead, not_before_us: int
) -> list[RegistryEvent]:
    """*events* with their numbers, one time for all of them, and their hashes."""
    t, head, found = max(now_us(), not_before_us), after, []
    for event in events:
        fields = asdict(event) | {"n": head.number + 1, "t": t, "previous_hash": head.hash}
        fields["kind"] = str(event.kind)
        fields["details"] = _as_json(event)
        head = RegistryHead(fields["n"], hash_of(fields))
        found.append(RegistryEvent(**fields, hash=head.hash))
    return found


def _as_json(event: NewEvent) -> str:
    """As any database reads it: JSON has no NaN, which Python would write."""
    try:
        return json.dumps(event.details, sort_keys=True, ensure_ascii=False, allow_nan=False)
    except (ValueError, TypeError) as exc:
        raise InvalidValue(
            f"The details of {event.kind} are no JSON ({exc}): {event.details!r:.200}."
        ) from exc


def fault_in(events: Sequence[RegistryEvent]) -> tuple[int, str] | None:
    """(number, what is wrong) of the first event that breaks the chain; None if none does."""
    before = RegistryHead()
    for event in events:
        if problem := _fault(event, before):
            return event.n, problem
        before = RegistryHead(event.n, event.hash)
    return None


def _fault(event: RegistryEvent, before: RegistryHead) -> str | None:
    emptied = [name for name in ("n", "previous_hash", "hash") if getattr(event, name) is None]
    if emptied:
        return f"it has no {' and no '.join(emptied)}: it was changed afterwards"
    expected = before.number + 1
    if event.n > expected:
        missing = f"event {expected} is" if event.n == expected + 1 else (
            f"events {expected} to {event.n - 1} are")  # fmt: skip
        return f"{missing} missing before it"
    if event.n < expected:
        return "there are two events of this number" if event.n > 0 else "its number is below 1"
    if event.previous_hash != before.hash:
        return (
            f"it names {event.previous_hash[:12]}… as the hash of the event before, "
            f"which is {before.hash[:12]}…"
        )
    if hash_of(asdict(event)) != event.hash:
        return f"its content does not give its hash {event.hash[:12]}…: it was changed afterwards"
    return None


# --- the note of the head, outside of the database


def noted_head(folder: Path) -> RegistryHead | None:
    """What `registry.head` in *folder* says; None if there is none. Raises RegistryBroken."""
    try:
        text = (folder / HEAD_NAME).read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return None
    count, _, digest = text.strip().partition(" ")
    if not _NOTE.fullmatch(text.strip()):
        raise RegistryBroken(
            f"{folder / HEAD_NAME} is damaged: {text[:80]!r} is no count and hash. {_cure(folder)}"
        )
    return RegistryHead(int(count), digest)


def note_head(folder: Path, head: RegistryHead) -> None:
    """Replace the note; who reads it finds the old one or the new one."""
    file = folder / HEAD_NAME
    temporary = folder / f"{TEMPORARY}{HEAD_NAME}-{os.getpid()}"
    try:
        with open(temporary, "w", encoding="ascii") as output:
            output.write(f"{head.number} {head.hash}\n")
            output.flush()
            os.fsync(output.fileno())
        share_as(temporary, folder)
        os.replace(temporary, file)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def refuse_unnoted(folder: Path, noted: RegistryHead, hash_there: str | None) -> None:
    """Raises RegistryBroken unless the event that the note is about has the noted hash.

    What is appended to a chain that was cut off would hide it.
    """
    if hash_there != noted.hash:
        what = "is missing" if hash_there is None else f"has the hash {hash_there[:12]}…"
        raise RegistryBroken(
            f"The registry's event {noted.number} {what}, and {folder / HEAD_NAME} noted it with "
            f"{noted.hash[:12]}…: events were changed or removed, or the database was replaced by "
            f"an older one. Nothing was recorded. {_cure(folder)}"
        )


def _cure(folder: Path) -> str:
    return (
        "`nbtrack registry verify` says more. If you know why and go on, move "
        f"{folder / HEAD_NAME} away: the next change notes in the record that it was gone."
    )
