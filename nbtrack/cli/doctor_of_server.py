"""Of a server that this machine logs to: whether it answers, as whom, and what waits here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from nbtrack.cli.place import Place
from nbtrack.errors import NotAllowed, NotIdentified, StoreBusy
from nbtrack.remote.line import identity_words
from nbtrack.remote.mlflow_server.kind import kind_words
from nbtrack.remote.shipped import ShippedStore


class ServerFacts(NamedTuple):
    """*told* is by what it is about."""

    told: dict[str, str]
    troubles: Sequence[str]


def facts_of_server(store: ShippedStore, place: Place) -> ServerFacts:
    """Nothing is sent, and nothing that is there is read."""
    told = {
        "server": place.name,
        "why there": place.reason,
        "what it is": "it does not answer",
        "you are": identity_words(),
        "kept here": str(store.folder),
        "waiting": _waiting(store),
    }
    troubles = []
    try:
        told["what it is"] = kind_words(store.uri)
        store.knock()
    except (StoreBusy, NotIdentified, NotAllowed) as exc:
        troubles.append(str(exc))
    if store.outbox.refused_lines():
        troubles.append(
            f"{store.outbox.refused_lines():,} lines were refused by the server and are kept here: "
            f"nbtrack sync {place.name} sends them when you may log there."
        )
    return ServerFacts(told, troubles)


def _waiting(store: ShippedStore) -> str:
    lines, files = store.outbox.waiting_lines(), store.outbox.waiting_files()
    if not (lines or files):
        return "nothing"
    return f"{lines:,} lines and {files:,} files; nbtrack sync sends them"
