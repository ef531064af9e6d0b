"""What explains that a run is different, as the page hears it."""

from __future__ import annotations

from typing import Any

from nbtrack.display.markup import clipped
from nbtrack.panels.compare.file_changes import shortened
from nbtrack.provenance.differences.as_text import KEY_LIMIT, VALUE_LIMIT, sentences
from nbtrack.provenance.differences.difference import RunDifference
from nbtrack.provenance.differences.findings import Change, Finding

MOST_CHANGES = 100  # of a part
MOST_LINES = 4000  # of a text


def causes_message(found: RunDifference) -> dict[str, Any]:
    """As `Causes` declares it."""
    return {
        "causes": [_cause(each) for each in found.causes],
        "harmless": [_cause(each) for each in found.harmless],
        "doubts": sentences(found.findings, "doubts"),
        "gaps": sentences(found.findings, "gaps"),
        "same": found.same,
    }


def _cause(finding: Finding) -> dict[str, Any]:
    shown = finding.changes[:MOST_CHANGES]
    return {
        "part": str(finding.part),
        "title": finding.part.heading,
        "changes": [_change(each) for each in shown],
        "more": len(finding.changes) - len(shown),
    }


def _change(change: Change) -> dict[str, Any]:
    lines = change.lines[:MOST_LINES]
    return {
        "sign": change.sign,
        "key": clipped(change.key, KEY_LIMIT),
        "before": clipped(change.before, VALUE_LIMIT),
        "after": clipped(change.after, VALUE_LIMIT),
        "note": clipped(change.note, VALUE_LIMIT),
        "lines": shortened(lines),
        "isCut": len(lines) < len(change.lines),
    }
