"""The verbs that store files of a run, by whoever is its writer."""

from __future__ import annotations

import errno
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from nbtrack.artifact_store import artifact_formats, table_formats
from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.artifact_store.paths import folder_of as artifact_folder
from nbtrack.artifact_store.staging import chunks_of_stream
from nbtrack.artifact_store.store import ArtifactStore
from nbtrack.artifact_store.table_images import without_images
from nbtrack.base.guard import warn_once
from nbtrack.base.locks import held, make_shared_folder
from nbtrack.base.values import as_microseconds, as_step, check_unicode
from nbtrack.errors import InvalidValue, RunDeleted, StoreError, WrongType
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.records.runs import FileInfo
from nbtrack.stores.opening import folder_of
from nbtrack.stores.store import Store

LOGGED_TABLES_TAG = "mlflow.loggedArtifacts"
LOGGED_IMAGES_TAG = "mlflow.loggedImages"  # MLflow's own page of images finds them by it
TABLE_SECONDS = 10.0  # for whoever else adds rows to a table
LOOK_SECONDS = 0.05  # whoever holds the database must not hold up the user
_DISK_FAULTS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EACCES, errno.EPERM}


class RunFiles(ABC):
    """What the disk does not take is missed and said once; the user's own fault is raised."""

    def __init__(self, store: Store, run_id: str, *, artifact_uri: str) -> None:
        self.run_id = run_id
        self.artifact_uri = artifact_uri
        self.is_deleted = False
        self.refused_files = 0  # calls of which the disk took no file
        self._store = store
        self._tables: dict[str, None] | None = None  # artifact paths of tables, in order
        self._has_images_tag = False

    @abstractmethod
    def set_tag(self, key: str, value: Any) -> None:
        """The value is kept as text; set again, it replaces the one before."""

    @abstractmethod
    def later_us(self) -> int:
        """Now, but later than all that was known of the run when it was looked up."""

    @abstractmethod
    def _append(self, text: str) -> None: ...

    @property
    def artifacts(self) -> ArtifactStore:
        """The run's folder. Raises InvalidValue if it is in no place that nbtrack knows."""
        return open_artifacts(self.artifact_uri, run_id=self.run_id)

    def log_artifact(self, local_path: str | Path, artifact_path: str | None = None) -> None:
        """Copy a file, or a folder with its name, into the run's folder *artifact_path*."""
        self._store_files(
            lambda: self.artifacts.add_file(local_path, artifact_path), source=local_path
        )

    def log_artifacts(self, local_dir: str | Path, artifact_path: str | None = None) -> None:
        """Copy what *local_dir* holds, all of it or nothing."""
        self._store_files(
            lambda: self.artifacts.add_folder(local_dir, artifact_path), source=local_dir
        )

    def log_folder(self, files: Mapping[str, bytes | Path], artifact_path: str) -> list[FileInfo]:
        """Make *files* (by their paths in it) all that the folder *artifact_path* holds.

        They appear together, the last one last; [] when the disk would not take them.
        """
        named = {f"{artifact_path}/{name}": content for name, content in files.items()}
        stored: list[FileInfo] = []

        def write() -> list[FileInfo]:
            stored.extend(self.artifacts.write_all(named))
            return stored

        self._store_files(write)
        if stored:
            self._remove_others(artifact_path, kept=named.keys())
        return stored

    def _remove_others(self, folder: str, *, kept: Collection[str]) -> None:
        self.remove_artifacts(
            [file.path for file in self.artifacts.walk(folder) if file.path not in kept]
        )

    def remove_artifacts(self, paths: Collection[str]) -> None:
        """Files that are there."""
        for path in paths:
            self.artifacts.delete(path)
        t = self.later_us()
        self._append(
            "".join(lines.artifact_line(self.run_id, path, None, size=None, t=t) for path in paths)
        )

    def copy_file(self, artifact_file: str, source: Path) -> list[FileInfo]:
        """A file under another name; [] when the disk would not take it."""
        stored: list[FileInfo] = []

        def write() -> list[FileInfo]:
            stored.extend(self.artifacts.write_all({artifact_file: source}))
            return stored

        self._store_files(write, source=source)
        return stored

    def link_file(self, artifact_file: str, same: FileInfo) -> list[FileInfo]:
        """One of its artifacts under another name, too, without its bytes."""
        linked = replace(same, path=artifact_file)

        def link() -> list[FileInfo]:
            self.artifacts.link_all({artifact_file: self.artifacts.download(same.path)})
            return [linked]

        self._store_files(link)
        return [linked]

    def log_bytes(self, data: bytes | Iterable[bytes], artifact_file: str) -> None:
        """One file as it is, whole or in pieces, in place of what was there."""
        self._store_files(lambda: [self.artifacts.write(artifact_file, data)])

    def log_text(self, text: str, artifact_file: str) -> None:
        """As UTF-8, in place of what was there. Raises InvalidValue unless it is a str."""
        if not isinstance(text, str):
            raise InvalidValue(f"log_text takes a str, not {type(text).__name__}; see log_dict.")
        self.log_bytes(check_unicode(text, f"text for {artifact_file!r}").encode(), artifact_file)

    def log_stream(self, stream: IO[bytes], artifact_file: str) -> None:
        """What a binary stream has left, piece by piece."""
        self.log_bytes(chunks_of_stream(stream), artifact_file)

    def log_dict(self, dictionary: Any, artifact_file: str) -> None:
        """As YAML for a .yaml or .yml file, else as JSON."""
        self.log_bytes(artifact_formats.encode_dict(dictionary, artifact_file), artifact_file)

    def log_figure(
        self,
        figure: Any,
        artifact_file: str,
        *,
        save_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        """A matplotlib, plotly or Altair figure in the format of the file's suffix."""
        data = artifact_formats.encode_figure(figure, artifact_file, save_kwargs=save_kwargs)
        self.log_bytes(data, artifact_file)

    def log_image(
        self,
        image: Any,
        artifact_file: str | None = None,
        *,
        key: str | None = None,
        step: int | None = None,
        timestamp: int | None = None,
    ) -> None:
        """An array or PIL image, as *artifact_file* or as a step of the image series *key*."""
        if (artifact_file is None) == (key is None):
            raise WrongType("log_image takes either artifact_file= or key= (with step=).")
        if artifact_file is not None and (step, timestamp) != (None, None):
            raise WrongType("log_image takes step= and timestamp= with key= only: a file has none.")
        if artifact_file is None:
            self._log_image_of_series(image, str(key), as_step(step), timestamp)
        else:
            self.log_bytes(artifact_formats.encode_image(image, artifact_file), artifact_file)

    def _log_image_of_series(self, image: Any, key: str, step: int, timestamp: int | None) -> None:
        when = as_microseconds(timestamp, default=now_us()) // 1000
        path, preview_path = artifact_formats.image_series_paths(key, step, timestamp_ms=when)
        picture = artifact_formats.pillow_image(image)
        files = {path: artifact_formats.encode_image(picture, path)}
        if (preview := artifact_formats.encode_preview(picture)) is not None:
            files[preview_path] = preview
        self._store_files(lambda: self.artifacts.write_all(files))
        if not self._has_images_tag:
            self._has_images_tag = True
            self.set_tag(LOGGED_IMAGES_TAG, True)

    def log_table(self, data: Any, artifact_file: str) -> None:
        """A DataFrame or dict of columns; logged again to the same file, its rows are added."""
        # Read, extended and written: nobody else may do that meanwhile.
        lock = folder_of(self._store.uri) / "tables.lock"
        with suppress(OSError):  # a folder that cannot be written refuses the table, too
            make_shared_folder(lock.parent)
        with held(lock, wait_seconds=TABLE_SECONDS):
            self._add_to_table(data, artifact_file)

    def _add_to_table(self, data: Any, artifact_file: str) -> None:
        artifacts = self.artifacts
        previous = artifacts.read_own_table(artifact_file)
        shown, images = without_images(data, artifact_file)
        encoded = table_formats.encode_table(shown, artifact_file, previous=previous)
        self._store_files(lambda: artifacts.write_own_table(artifact_file, encoded, images))
        # MLflow's own tables view finds them by this tag.
        self._tables = {**self._known_tables(), artifact_file: None}
        entries = [{"path": path, "type": "table"} for path in self._tables]
        self.set_tag(LOGGED_TABLES_TAG, json.dumps(entries))

    def _known_tables(self) -> dict[str, None]:
        if self._tables is None:  # a run that this object did not begin may have some
            self._tables = {}
            with suppress(StoreError, ValueError, TypeError, KeyError):
                tags = self._store.get_run(self.run_id, timeout=LOOK_SECONDS).data.tags
                listed = json.loads(tags.get(LOGGED_TABLES_TAG, "[]"))
                self._tables = dict.fromkeys(entry["path"] for entry in listed)
        return self._tables

    def _store_files(
        self, write: Callable[[], list[FileInfo]], *, source: str | Path | None = None
    ) -> None:
        """*source* is the user's own file or folder, whose faults are the user's to hear of."""
        if self.is_deleted:
            raise RunDeleted(self.run_id)
        try:
            written = write()
        except OSError as exc:
            if not self._is_fault_of_the_store(exc, source):
                raise
            self.refused_files += 1
            warn_once(  # per folder of runs and fault, not per file
                f"nbtrack could not store artifacts in {Path(self.artifact_uri).parent}: "
                f"{exc.strerror}. Your code goes on without them."
            )
            return
        t = self.later_us()
        self._append(
            "".join(
                lines.artifact_line(self.run_id, f.path, f.sha256, size=f.file_size, t=t)
                for f in written
            )
        )

    def _is_fault_of_the_store(self, exc: OSError, source: str | Path | None) -> bool:
        if exc.errno not in _DISK_FAULTS:
            return False
        named = [Path(os.fsdecode(n)) for n in (exc.filename, exc.filename2) if n is not None]
        folder = artifact_folder(self.artifact_uri)
        if not named or any(place.is_relative_to(folder) for place in named):
            return True
        if source is not None and any(p.is_relative_to(os.path.abspath(source)) for p in named):
            return False
        return any(folder.is_relative_to(place) for place in named)  # it could not be made
