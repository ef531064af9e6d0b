"""Checking the record: is every event as it was written, and is none missing?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nbtrack.errors import InvalidValue, RegistryBroken
from nbtrack.records.registry import EventKind, RegistryEvent, RegistryHead
from nbtrack.stores.registry.registry_chain import fault_in
from nbtrack.stores.store import Store

_HEAD = re.compile(r"([0-9]+)[: ]([0-9a-f]{64})")
LIMITS = (
    "What this cannot prove: that an actor was who the setting `user` says; that nothing was done "
    "by somebody who can write both the database and the note of the head, and computes the hashes "
    "anew. Keep the head that `nbtrack registry log` prints elsewhere, and give it to verify "
    "with --head: then only who can change that copy too can rewrite what it covers."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryCheck:
    """*broken_at* is the number of the first event that breaks the chain; *head* the newest event.

    *remarks* are no faults, but worth knowing.
    """

    head: RegistryHead
    problems: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    broken_at: int | None = None
    limits: str = LIMITS

    @property
    def is_intact(self) -> bool:
        return not self.problems


def verify(store: Store, *, head: str | None = None) -> RegistryCheck:
    """*head* is one that was kept elsewhere, "<count>:<hash>" as `log` prints it.

    Raises InvalidValue if *head* is none.
    """
    given = None if head is None else parse_head(head)
    problems, remarks = [], []
    try:
        # Before the events: what is appended in between makes them longer, which is no fault.
        noted = store.noted_registry_head()
    except RegistryBroken as exc:
        noted = None
        problems.append(str(exc))
    events = store.registry_events()
    fault = fault_in(events)
    if fault is not None:
        problems.append(f"Event {fault[0]} breaks the chain: {fault[1]}. {_context(events, fault)}")
    problems += _against(events, noted, "the note beside the database (registry.head)")
    problems += _against(events, given, "the head that was given")
    if noted is None and events and not problems:
        problems.append(
            "There is no note of the head (registry.head) beside the database: whether newest "
            "events were cut off cannot be told. The next change writes one, and says so."
        )
    remarks += _remarks(events, noted)
    newest = next((e for e in reversed(events) if e.n is not None), None)
    return RegistryCheck(
        head=RegistryHead() if newest is None else RegistryHead(newest.n, str(newest.hash)),
        problems=tuple(problems),
        remarks=tuple(remarks),
        broken_at=None if fault is None else fault[0],
    )


def parse_head(text: str) -> RegistryHead:
    found = _HEAD.fullmatch(text.strip())
    if found is None:
        raise InvalidValue(
            f"The head is {text!r}; it is a count and a hash of 64 hex digits, as `nbtrack "
            "registry log` prints them: 12:ab34…"
        )
    return RegistryHead(int(found[1]), found[2])


def _context(events: Sequence[RegistryEvent], fault: tuple[int, str]) -> str:
    event = next(each for each in events if each.n == fault[0])
    about = f"{event.model!r}" + (f" version {event.version}" if event.version else "")
    return f"It is recorded as {event.kind} of {about} by {event.actor}."


def _against(events: Sequence[RegistryEvent], head: RegistryHead | None, what: str) -> list[str]:
    if head is None or head.number == 0:
        return []
    there = [each for each in events if each.n == head.number]
    if not there:
        newest = max((each.n for each in events if each.n is not None), default=0)
        missing = head.number - newest
        gone = f"the last {missing} are missing" if missing > 0 else "that one is missing"
        return [f"{what[0].upper()}{what[1:]} says event {head.number}, and {gone}: cut off."]
    if all(each.hash != head.hash for each in there):
        return [
            f"Event {head.number} has the hash {str(there[0].hash)[:12]}…, and {what} says "
            f"{head.hash[:12]}…: the chain was rewritten, at this event or before it."
        ]
    return []


def _remarks(events: Sequence[RegistryEvent], noted: RegistryHead | None) -> list[str]:
    found = []
    newer = [each for each in events if noted is not None and (each.n or 0) > noted.number]
    if newer:
        found.append(
            f"The note of the head ends at event {noted.number if noted else 0}, and there are "
            f"{len(newer)} valid events after it: a process ended between recording and noting, "
            "or somebody appended events by hand."
        )
    renewed = [each for each in events if each.kind == EventKind.HEAD_RENEWED]
    found += [
        f"Before event {each.n} the note of the head had been taken away; {each.actor} went on: "
        "events that were the newest then may have been cut off."
        for each in renewed
    ]
    return found
