"""A served project whose files are in a bucket: from now on, in this process, whatever opens one of
its folders of files gets them from there."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from pathlib import Path

from nbtrack.artifact_store.local import LocalArtifacts
from nbtrack.artifact_store.opening import open_otherwise
from nbtrack.base.guard import guarded
from nbtrack.errors import StoreError
from nbtrack.recording.experiments import default_artifact_root
from nbtrack.remote.fetched import FETCHED
from nbtrack.remote.protocol import COPIES, RUNS, kind_of_owner
from nbtrack.server.buckets.artifacts import BucketArtifacts, Content, Kept
from nbtrack.server.buckets.bucket import Bucket, is_digest
from nbtrack.server.buckets.unproved import Unproved
from nbtrack.server.nbtrack_protocol.project_id import project_id
from nbtrack.stores.opening import folder_of
from nbtrack.stores.store import Store

OWNER = "project.json"  # the note in a bucket that says whose it is
SWEEP_SECONDS = 3600.0
_SPOOL = "spool"  # the folder in which files come together


class BucketProject:
    """With *is_server*, nothing is read or written before the bucket is known to be its own."""

    def __init__(self, store: Store, bucket: Bucket, *, is_server: bool = False) -> None:
        self.bucket, self._store = bucket, store
        self._may_be_others = is_server
        self._home = folder_of(store.uri)
        self.unproved = Unproved(self._home)
        self._root, self._copies = Path(default_artifact_root(store)), folder_of(store.models_uri)
        open_otherwise(self._root, self._open)
        open_otherwise(self._copies, self._open_copy)

    def claim(self) -> None:
        """The bucket is this project's from now on. Raises StoreError if it is another's."""
        own = project_id_of(self._store)
        name, host = self._home.parent.name, socket.gethostname()  # for people, who know no ids
        told = self.bucket.read_note(OWNER)
        if told is None:
            told = self.bucket.create_note(OWNER, {"project": own, "name": name, "host": host})
        self._may_be_others = owner_in(told) != own
        if self._may_be_others:
            raise _another_project(self.bucket.address, told, own)

    def warm_up(self) -> None:
        """Once now, and from then on each hour."""
        with guarded("clear up in its bucket", outcome="it is done an hour later"):
            self.claim()  # first: in that of others nothing is ours to clear up
            self.bucket.sweep()
        again = threading.Timer(SWEEP_SECONDS, self.warm_up)
        again.daemon = True
        again.start()

    def _open(self, folder: Path, run_id: str | None) -> BucketArtifacts:
        owner, *below = folder.relative_to(self._root).parts
        kind = kind_of_owner(owner)
        kept: Kept = _OfModel(self._store, owner, self.unproved)
        if kind == RUNS:
            start = "".join(f"{part}/" for part in below)
            kept = _OfRun(self._store, owner, self.unproved, start)
        return self._opened(folder, run_id, kept, f"{kind}/{'/'.join((owner, *below))}")

    def _open_copy(self, folder: Path, run_id: str | None) -> BucketArtifacts:
        place = folder.relative_to(self._copies).as_posix()
        return self._opened(
            folder, run_id, _OfCopy(self.bucket, place, folder), f"{COPIES}/{place}"
        )

    def _opened(self, folder: Path, run_id: str | None, kept: Kept, name: str) -> BucketArtifacts:
        """Raises StoreError for the bucket of another project, BucketAway."""
        if self._may_be_others:
            self.claim()
        return BucketArtifacts(
            folder,
            run_id=run_id,
            bucket=self.bucket,
            kept=kept,
            spool=self._home / _SPOOL,
            notes=self._home / FETCHED / name,
        )


def check_own(store: Store, bucket: Bucket) -> None:
    """Raises StoreError for the bucket of another project than *store*, or of nobody."""
    own, owner = project_id_of(store), owner_in(bucket.read_note(OWNER))
    if owner is None:
        raise StoreError(
            f"The bucket {bucket.address} does not say whose it is, and this project is {own}: "
            "nothing is freed. If it is this project's, begin its server with it once: nbtrack "
            f"server --artifacts {bucket.address}"
        )
    if owner != own:
        raise StoreError(
            f"The bucket {bucket.address} is of the project {owner!r:.80}, and this one is {own}: "
            "its files would be freed as nobody's. Name the project that the bucket's server "
            "serves with --store. If that is this one, made anew, and no other server uses the "
            f"bucket, delete {bucket.address}/{OWNER} and begin the server again."
        )


def owner_in(told: object) -> object:
    """The id of the project that the note says; None: it says none."""
    return told.get("project") if isinstance(told, dict) else None


def _another_project(address: str, told: object, own: str) -> StoreError:
    facts = told if isinstance(told, dict) else {}
    named = [f"{facts[key]!r:.80}" for key in ("name", "host") if facts.get(key)]
    whose = f" ({' on '.join(named)})" if named else ""
    return StoreError(
        f"The bucket {address} is of another project, {str(owner_in(told))!r:.80}{whose}, and this "
        f"one is {own}: `nbtrack gc` of each would free the files of the other. Begin this server "
        f"with another prefix: --artifacts {address}-2. If it has kept files here before, copy "
        f"{address}/blobs and {address}/copies to {address}-2 first: it looks for them there. Only "
        "if that project is gone for good, or is this one before it was made anew, delete "
        f"{address}/{OWNER} and begin again: the server of that one would be refused from then on."
    )


def project_id_of(store: Store) -> str:
    of_database = getattr(store, "project_id", None)
    return project_id(folder_of(store.uri)) if of_database is None else str(of_database())


class _OfOwner:
    """What its lines say it is; what is no digest is of no content."""

    def __init__(self, store: Store, owner: str, unproved: Unproved, start: str = "") -> None:
        self._store, self._owner, self._unproved, self._start = store, owner, unproved, start

    def contents(self) -> Mapping[str, Content]:
        unproved = self._unproved.of(self._owner)
        return {
            path: each
            for path, each in self._logged().items()
            if is_digest(each.sha256) and each.sha256 not in unproved
        }

    def _logged(self) -> dict[str, Content]:
        raise NotImplementedError

    def adopt(self, contents: Mapping[str, Content]) -> None:
        """Its lines say it."""

    def prove(self, sha256: str) -> None:
        self._unproved.forget(self._owner, sha256)

    def is_proved(self, sha256: str) -> bool:
        return sha256 not in self._unproved.of(self._owner)


class _OfRun(_OfOwner):
    """Or of a folder in it, which *start* names."""

    def _logged(self) -> dict[str, Content]:
        return {
            file.path.removeprefix(self._start): Content(file.sha256, file.file_size)
            for file in self._store.list_artifact_records(self._owner)
            if file.sha256 and file.path.startswith(self._start)
        }


class _OfModel(_OfOwner):
    def _logged(self) -> dict[str, Content]:
        files = self._store.list_model_files(self._owner)
        return {path: Content(sha256) for path, sha256 in files.items()}


class _OfCopy:
    """Of a registered version: a note in the bucket says it, and it never changes."""

    def __init__(self, bucket: Bucket, place: str, folder: Path) -> None:
        self._bucket, self._note, self._folder = bucket, f"{COPIES}/{place}.json", folder
        self._found: Mapping[str, Content] | None = None

    def contents(self) -> Mapping[str, Content]:
        if self._found is None:
            told = self._bucket.read_note(self._note)
            self._found = (
                _found_in(LocalArtifacts(self._folder))  # from before there was a bucket
                if told is None
                else {path: Content(*each) for path, each in told.items()}
            )
        return self._found

    def adopt(self, contents: Mapping[str, Content]) -> None:
        self._bucket.write_note(self._note, {path: list(each) for path, each in contents.items()})
        self._found = contents

    def prove(self, sha256: str) -> None:
        """Nobody logs to it."""

    def is_proved(self, sha256: str) -> bool:  # noqa: ARG002 - all are
        return True


def _found_in(files: LocalArtifacts) -> Mapping[str, Content]:
    return {file.path: Content(files.sha256(file.path), file.file_size) for file in files.walk()}
