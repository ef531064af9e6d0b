"""A store as two people have it: one logs to it by the tracking API, another one only looks."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from nbtrack.api.client import MlflowClient
from nbtrack.recording.session import current_session
from nbtrack.records.runs import RunQuery
from nbtrack.remote.mlflow_server.store import MlflowStore
from nbtrack.remote.shipped import ShippedStore
from nbtrack.stores.local.duckdb import DuckDBStore
from nbtrack.stores.opening import is_server, open_store, wait_for_kind
from nbtrack.stores.store import Store
from tests.support.mlflow_server import MlflowServer
from tests.support.team_server import TeamServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """*one* is the store that `client` writes to, on a machine of its own; *two* that of another
    machine, or of another process where there is only a folder. *server* is None then."""

    kind: str
    client: MlflowClient
    one: Store
    two: Store
    server: TeamServer | MlflowServer | None

    @property
    def is_mlflows(self) -> bool:
        return isinstance(self.two, MlflowStore)

    def both(self) -> Iterator[Store]:
        """Each to be asked when all that was logged is there."""
        yield self.one
        self.settle()
        yield self.two

    def settle(self) -> None:
        """Lines, and the files they tell of; and what *two* saw a moment ago counts no more."""
        if isinstance(self.one, ShippedStore):
            until = time.monotonic() + 120
            while not self._is_sent(self.one):
                assert time.monotonic() < until
                time.sleep(0.02)
        if isinstance(self.two, MlflowStore):
            self.two._looked.clear()

    @staticmethod
    def _is_sent(store: ShippedStore) -> bool:
        return (
            store.ship() and not store.outbox.waiting_lines() and not store.outbox.waiting_files()
        )


@contextmanager
def opened_sides(
    kind: str, uri: str, folder: Path, server: TeamServer | MlflowServer | None
) -> Iterator[Sides]:
    """*folder* has what both machines keep of a server."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("NBTRACK_SERVERS_DIR", str(folder / "two"))
        if is_server(uri):
            wait_for_kind(uri)
        two = open_store(uri) if is_server(uri) else DuckDBStore(Path(uri))
        patched.setenv("NBTRACK_SERVERS_DIR", str(folder / "one"))
        if is_server(uri):
            wait_for_kind(uri)
        client = MlflowClient(uri)
        one = client._store
        yield Sides(kind=kind, client=client, one=one, two=two, server=server)
        current_session()._stores.pop(one.uri)
        one.close()
        two.close()


def unique(name: str) -> str:
    return f"{name} {os.urandom(4).hex()}"


def seen_as(store: Store, sides: Sides, experiment: str) -> str:
    """The id of the experiment on that side."""
    if store is sides.one or not sides.is_mlflows:
        return experiment
    found = store.find_experiment(sides.client.get_experiment(experiment).name)
    assert found is not None
    return found.experiment_id


def names(store: Store, sides: Sides, experiment: str, **query: object) -> list[str]:
    ids = (seen_as(store, sides, experiment),)
    found = store.search_runs(RunQuery(experiment_ids=ids, **query))  # type: ignore[arg-type]
    return [str(run.info.run_name) for run in found]
