"""What an event of the registry says, in a few words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from nbtrack.records.registry import EventKind, RegistryEvent

_LONG = 60
# {key} is the tag, alias or stage that the event is about, {before} and {after} its values.
_WORDS: dict[EventKind, str] = {
    EventKind.MODEL_CREATED: "model created",
    EventKind.MODEL_RENAMED: "renamed to {after}",
    EventKind.MODEL_DESCRIBED: "description: {after}",
    EventKind.MODEL_TAG_SET: "tag {key} = {after}",
    EventKind.MODEL_TAG_DELETED: "tag {key} deleted",
    EventKind.MODEL_DELETED: "model deleted",
    EventKind.STAGES_SET: "own stages: {after}",
    EventKind.GATE_SET: "gate to {key}: {after}",
    EventKind.GATE_REMOVED: "gate to {key} removed",
    EventKind.ALIAS_SET: "alias {key}",
    EventKind.ALIAS_DELETED: "alias {key} deleted",
    EventKind.VERSION_CREATED: "created from {source}",
    EventKind.VERSION_DESCRIBED: "description: {after}",
    EventKind.VERSION_TAG_SET: "tag {key} = {after}",
    EventKind.VERSION_TAG_DELETED: "tag {key} deleted",
    EventKind.STAGE_CHANGED: "{before} → {after}",
    EventKind.VERSION_DELETED: "deleted, was in {before}",
    EventKind.HEAD_RENEWED: "the note of the head was gone, and is new",
}
_TELL_BEFORE = (EventKind.MODEL_TAG_SET, EventKind.VERSION_TAG_SET, EventKind.ALIAS_SET)


def event_words(event: RegistryEvent) -> str:
    """One line, without who, when and why; texts of users are in it as they are."""
    try:
        kind, details = EventKind(event.kind), json.loads(event.details)
        facts = {
            "key": details.get("key"),
            "source": _short(str(details.get("source"))),
            "before": _value(kind, event.from_value),
            "after": _value(kind, event.to_value),
        }
        return _WORDS[kind].format_map(facts) + _more(kind, event, details)
    except (ValueError, KeyError, TypeError, AttributeError):
        return str(event.kind)  # of a newer nbtrack, or changed by hand


def _value(kind: EventKind, value: str | None) -> str:
    if value is None:
        return "none"
    if kind == EventKind.STAGES_SET:
        return ", ".join(json.loads(value)) or "none"
    if kind in (EventKind.GATE_SET, EventKind.GATE_REMOVED):
        gate = json.loads(value)
        approver = "approved by another person" if gate["approver"] else None
        return ", ".join(filter(None, (gate["rule"], approver)))
    return _short(value)


def _more(kind: EventKind, event: RegistryEvent, details: Mapping[str, Any]) -> str:
    if kind in _TELL_BEFORE and event.from_value is not None:
        return f", was {_short(event.from_value)}"
    if kind != EventKind.STAGE_CHANGED:
        return ""
    room = details.get("made_room_for")
    gate = gate_words(details)
    return (f", to make room for version {room}" if room else "") + (f", {gate}" if gate else "")


def gate_words(details: Mapping[str, Any]) -> str:
    """How the gate of a transition was passed, if there was one."""
    gate = details.get("gate")
    if gate is None:
        return ""
    return "gate overridden" if gate["is_overridden"] else "gate passed"


def _short(text: str) -> str:
    return text if len(text) <= _LONG else text[: _LONG - 1] + "…"
