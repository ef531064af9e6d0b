"""The project that is served, and its files as clients name them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.api.client import MlflowClient
from nbtrack.artifact_store.opening import open_artifacts, open_local
from nbtrack.artifact_store.store import ArtifactStore
from nbtrack.base.guard import guarded
from nbtrack.errors import InvalidValue, NotFound, StoreError
from nbtrack.models.registered_places import place_of_version
from nbtrack.recording import logged_models
from nbtrack.recording.run_writer import RunWriter
from nbtrack.recording.session import current_session
from nbtrack.records.runs import RunQuery
from nbtrack.remote.protocol import COPIES, MODELS, RUNS
from nbtrack.server.artifact_places import Place
from nbtrack.server.buckets.bucket import Bucket
from nbtrack.server.buckets.project import BucketProject
from nbtrack.server.nbtrack_protocol.journals import Journals, ReceivedJournals
from nbtrack.server.nbtrack_protocol.project_id import project_id
from nbtrack.server.own_folders import (
    check_is_served,
    folder_of_copy,
    folder_of_model,
    folder_of_run,
)
from nbtrack.stores.opening import folder_of
from nbtrack.stores.store import Store

if TYPE_CHECKING:
    from nbtrack.stores.postgres.store import PostgresStore

SERVER = "this server"


class Served:
    """Of the project at *uri*, a folder; safe for several threads.

    With *database*, the address of a PostgreSQL database, its records are there; with *bucket*,
    s3://bucket/prefix, its files.
    """

    def __init__(
        self, uri: str, *, database: str | None = None, bucket: Bucket | None = None
    ) -> None:
        self._database = None if database is None else _open_database(database, folder_of(uri))
        self.client = MlflowClient(uri)
        self.experiments_of_runs: dict[str, str] = {}  # by ids; of those that were asked for
        self._bucket = None if bucket is None else BucketProject(self.store, bucket, is_server=True)

    @property
    def journals(self) -> Journals:
        """Where lines of other machines are taken in."""
        return self._database.received if self._database else ReceivedJournals(self.folder)

    @cached_property
    def project_id(self) -> str:
        """Which project it is, for clients. Raises StoreBusy."""
        return self._database.project_id() if self._database else project_id(self.folder)

    def claim_bucket(self) -> None:
        """Raises StoreError if the bucket is another project's, BucketAway."""
        if self._bucket is not None:
            self._bucket.claim()

    def note_unproved(self, lines: bytes) -> None:
        """Files in *lines* of somebody who may not read all of them: he has to send each."""
        if self._bucket is not None:
            self._bucket.unproved.note_all(lines, self.store)

    @property
    def store(self) -> Store:
        return self.client._store

    @property
    def folder(self) -> Path:
        return folder_of(self.store.uri)

    def without_folder(self, message: str) -> str:
        """Where the project lies is no business of clients."""
        return message.replace(self.store.uri, SERVER).replace(str(self.folder), SERVER)

    def warm_up(self) -> None:
        """Look once, so that nobody waits for the first look, which takes a second of imports."""
        with guarded("look into its project"):
            found = self.store.search_runs(RunQuery(max_results=1))
            self.store.search_runs(RunQuery(max_results=1))  # from now on by what is kept
            self.store.read_latest_points([run.info.run_id for run in found])
        if self._bucket is not None:
            self._bucket.warm_up()

    def files(self, place: Place) -> ArtifactStore:
        """Of the run, model or version that *place* is in. Raises NotFound; InvalidValue if the
        project keeps them where this server does not look."""
        opened = open_local if self._bucket is None else open_artifacts
        return opened(str(self._folder(place)), run_id=place.id)

    def _folder(self, place: Place) -> Path:
        """Every way to a file goes through here."""
        if place.kind == RUNS:
            recorded = self.client.get_run(place.id).info.artifact_uri
            return folder_of_run(self.store, place.id, recorded)
        if place.kind == MODELS:
            return folder_of_model(self.store, self.client.get_logged_model(place.id))
        if place.kind == COPIES:
            return folder_of_copy(self.store, place.id)
        name, _, version = place.id.rpartition("/")
        found = self.client.get_model_version(name, version)
        folder = place_of_version(self.store, found).folder
        check_is_served(self.store, folder)
        return folder

    def own_files(self, place: Place) -> ArtifactStore:
        """To write to: a run's, or a model's that are in no run. Raises NotFound, InvalidValue."""
        if place.kind not in (RUNS, MODELS):
            raise _stays()
        return self.files(place)

    def keep(self, place: Place, pieces: Iterable[bytes]) -> None:
        """One file, whole or not at all. Raises NotFound, InvalidValue, StoreError."""
        if place.kind == RUNS:
            self._keep_in_run(place.id, place.path, pieces)
        elif place.kind == MODELS:
            self._keep_in_model(place, pieces)
        else:
            raise _stays()

    def remove(self, place: Place) -> list[str]:
        """A file, or all in a folder of a run: the paths of what was there. Raises NotFound,
        InvalidValue."""
        if place.kind != RUNS:
            raise InvalidValue("The files of a model stay as they are, as long as it is there.")
        files, writer = self.files(place), self._writer(place.id)
        below = [file.path for file in files.walk(place.path or None)]
        is_file = not below and place.path and files.has(place.path)
        paths = [place.path] if is_file else below
        writer.remove_artifacts(paths)
        return paths

    def drop_unrecorded(self, place: Place) -> bool:
        """One file, if the records say that it was removed; a folder of that name stays, for there
        are others in it. Raises NotFound, InvalidValue."""
        files = self.own_files(place)
        if not place.path:
            raise InvalidValue("Say which file was removed.")
        if is_removed := place.path not in self._recorded(place):
            with suppress(NotFound):
                if files.download(place.path).is_file():
                    files.delete(place.path)
        return is_removed

    def _recorded(self, place: Place) -> Collection[str]:
        if place.kind == MODELS:
            return self.store.list_model_files(place.id)
        return {file.path for file in self.store.list_artifact_records(place.id)}

    def _writer(self, run_id: str) -> RunWriter:
        """Of which the folder, too, is the run's own: it may have read an earlier record."""
        writer = self.client.writer(run_id)
        folder_of_run(self.store, run_id, writer.artifact_uri)
        return writer

    def _keep_in_run(self, run_id: str, path: str, pieces: Iterable[bytes]) -> None:
        writer = self._writer(run_id)
        refused = writer.refused_files
        writer.log_bytes(pieces, path)
        if writer.refused_files != refused:
            raise StoreError(f"The server's disk does not take {path!r}. Nothing of it is kept.")

    def _keep_in_model(self, place: Place, pieces: Iterable[bytes]) -> None:
        model = self.client.get_logged_model(place.id)
        if model.path:  # its folder is in the artifacts of its run
            self._keep_in_run(str(model.source_run_id), f"{model.path}/{place.path}", pieces)
            return
        stored = self.files(place).write(place.path, pieces)
        logged_models.record_files(self.store, place.id, [stored])


def _open_database(address: str, folder: Path) -> PostgresStore:
    """Which is, from now on, the store of *folder* in this process. Raises StoreError."""
    from nbtrack.stores.postgres.store import PostgresStore

    store = PostgresStore(address, folder)
    store.prepare()
    current_session().adopt(store)
    return store


def _stays() -> InvalidValue:
    return InvalidValue("The files of a registered version stay as they are.")
