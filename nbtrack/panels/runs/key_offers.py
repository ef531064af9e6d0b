"""The keys that a page offers: in its choosers, for completion, in the Columns menu."""

from __future__ import annotations

from typing import Any

from nbtrack.panels.runs.known_keys import Known
from nbtrack.panels.runs.table_columns import Kind, in_order
from nbtrack.records.origins import Origin
from nbtrack.records.views import KeyFacts


def keys_message(known: Known) -> dict[str, Any]:
    """What matters first."""
    return {
        "params": _keys(known, "params"),
        "metrics": _keys(known, "metrics"),
        "tags": [_key(each, known, part="tags") for each in known.inventory.tags],
        "experiments": [{"id": e.experiment_id, "name": e.name} for e in known.experiments],
    }


def _keys(known: Known, kind: Kind) -> list[dict[str, Any]]:
    return [
        _key(each, known, part=_part(kind, known.meaning.of(kind, each.key)))
        for each in in_order(known, kind)
    ]


def _key(facts: KeyFacts, known: Known, *, part: str) -> dict[str, Any]:
    differs = facts.distinct > 1 or facts.runs < known.runs
    return {
        "key": facts.key,
        "part": part,
        "runs": facts.runs,
        "number": facts.is_number,
        "differs": differs,
    }


def _part(kind: Kind, origin: Origin) -> str:
    """Of the Columns menu."""
    if origin.is_own or (kind == "params" and origin is Origin.CHANGED):
        return "mine"
    if origin >= Origin.BOOKKEEPING:
        return "bookkeeping"
    return "measured" if kind == "metrics" else "defaults"
