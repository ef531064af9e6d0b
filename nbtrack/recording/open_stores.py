"""Where this process records: its settings, and the stores that it has open."""

from __future__ import annotations

from pathlib import Path
from threading import RLock

from nbtrack.base.guard import warn_once
from nbtrack.base.parent_process import parent_process
from nbtrack.settings import (
    Settings,
    find_project_folder,
    mlflows_server,
    server_passed_over,
    unserved_by_us,
    working_folder,
)
from nbtrack.stores.opening import full_uri, is_server, open_store
from nbtrack.stores.store import Store


class OpenStores:
    """What a session is built on."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._stores: dict[str, Store] = {}
        self._store: Store | None = None
        self._uri: str | None = None
        self._settings: Settings | None = None

    @property
    def settings(self) -> Settings:
        if self._settings is None:
            problems: list[str] = []
            self._settings = Settings.load(problems)
            for problem in problems:
                warn_once(f"nbtrack: {problem} Until then it counts as not set.")
        return self._settings

    def renew_settings(self) -> None:
        """Read them again when they are asked for next: one may have been mended."""
        self._settings = None

    @property
    def store(self) -> Store:
        """Fixed at first use: changing the working folder later does not move it."""
        if self._store is None:
            with self._lock:
                if self._store is None:
                    self._store = self.store_for(self._uri or self._default_uri())
                    self._place_is_known()
        return self._store

    @property
    def open_stores(self) -> list[Store]:
        return list(self._stores.values())

    def store_for(self, uri: str) -> Store:
        """The one open store of this process behind *uri*."""
        uri = full_uri(uri)
        with self._lock:
            if uri not in self._stores:
                self._stores[uri] = open_store(uri)
            return self._stores[uri]

    def adopt(self, store: Store) -> None:
        """It is what is behind its `uri` in this process."""
        with self._lock:
            self._stores[store.uri] = store

    def set_tracking_uri(self, uri: str | Path | None) -> None:
        """Another store from now on; None finds the default afresh. Open runs stay theirs."""
        if uri is not None:
            full_uri(str(uri))  # raises here, not at the first log
        with self._lock:
            self._uri = None if uri is None else str(uri)
            self._store = self._settings = None
            self._place_changed()

    @property
    def is_uri_set(self) -> bool:
        return bool(self._uri or self.settings.tracking_uri or self.settings.folder)

    @property
    def known_uri(self) -> str | None:
        """Where the next run will be recorded, once that is fixed."""
        if self._store is not None:
            return self._store.uri
        return None if self._uri is None else full_uri(self._uri)

    def _default_uri(self) -> str:
        chosen = self.settings.tracking_uri or self.settings.folder
        if chosen:
            if chosen == mlflows_server() and parent_process().store is None:
                warn_once(f"nbtrack: logging to {chosen} (MLFLOW_TRACKING_URI).")
            return chosen
        place = find_project_folder(working_folder())
        if (unserved := unserved_by_us()) is not None:
            warn_once(f"nbtrack: {_why_not(unserved)} What is logged goes to {place}.")
        elif (server := server_passed_over(working_folder())) is not None:
            warn_once(
                f"nbtrack: {place} is there already, and what is logged goes there, not to "
                f"{server} (MLFLOW_TRACKING_URI). NBTRACK_TRACKING_URI sends it to that server."
            )
        return str(place)

    def _place_changed(self) -> None:
        """There is another store, or other settings."""

    def _place_is_known(self) -> None:
        """From now on it stays what it is."""


def _why_not(unserved: str) -> str:
    """Without the place itself, which may have a password in it."""
    if is_server(unserved):
        return (
            "MLFLOW_TRACKING_URI says in the address who you are, and the address is shown in many "
            "places: write it without, and set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME "
            "and MLFLOW_TRACKING_PASSWORD."
        )
    return (
        f"MLFLOW_TRACKING_URI names a place of the kind {unserved.partition(':')[0]!r}, which only "
        "MLflow opens. NBTRACK_TRACKING_URI names another folder, or a server."
    )
