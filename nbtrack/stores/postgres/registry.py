"""The model registry in PostgreSQL: the chain of events, one change at a time.

Copies of models lie in the folder of the server, and there the newest event is noted, too.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from nbtrack.base.locks import make_shared_folder
from nbtrack.errors import InvalidValue, StoreBusy
from nbtrack.records.registry import (
    EventKind,
    ModelVersion,
    NewEvent,
    RegisteredModel,
    RegistryEvent,
    RegistryHead,
    RegistryQuery,
    StagedFolder,
)
from nbtrack.stores.postgres.connection import WAIT_SECONDS, Pool
from nbtrack.stores.postgres.writing import take_turn
from nbtrack.stores.registry import registry_queries
from nbtrack.stores.registry.registry_append import MODELS_FOLDER, placed, read_head, record
from nbtrack.stores.registry.registry_chain import note_head, noted_head

_TURN = 0x6E627475  # "nbtu": an advisory lock of this database


class RegistryAnswers:
    """The part of PostgresStore that the registry needs."""

    folder: Path
    _pool: Pool
    _turns: threading.Lock

    @property
    def models_uri(self) -> str:
        return (self.folder / MODELS_FOLDER).as_uri()

    def registry_head(self) -> RegistryHead:
        with self._pool.connection() as connection:
            return read_head(connection)[0]

    def noted_registry_head(self) -> RegistryHead | None:
        return noted_head(self.folder)

    @contextmanager
    def registry_turn(self, *, timeout: float) -> Iterator[None]:
        """Kept by a connection of its own, so that it ends with this server; of this process, one
        waits for it, because who is in his turn needs another one."""
        if not self._turns.acquire(timeout=max(timeout, 0.0)):
            raise StoreBusy("The registry is being changed by another request. Try again.")
        try:
            with self._pool.transaction(timeout=timeout) as connection:
                connection.execute(f"set local lock_timeout = '{int(timeout * 1000) or 1}ms'")
                connection.execute(f"select pg_advisory_xact_lock({_TURN})")
                yield
        finally:
            self._turns.release()

    def registry_append(
        self,
        events: Sequence[NewEvent],
        *,
        after: RegistryHead,
        staged: StagedFolder | None = None,
        timeout: float = WAIT_SECONDS,
    ) -> list[RegistryEvent]:
        for event in events:
            _check_storable(event)
        make_shared_folder(self.folder)
        with (
            placed(self.folder, staged) as place,
            self._pool.transaction(timeout=timeout) as connection,
        ):
            take_turn(connection)
            found = record(connection, self.folder, events, after=after, place=place)
            connection.execute("update stored.changes set n = n + 1")
        # A process that dies here leaves a chain that is ahead of its note, which is no fault.
        note_head(self.folder, RegistryHead(found[-1].n, found[-1].hash))
        return [event for event in found if event.kind != EventKind.HEAD_RENEWED]

    def registry_events(
        self, *, name: str | None = None, n: int | None = None
    ) -> list[RegistryEvent]:
        with self._pool.snapshot() as connection:
            return registry_queries.find_events(connection, name=name, n=n)

    def search_registered_models(self, query: RegistryQuery) -> list[RegisteredModel]:
        with self._pool.snapshot() as connection:
            return registry_queries.find_models(connection, query)

    def search_model_versions(self, query: RegistryQuery) -> list[ModelVersion]:
        with self._pool.snapshot() as connection:
            return registry_queries.find_versions(connection, query)


def _check_storable(event: NewEvent) -> None:
    """Another character in its place, as in what is logged, would not give the event's hash."""
    for name, value in asdict(event).items():
        if isinstance(value, str) and "\0" in value:
            raise InvalidValue(
                f"{name} of a change of the registry has a zero in it: {value!r:.80}."
            )
