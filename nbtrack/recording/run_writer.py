"""The `log_*` verbs on one run, by id. `ActiveRun` adds a life cycle, the client adds lookup."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import RLock
from typing import Any

from nbtrack.artifact_store import artifact_formats, table_formats
from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.artifact_store.paths import folder_of as artifact_folder
from nbtrack.artifact_store.store import ArtifactStore
from nbtrack.base.guard import warn_once
from nbtrack.base.locks import held, make_shared_folder
from nbtrack.base.nearest import did_you_mean
from nbtrack.base.values import (
    as_metric,
    as_microseconds,
    as_step,
    as_text,
    check_key,
    check_mapping,
    check_tags,
    check_unicode,
)
from nbtrack.errors import ArtifactNotFound, InvalidValue, RunDeleted, StoreError, TagNotFound
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.recording.dataset_facts import dataset_facts
from nbtrack.recording.given_times import later_than_equals
from nbtrack.recording.logged_keys import LoggedKeys, not_moved
from nbtrack.recording.measured import point_facts
from nbtrack.records.origins import NO_ORIGINS, ORIGINS_TAG, Origins, origins_of, origins_text
from nbtrack.records.runs import FileInfo, Metric, Param, RunTag
from nbtrack.records.tags import RUN_NAME_TAG
from nbtrack.stores.opening import folder_of
from nbtrack.stores.store import Store

LOGGED_TABLES_TAG = "mlflow.loggedArtifacts"
FEW_ORIGINS = 32  # so many keys are told of at once
TABLE_SECONDS = 10.0  # for whoever else adds rows to a table
LOOK_SECONDS = 0.05  # whoever holds the database must not hold up the user
_noting = RLock()  # of origins: what is known of a run is read, added to and written
_DISK_FAULTS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EACCES, errno.EPERM}


class RunWriter:
    """Writes go to this process's journal and return at once; nothing here reads the database."""

    def __init__(self, store: Store, run_id: str, *, artifact_uri: str) -> None:
        self.run_id = run_id
        self.artifact_uri = artifact_uri
        self.is_deleted = False
        self.newest_us = 0  # of what was known of it when it was looked up; see `later_us`
        self.refused_files = 0  # calls of which the disk took no file
        self._store = store
        self._tables: dict[str, None] | None = None  # artifact paths of tables, in order
        self._origins: Origins | None = None  # None: not known yet
        self._written_origins = 0  # keys that the tag tells of, as written here
        self._has_new_origins = False
        self.logged = LoggedKeys()

    @property
    def store(self) -> Store:
        """Where it is recorded; another `set_tracking_uri` does not move it."""
        return self._store

    # --- metrics, params, tags

    def log_metric(
        self, key: str, value: Any, step: Any = None, *, timestamp: float | None = None
    ) -> None:
        """One point. *timestamp* is milliseconds since 1970 UTC. Raises InvalidValue."""
        name = check_key(key)
        number = value if type(value) is float else as_metric(key, value)
        place = step if type(step) is int and -1 < step < 1 << 63 else as_step(step)
        t = now_us() if timestamp is None else self._given_time(timestamp, name, place)
        self._append(lines.metric_line(self.run_id, name, number, step=place, t=t))
        if name not in self.logged.metrics:
            self._note_logged(metrics=(name,))

    def log_metrics(
        self,
        metrics: Mapping[str, Any],
        step: Any = None,
        *,
        timestamp: float | None = None,
        about: Mapping[str, str] | None = None,
    ) -> None:
        """Several points of one step, all or none; *about* are POINT_FACTS of them."""
        now, place, text = now_us(), as_step(step), ""
        for key, value in check_mapping("log_metrics", metrics).items():
            name, number = check_key(key), as_metric(key, value)
            t = now if timestamp is None else self._given_time(timestamp, name, place)
            text += lines.metric_line(self.run_id, name, number, step=place, t=t)
            if about:
                text += lines.model_point_line(self.run_id, name, number, step=place, t=t, **about)
        self._append(text)
        self._note_logged(metrics=metrics)

    def log_lines(self, text: str) -> None:
        """Whole lines about the run, as `journal.lines` makes them: all or none."""
        self._append(text)

    def log_param(self, key: str, value: Any, *, is_inferred: bool = False) -> Any:
        """Keep *value* as text; logged again, the latest stands and the earlier ones are kept."""
        self.log_params({key: value}, is_inferred=is_inferred)
        return value

    def log_params(self, params: Mapping[str, Any], *, is_inferred: bool = False) -> None:
        """All or none; logged again, the latest stands and the earlier ones are kept."""
        t = self.later_us()
        given = check_mapping("log_params", params)
        texts = {check_key(k): as_text(v) for k, v in given.items()}
        self._append(
            "".join(
                lines.param_line(self.run_id, key, text, t=t, is_inferred=is_inferred)
                for key, text in texts.items()
            )
        )
        if not is_inferred:
            self._note_logged(params=texts)

    def set_tag(self, key: str, value: Any) -> None:
        """The value is kept as text; set again, it replaces the one before."""
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """All or none."""
        self._append(
            self._tag_lines(check_tags(check_mapping("set_tags", tags)), t=self.later_us())
        )

    def note_origins(self, found: Origins, *, may_wait: bool = False) -> None:
        """Where some of its params and metrics came from; what is known of others stays.

        One tag tells of all: of many that come one by one, what *may_wait* is written when they
        have doubled, or by `write_origins`.
        """
        with _noting:
            known = self._known_origins()
            self._origins = known | found
            self._has_new_origins |= self._origins != known
            is_due = not FEW_ORIGINS < self._origins.count < 2 * self._written_origins
            if is_due or not may_wait:
                self.write_origins()

    def write_origins(self) -> None:
        """What waits, if any."""
        with _noting:
            if self._has_new_origins and not self.is_deleted:
                known = self._known_origins()
                self.set_tag(ORIGINS_TAG, origins_text(known))
                self._has_new_origins, self._written_origins = False, known.count

    def _note_logged(
        self, *, params: Mapping[str, str] | None = None, metrics: Iterable[str] = ()
    ) -> None:
        params = params or {}
        self.logged.add(params=params, metrics=metrics)
        again = not_moved(self._origins, params, metrics)
        if again != NO_ORIGINS:
            self.note_origins(again)

    def _known_origins(self) -> Origins:
        if self._origins is None:
            self._origins = NO_ORIGINS if self._is_begun_here() else self._stored_origins()
        return self._origins

    def _is_begun_here(self) -> bool:
        """Whether nobody can have written to the run before this object did."""
        return False

    def _stored_origins(self) -> Origins:
        with suppress(StoreError):
            return origins_of(self._store.get_run(self.run_id, timeout=LOOK_SECONDS).data.tags)
        return NO_ORIGINS

    def rename(self, name: str) -> None:
        """The name is a tag too, as in MLflow."""
        self.set_tags({RUN_NAME_TAG: name})

    def _tag_lines(self, tags: Mapping[str, str], *, t: int) -> str:
        text = "".join(lines.tag_line(self.run_id, k, v, t=t) for k, v in tags.items())
        if (name := tags.get(RUN_NAME_TAG)) is not None:
            text += lines.run_line(self.run_id, t=t, name=name)
            self._note_name(name)
        return text

    def _note_name(self, name: str) -> None:
        """*name* is the run's from now on; an open run keeps it in mind."""

    def delete_tag(self, key: str) -> None:
        """Remove a tag. Raises TagNotFound, unless the database is busy."""
        name = check_key(key, "tag")
        with suppress(StoreError):
            tags = self._store.get_run(self.run_id, timeout=LOOK_SECONDS).data.tags
            if name not in tags:
                raise TagNotFound(name, f"run {self.run_id}", did_you_mean(name, tags))
        self._append(lines.tag_line(self.run_id, name, None, t=self.later_us()))

    def log_batch(
        self,
        metrics: Iterable[Metric] = (),
        params: Iterable[Param] = (),
        tags: Iterable[RunTag] = (),
    ) -> None:
        """Points, params and tags, all or none. A metric's timestamp is in milliseconds."""
        t = self.later_us()
        try:
            points = list(metrics)
            text = [self._batched_metric(m) for m in points]
            pairs = [(check_key(p.key), as_text(p.value)) for p in params]
            text += [lines.param_line(self.run_id, key, value, t=t) for key, value in pairs]
            text.append(self._tag_lines(check_tags({g.key: g.value for g in tags}), t=t))
        except (AttributeError, TypeError) as exc:
            raise InvalidValue(
                f"log_batch: {exc}. It takes lists of nbtrack.entities.Metric, Param and RunTag; "
                "for dicts there are log_metrics, log_params and set_tags."
            ) from exc
        self._append("".join(text))
        self._note_logged(params=dict(pairs), metrics={m.key for m in points})

    def _batched_metric(self, point: Metric) -> str:
        name, number, step = (
            check_key(point.key),
            as_metric(point.key, point.value),
            as_step(point.step),
        )
        t = self._given_time(point.timestamp, name, step)
        line = lines.metric_line(self.run_id, name, number, step=step, t=t)
        if not (facts := point_facts(point)):
            return line
        return line + lines.model_point_line(self.run_id, name, number, step=step, t=t, **facts)

    def _given_time(self, timestamp: Any, key: str, step: int) -> int:
        return later_than_equals(timestamp, self.run_id, key, step)

    def log_input(
        self, dataset: Any, context: str | None = None, tags: Mapping[str, str] | None = None
    ) -> None:
        """Record a dataset the run read; *context* says what for ("train", "eval")."""
        own_tags = json.dumps(check_tags(tags))
        facts = {**dataset_facts(dataset), "context": context, "tags": own_tags}
        self._append(lines.input_line(self.run_id, t=now_us(), **facts))

    # --- artifacts

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
        stale = [file.path for file in self.artifacts.walk(folder) if file.path not in kept]
        for path in stale:
            self.artifacts.delete(path)
        t = self.later_us()
        self._append(
            "".join(lines.artifact_line(self.run_id, path, None, size=None, t=t) for path in stale)
        )

    def log_bytes(self, data: bytes, artifact_file: str) -> None:
        """One file as it is, in place of what was there."""
        self._store_files(lambda: [self.artifacts.write(artifact_file, data)])

    def log_text(self, text: str, artifact_file: str) -> None:
        """As UTF-8, in place of what was there. Raises InvalidValue unless it is a str."""
        if not isinstance(text, str):
            raise InvalidValue(f"log_text takes a str, not {type(text).__name__}; see log_dict.")
        self.log_bytes(check_unicode(text, f"text for {artifact_file!r}").encode(), artifact_file)

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
            raise InvalidValue("log_image takes either artifact_file= or key= (with step=).")
        if artifact_file is not None and (step, timestamp) != (None, None):
            raise InvalidValue(
                "log_image takes step= and timestamp= with key= only: a file has none."
            )
        if artifact_file is None:
            when = as_microseconds(timestamp, default=now_us()) // 1000
            artifact_file = artifact_formats.image_series_path(
                str(key), as_step(step), timestamp_ms=when
            )
        self.log_bytes(artifact_formats.encode_image(image, artifact_file), artifact_file)

    def log_table(self, data: Any, artifact_file: str) -> None:
        """A DataFrame or dict of columns; logged again to the same file, its rows are added."""
        # Read, extended and written: nobody else may do that meanwhile.
        lock = folder_of(self._store.uri) / "tables.lock"
        with suppress(OSError):  # a folder that cannot be written refuses the table, too
            make_shared_folder(lock.parent)
        with held(lock, wait_seconds=TABLE_SECONDS):
            self._add_to_table(data, artifact_file)

    def _add_to_table(self, data: Any, artifact_file: str) -> None:
        try:
            previous = self.artifacts.read(artifact_file)
        except ArtifactNotFound:
            previous = None
        encoded = table_formats.encode_table(data, artifact_file, previous=previous)
        self.log_bytes(encoded, artifact_file)
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

    def later_us(self) -> int:
        """Now, but later than all that was known of the run when it was looked up: it may have
        been written by a clock that is ahead of ours, and the latest is what counts."""
        self.newest_us = t = max(now_us(), self.newest_us + 1)
        return t

    def _append(self, text: str) -> None:
        if self.is_deleted:
            raise RunDeleted(self.run_id)
        if text:
            self._store.append(text)


def _after_fork() -> None:
    global _noting
    _noting = RLock()


os.register_at_fork(after_in_child=_after_fork)
