"""The metrics of one run after its fit: keys as MLflow numbers them, and `metric_info.json`."""

from __future__ import annotations

import atexit
import os
import time
import weakref
from collections import OrderedDict
from threading import RLock
from typing import TYPE_CHECKING, Any

from nbtrack.base import background
from nbtrack.base.guard import guarded, warn_once
from nbtrack.base.values import MOST_KEY_CHARACTERS
from nbtrack.capture.secrets import mask_secrets
from nbtrack.errors import ArtifactNotFound
from nbtrack.hooks.measured.metric_tables import Table, write_table

if TYPE_CHECKING:
    from nbtrack.recording.active_run import ActiveRun

INFO_FILE = "metric_info.json"
MODEL_UNKNOWN = "  # model unknown"
UNKNOWN_TAG = "nbtrack.metrics_model_unknown"
MOST_CALLS = 1000  # of one metric on one run
_MOST_LISTED = 50  # keys in the tag
_MOST_OBJECTS = 1000  # that go by one name
_MOST_DATASETS = 100
_MOST_TABLES = 20  # that wait to be written
_MOST_RUNS = 1000
_RETRY_SECONDS = 60.0


class MetricLog:
    """Of one run. Thread-safe; what the run had before this process is counted on."""

    def __init__(self, run: ActiveRun) -> None:
        self._run = run
        self._lock = RLock()
        self._writing = RLock()
        self._texts = _earlier_texts(run)  # key -> the call
        self._new: set[str] = set()  # keys whose text is not looked through for secrets yet
        self._counts: dict[str, int] = {}
        self._data: dict[str, list[Any]] = {}
        self._used: set[str] = set()
        self._unknown: list[str] = []
        self._tables: list[tuple[str, Table]] = []
        self._submitted: float | None = None  # when the work was handed over that is not done yet
        for text in self._texts.values():
            if not text.endswith(MODEL_UNKNOWN):
                metric = text.partition("(")[0].replace(".", "_")
                self._counts[metric] = self._counts.get(metric, 0) + 1

    def data_name(self, name: str, data: Any) -> str:
        """*name*, or `name-2` for the second object that goes by it, as in MLflow."""
        with self._lock:
            objects = self._data.setdefault(name, [])
            place = next((i for i, each in enumerate(objects) if _is(each, data)), len(objects))
            if place == len(objects) < _MOST_OBJECTS:
                objects.append(_reference(data))
        return _numbered(name, place + 1)

    def is_first_use(self, name: str) -> bool:
        """Whether the data that goes by *name*, as numbered, was not given to the model before."""
        with self._lock:
            if name in self._used or len(self._used) >= _MOST_DATASETS:
                return False
            self._used.add(name)
        return True

    def key(self, metric: str, data: str, text: str, *, model: str = "known") -> str | None:
        """A new key for a call of *metric*; None if there were too many.

        Calls whose model is "unknown" do not count for the numbers of the others.
        """
        counted = metric if model == "known" else f"{metric}_{data}"
        with self._lock:
            number = self._counts.get(counted, 0) + 1
            if number > MOST_CALLS:
                _warn_of_many(metric)
                return None
            while (key := _key(metric, number, data)) in self._texts:
                number += 1
            self._counts[counted] = number
            self._texts[key] = text if model == "known" else text + MODEL_UNKNOWN
            self._new.add(key)
            self._write_later()
        return key

    def mark_unknown(self, key: str) -> None:
        """Say on the run that nobody knows whose metric *key* is."""
        with self._lock:
            self._unknown.append(key)
            listed = self._unknown[:_MOST_LISTED]
            is_full = len(self._unknown) > _MOST_LISTED
        if len(self._unknown) <= _MOST_LISTED + 1:
            self._run.set_tag(UNKNOWN_TAG, ", ".join(listed) + ", …" * is_full)

    def add_table(self, key: str, table: Table) -> None:
        with self._lock:
            self._tables.append((key, table))
            self._texts[key] += table.remark
            self._new.add(key)
            self._write_later()
            is_much = len(self._tables) > _MOST_TABLES
        if is_much:  # a long cell, in which the background rests
            self.write()

    def divided(self, run: ActiveRun, child: ActiveRun) -> MetricLog:
        """For a part of *run* that has become a child: the numbers of its calls go on there."""
        log = MetricLog(child)
        with self._lock:
            self._run = run
            log._texts = {k: t for k, t in log._texts.items() if not t.endswith(MODEL_UNKNOWN)}
            log._data = {name: [*objects] for name, objects in self._data.items()}
            log._used = {*self._used}
        return log

    def write(self) -> None:
        """Store what is not stored yet."""
        with self._writing:  # or an older text could take the place of a newer one
            self._write()

    def _write(self) -> None:
        with self._lock:
            tables, self._tables = self._tables, []
            new, self._new = self._new, set()
            self._submitted = None
            for key in new:
                self._texts[key] = mask_secrets(self._texts[key])
            texts = dict(sorted(self._texts.items()))
        if self._run.is_deleted:
            return
        self._run.write_origins()
        for key, table in tables:
            write_table(self._run, key, table)
        if new:
            self._run.log_dict(texts, INFO_FILE)

    def _write_later(self) -> None:
        now = time.monotonic()
        # The background drops work if it has too much of it.
        if self._submitted is None or now > self._submitted + _RETRY_SECONDS:
            self._submitted = now
            background.submit(self._run.run_id, self.write, action=f"write {INFO_FILE}")


_logs: OrderedDict[str, MetricLog] = OrderedDict()
_lock = RLock()


def metric_log_of(run: ActiveRun) -> MetricLog:
    with _lock:
        log = _logs.get(run.run_id)
        if log is None:
            log = _logs[run.run_id] = MetricLog(run)
            if len(_logs) > _MOST_RUNS:
                _, oldest = _logs.popitem(last=False)
                oldest.write()
        else:
            _logs.move_to_end(run.run_id)
        return log


def write_log(run_id: str) -> None:
    """What is not stored yet of a run's."""
    if (log := _logs.get(run_id)) is not None:
        log.write()


def divide_log(run: ActiveRun, child: ActiveRun) -> None:
    """A part of *run* has become its child, and metrics of it are the child's."""
    with _lock:
        if (log := _logs.get(run.run_id)) is not None:
            _logs[child.run_id] = log.divided(run, child)


def _earlier_texts(run: ActiveRun) -> dict[str, str]:
    import json

    artifacts = run.artifacts
    try:
        found = json.loads(artifacts.read(INFO_FILE)) if artifacts.has(INFO_FILE) else {}
    except (ArtifactNotFound, OSError, ValueError):
        return {}
    return {str(key): str(text) for key, text in found.items()} if isinstance(found, dict) else {}


def _reference(data: Any) -> Any:
    try:
        return weakref.ref(data)
    except TypeError:  # a list
        return id(data)


def _is(reference: Any, data: Any) -> bool:
    if isinstance(reference, weakref.ref):
        return reference() is data
    return bool(reference == id(data))


def _key(metric: str, number: int, data: str) -> str:
    return f"{_numbered(metric, number)}_{data}"[:MOST_KEY_CHARACTERS]


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}-{number}"


def _warn_of_many(metric: str) -> None:
    warn_once(
        f"nbtrack: {metric} was computed more than {MOST_CALLS} times for one run; further ones "
        f"are not recorded. A series is better kept with nbtrack.log_metric(key, value, step=i)."
    )


def _write_all() -> None:
    for log in list(_logs.values()):
        with guarded(f"write {INFO_FILE}"):
            log.write()


def _after_fork() -> None:
    global _lock
    _lock = RLock()
    _logs.clear()


# The background does not promise to do everything at exit.
atexit.register(_write_all)
os.register_at_fork(after_in_child=_after_fork)
