"""Which project a command looks at, and why that one."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

from nbtrack.base.parent_process import parent_process
from nbtrack.errors import InvalidValue, require
from nbtrack.recording.session import current_session
from nbtrack.server.buckets.bucket import Bucket, is_bucket
from nbtrack.server.buckets.project import BucketProject
from nbtrack.settings import FOLDER_NAME, Settings, find_project_folder, is_project
from nbtrack.stores.local.file_faults import refuse_file_for_folder
from nbtrack.stores.opening import folder_of, is_database, is_server, without_password
from nbtrack.stores.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A project folder; of a *server*, which is its address, what this machine keeps of it; with a
    *database*, its address, the folder of the files whose records are there; with a *bucket*, its
    address, whose files are there."""

    folder: Path
    reason: str  # goes on after "because"
    server: str | None = None
    database: str | None = None
    bucket: str | None = None

    @property
    def uri(self) -> str:
        return self.server or self.folder.as_uri()

    @property
    def name(self) -> str:
        return without_password(self.server) if self.server else str(self.folder)

    @property
    def title(self) -> str:
        return self.name if self.server else self.folder.parent.name


def open_place(chosen: str | None) -> Store:
    """The store of *chosen*, the value of `--store`, else the one that a notebook here would use.

    Raises InvalidValue if *chosen* is no project, StoreError if a file is in its place.
    """
    if chosen is not None and is_database(chosen):
        return open_database(chosen, Path.cwd() / FOLDER_NAME)
    return current_session().store_for(find_place(chosen).uri)


def open_project(place: Place) -> Store:
    """The same, for what looks into files; see `find_project`. Raises BucketAway."""
    if place.database is not None:
        store = open_database(place.database, place.folder)
    else:
        store = current_session().store_for(place.uri)
    if place.bucket is not None:
        bucket = Bucket(place.bucket)
        bucket.check()
        BucketProject(store, bucket)
    return store


def open_database(address: str, folder: Path) -> Store:
    """The project in the database at *address*, whose files are in *folder*: in this process, its
    store from now on. Raises StoreError, also for a database that has none."""
    require("psycopg", extra="server")
    from nbtrack.stores.postgres.store import PostgresStore

    store = PostgresStore(address, folder)
    store.prepare(may_set_up=False)
    current_session().adopt(store)
    return store


def add_artifacts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--artifacts",
        metavar="PLACE",
        help="where files lie, as the server was told: s3://bucket/prefix, or, with --store "
        "postgresql://…, a folder",
    )


def find_place(chosen: str | None) -> Place:
    if chosen is not None and is_server(chosen):
        return _place_of(chosen, "--store names it")
    if chosen is not None:
        return Place(folder=_project_in(folder_of(chosen)), reason="--store names it")
    return _checked(_usual_place())


def find_project(chosen: str | None, artifacts: str | None = None) -> Place:
    """The same, where its files are here, or in *artifacts*: those of a database always are. Raises
    InvalidValue for a server."""
    if artifacts is not None and is_bucket(artifacts):
        is_elsewhere = chosen is not None and is_database(chosen)
        place = new_place(None) if is_elsewhere else find_project(chosen)
        return replace(place, bucket=artifacts, database=chosen if is_elsewhere else None)
    if chosen is not None and is_database(chosen):
        if artifacts is None:
            raise InvalidValue(
                "Of a project in a database, say where its files are: --artifacts FOLDER, as the "
                "server was told."
            )
        folder = new_place(artifacts).folder
        return Place(folder=folder, reason="--artifacts names it", database=chosen)
    place = find_place(chosen)
    if place.server is not None:
        raise InvalidValue(
            f"This command is about the files of a project, and {place.name} is a server (because "
            f"{place.reason}). Run it where the server keeps them, or name a folder with --store."
        )
    return place


def new_place(chosen: str | None) -> Place:
    """What a server serves: *chosen*, which has a project from now on, or the project that is
    here, whatever server this machine logs to. Raises InvalidValue for a server."""
    if chosen is None:
        return _checked(_usual_place(may_be_server=False))
    folder = folder_of(chosen)
    if is_server(chosen) or is_project(folder) or is_project(folder / FOLDER_NAME):
        return find_project(chosen)
    own = folder if folder.name == FOLDER_NAME else folder / FOLDER_NAME
    refuse_file_for_folder(own)
    return Place(folder=own, reason="--store names it")


def _usual_place(*, may_be_server: bool = True) -> Place:
    settings = Settings.load()
    for name in ("tracking_uri", "folder"):
        value = getattr(settings, name)
        if value and (may_be_server or not is_server(value)):
            return _place_of(value, _set_by(name))
    folder = find_project_folder(Path.cwd())
    return Place(folder=folder, reason=_found_because(folder))


def _checked(place: Place) -> Place:
    refuse_file_for_folder(place.folder)
    return place


def _place_of(uri: str, reason: str) -> Place:
    return Place(folder=folder_of(uri), reason=reason, server=uri if is_server(uri) else None)


def _project_in(folder: Path) -> Path:
    """*folder* itself, or the project folder in it: people name either."""
    if is_project(folder):
        return folder
    if is_project(folder / FOLDER_NAME):
        return folder / FOLDER_NAME
    raise InvalidValue(
        f"There is no nbtrack project in {folder}: --store takes the folder "
        f"{FOLDER_NAME} of a project, or the folder that holds it."
    )


def _set_by(name: str) -> str:
    if parent_process().store is not None:
        return "the program that started this one records there"
    variable = {
        "tracking_uri": "NBTRACK_TRACKING_URI (or MLFLOW_TRACKING_URI)", "folder": "NBTRACK_DIR",
    }[name]  # fmt: skip
    return f"{variable} is set, or {name} under [tool.nbtrack] in the project's pyproject.toml"


def _found_because(folder: Path) -> str:
    if folder.is_dir():
        return f"it is the nearest {FOLDER_NAME} going up from {Path.cwd()}"
    if (folder.parent / ".git").exists():
        return "there is none yet: the first run makes it at the root of the git repository"
    return "there is none yet: the first run makes it in the working folder"
