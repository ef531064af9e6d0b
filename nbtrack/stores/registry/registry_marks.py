"""What models and versions are marked with: tags, aliases and gates, each as its newest event says.

So do the views `current.registry_*` have it, which filters ask. To read these takes five
statements of which each is planned for milliseconds; the events of a few models take one.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from nbtrack.records.registry import EventKind, Gate
from nbtrack.stores.registry.registry_schema import is_kind

if TYPE_CHECKING:
    from nbtrack.stores.connection import Connection

K = EventKind
T = TypeVar("T")
_EVER = 1 << 62
_OF_VERSION = is_kind(K.VERSION_TAG_SET, K.VERSION_TAG_DELETED)
_OF_MODEL = is_kind(
    K.MODEL_TAG_SET, K.MODEL_TAG_DELETED, K.ALIAS_SET, K.ALIAS_DELETED, K.GATE_SET, K.GATE_REMOVED
)
# An alias is read with all its events: which version it has left is not said by those of that one.
_EVENTS = f"""
    select model_key, version, kind, json_extract_string(details, '$.key') as key, to_value
    from stored.registry_events
    where list_contains($model_keys, model_key) and t <= $until and n is not null
        and ({_OF_MODEL} or ({_OF_VERSION} and list_contains($versions, version)))
    order by n, hash
"""


class Marks:
    """Of models by their key, of versions by (key of the model, number); in alphabetical order."""

    def __init__(self) -> None:
        self._model_tags: dict[Any, dict[str, str | None]] = defaultdict(dict)
        self._version_tags: dict[Any, dict[str, str | None]] = defaultdict(dict)
        self._aliases: dict[Any, dict[str, int | None]] = defaultdict(dict)
        self._gates: dict[Any, dict[str, str | None]] = defaultdict(dict)

    def note(self, event: Sequence[Any]) -> None:
        model, version, kind, key, value = event
        if key is None:  # it was changed by hand
            return
        if kind in (K.ALIAS_SET, K.ALIAS_DELETED):
            self._aliases[model][key] = version if kind == K.ALIAS_SET else None
        elif kind in (K.GATE_SET, K.GATE_REMOVED):
            self._gates[model][key] = value
        elif kind in (K.MODEL_TAG_SET, K.MODEL_TAG_DELETED):
            self._model_tags[model][key] = value
        else:
            self._version_tags[model, version][key] = value

    def model_tags(self, model: int) -> dict[str, str]:
        return _present(self._model_tags[model])

    def version_tags(self, model: int, version: int) -> dict[str, str]:
        return _present(self._version_tags[model, version])

    def aliases(self, model: int) -> dict[str, int]:
        return _present(self._aliases[model])

    def aliases_of(self, model: int, version: int) -> list[str]:
        return [alias for alias, its in self.aliases(model).items() if its == version]

    def gates(self, model: int) -> tuple[Gate, ...]:
        found = _present(self._gates[model])
        return tuple(Gate(stage=stage, **json.loads(gate)) for stage, gate in found.items())


def _present(found: dict[str, T | None]) -> dict[str, T]:
    return {key: value for key, value in sorted(found.items()) if value is not None}


def read_marks(
    connection: Connection,
    *,
    models: Sequence[int],
    versions: Sequence[int],
    until_us: int | None = None,
) -> Marks:
    """Of *models*, by their keys, and of their versions with these numbers; as they were at
    *until_us*, or now."""
    marks = Marks()
    if models:
        asked: dict[str, Any] = {
            "model_keys": list(models),
            "versions": list(versions),
            "until": _EVER if until_us is None else until_us,
        }
        for event in connection.execute(_EVENTS, asked).fetchall():
            marks.note(event)
    return marks
