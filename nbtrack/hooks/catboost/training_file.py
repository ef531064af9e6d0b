"""What CatBoost writes while it trains: `catboost_training.json`, a line for each iteration.

A callback would cost more with each iteration, and this costs the training nothing. But its numbers
have ten digits: they are for a live chart alone. What is recorded is read off the model in the end.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from nbtrack.base.guard import guarded
from nbtrack.hooks.training.loop import Loop

LOOK_SECONDS = 0.3
_FOLDER, _FILE = "catboost_info", "catboost_training.json"
_META = '"meta":'


@contextmanager
def foretelling(loop: Loop, settings: dict[str, Any], *, may_end_early: bool) -> Iterator[None]:
    """*loop* hears how far a training is, unless *settings* say that it writes no files."""
    if settings.get("allow_writing_files") is False:
        yield
        return
    place = Path(settings.get("train_dir") or _FOLDER).absolute() / _FILE
    follower = Follower(TrainingFile(place), loop, may_end_early=may_end_early)
    follower.start()
    try:
        yield
    finally:
        follower.stop()


class TrainingFile:
    """One that stands there already is of an earlier training."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._earlier = self._stamp()
        self._read = 0  # bytes

    def new_lines(self) -> list[str]:
        """Those that are whole."""
        if self._earlier is not None and self._stamp() == self._earlier:
            return []
        self._earlier = None
        with suppress(FileNotFoundError), self._place.open("rb") as file:
            file.seek(self._read)
            whole, end, _ = file.read().rpartition(b"\n")
            self._read += len(whole) + len(end)
            return whole.decode().splitlines()
        return []

    def _stamp(self) -> tuple[int, int] | None:
        with suppress(OSError):
            found = self._place.stat()
            return found.st_mtime_ns, found.st_size
        return None


class Follower:
    def __init__(self, file: TrainingFile, loop: Loop, *, may_end_early: bool) -> None:
        self._file, self._loop, self._may_end_early = file, loop, may_end_early
        self._names: dict[str, tuple[str, list[str]]] = {}  # of data and metrics, by CatBoost's
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._work, name="nbtrack-catboost", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._done.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._done.wait(LOOK_SECONDS):
            with guarded("follow a training of CatBoost", on_fault=self._done.set):
                self.look()

    def look(self) -> None:
        for line in self._file.new_lines():
            text = line.rstrip(",")
            if text.startswith(_META):
                self._take_meta(json.loads(text.removeprefix(_META)))
            elif text.startswith('{"'):
                self._take_iteration(json.loads(text))

    def _take_meta(self, meta: dict[str, Any]) -> None:
        self._names = dict(_names(meta))
        self._loop.expects(meta.get("iteration_count"), may_end_early=self._may_end_early)

    def _take_iteration(self, told: dict[str, Any]) -> None:
        values = [
            (data, metric, value)
            for key, (data, metrics) in self._names.items()
            for metric, value in zip(metrics, told.get(key, ()))
        ]
        self._loop.foretell(told["iteration"], values)


def _names(meta: dict[str, Any]) -> Iterator[tuple[str, tuple[str, list[str]]]]:
    """As `get_evals_result` has them."""
    tests, metrics = meta["test_sets"], [each["name"] for each in meta["test_metrics"]]
    for each in meta["learn_sets"]:
        yield each, (each, [metric["name"] for metric in meta["learn_metrics"]])
    for n, each in enumerate(tests):
        yield each, ("validation" if len(tests) == 1 else f"validation_{n}", metrics)
