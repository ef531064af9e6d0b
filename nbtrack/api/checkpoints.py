"""Files that a framework saves while it trains, kept as artifacts of the run; `nbtrack.resume`.

They are looked for once a second, by a thread, and taken when they have stood still for a moment,
so that no half-written one is kept. Each content is stored once, whatever names it has.
"""

from __future__ import annotations

import ast
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbtrack.api.checkpoint_files import KeptFiles, Seen, is_whole, saved_as
from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.base.guard import guarded
from nbtrack.errors import InvalidValue
from nbtrack.lookup.meant_runs import run_id_of
from nbtrack.lookup.metric_direction import Direction, direction
from nbtrack.recording.active_run import ActiveRun
from nbtrack.recording.session import current_session
from nbtrack.records.origins import is_of_machine
from nbtrack.records.runs import Run
from nbtrack.records.tags import CHECKPOINT_TAG, LATEST_CHECKPOINT_TAG
from nbtrack.stores.store import Store

LOOK_SECONDS = 1.0
THREAD_NAME = "nbtrack-checkpoints"
_WAYS: Mapping[str, Direction] = {"min": "lower", "max": "higher"}


def keep_checkpoints(
    files: str | Path, *, last: bool = False, best: str | None = None, every: int | None = None
) -> None:
    """Keep what is saved as *files*, a folder or a glob, from now on until the active run ends:
    below `checkpoints/` in its artifacts. What stands there already is not the run's.

    Without a rule all of it is kept as it stands: what the framework itself removes is removed.
    With one, the newest is kept in `checkpoints/last`; *best* keeps the one that was saved when
    this metric was best (`"loss"`, `"my_score:max"`) in `checkpoints/best`, and *every* each n-th
    in `checkpoints/every`. Raises InvalidValue if no run is open.
    """
    run = current_session().active_run()
    if run is None:
        raise InvalidValue("keep_checkpoints is about the run that is open, and none is.")
    rule = Rule(last=last, every=every, **_metric_and_way(best))
    _Watch(run, Path(files).expanduser().absolute(), rule).begin()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """Where a run stands: what to go on with. *step* is the last one of its metrics; *checkpoint*
    is its last one, a file or a folder, None if it has none."""

    run_id: str
    params: dict[str, Any]
    metrics: dict[str, float]
    step: int
    checkpoint: Path | None


def resume(run: object) -> Resumed:
    """What a run had when it ended, or was interrupted; `start_run(run_id=…)` goes on with it.

    A run is an id, the beginning of one, a name, or a run. Params that read like numbers, lists or
    None are such. Raises NotFound.
    """
    store = current_session().store
    found = store.get_run(run_id_of(store, run))
    metrics = {key: v for key, v in found.data.metrics.items() if not is_of_machine(key)}
    return Resumed(
        run_id=found.info.run_id,
        params={key: _value(text) for key, text in found.data.params.items()},
        metrics=metrics,
        step=max((_last_step(store, found, key) for key in metrics), default=0),
        checkpoint=_checkpoint_of(found),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    last: bool = False
    best: str | None = None
    way: Direction = "lower"
    every: int | None = None

    @property
    def keeps_all(self) -> bool:
        return not (self.last or self.best or self.every)


class _Watch:
    """Over *files*, in a thread of its own until *run* ends."""

    def __init__(self, run: ActiveRun, files: Path, rule: Rule) -> None:
        self._run, self._place, self._rule = run, files, rule
        self._kept = KeptFiles(run)
        self._taken: Seen = saved_as(files)
        self._before: Seen = dict(self._taken)
        self._own: set[Path] = set()
        self._count = 0
        self._best: float | None = None
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._work, name=THREAD_NAME, daemon=True)

    def begin(self) -> None:
        self._run.at_end.append(self._finish)
        self._thread.start()

    def _work(self) -> None:
        while not self._is_over.wait(LOOK_SECONDS) and self._run.is_open:
            with guarded("keep a checkpoint", on_fault=self._is_over.set):
                self._look()

    def _finish(self) -> None:
        self._is_over.set()
        self._thread.join()
        self._look(is_last=True)

    def _look(self, *, is_last: bool = False) -> None:
        now = saved_as(self._place)
        for saved, stamp in sorted(now.items(), key=lambda each: each[1]):
            is_settled = is_last or self._before.get(saved) == stamp
            if self._taken.get(saved) != stamp and is_settled and is_whole(saved):
                self._taken[saved] = stamp
                self._take(saved, stamp[0])
        self._before = now
        if self._rule.keeps_all:
            for gone in self._own - now.keys():
                self._own.discard(gone)
                self._kept.remove(gone)

    def _take(self, saved: Path, saved_ns: int) -> None:
        self._count += 1
        self._own.add(saved)
        if self._rule.keeps_all:
            newest = self._kept.put("", saved)
        else:
            newest = self._kept.put_alone("last", saved)
            if self._is_best(saved_ns // 1_000_000):
                self._kept.put_again_alone("best", newest)
            if self._rule.every and self._count % self._rule.every == 0:
                self._kept.put_again(f"every/{self._count:06d}", newest)
        self._run.set_tag(CHECKPOINT_TAG, newest)

    def _is_best(self, saved_ms: int) -> bool:
        value = self._value_when(saved_ms)
        if value is None:
            return False
        before, self._best = self._best, value
        if before is None or (value > before if self._rule.way == "higher" else value < before):
            return True
        self._best = before
        return False

    def _value_when(self, saved_ms: int) -> float | None:
        """The metric's value of that moment: the last one before it."""
        if self._rule.best is None:
            return None
        points = self._run.store.read_metrics(self._run.run_id, self._rule.best)
        before = [point for point in points if point.timestamp <= saved_ms] or points[:1]
        return max(before, key=lambda point: point.timestamp).value if before else None


def _metric_and_way(best: str | None) -> dict[str, Any]:
    if best is None:
        return {}
    name, colon, word = best.rpartition(":")
    if colon and word in _WAYS:
        return {"best": name, "way": _WAYS[word]}
    way = direction(best)
    if way is None:
        raise InvalidValue(f"Is less of {best!r} better, or more? Write {best}:min or {best}:max.")
    return {"best": best, "way": way}


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def _last_step(store: Store, run: Run, key: str) -> int:
    points = store.read_metrics(run.info.run_id, key)
    return points[-1].step if points else 0


def _checkpoint_of(run: Run) -> Path | None:
    """What a rule of the user's kept, else what autolog did."""
    for tag in (CHECKPOINT_TAG, LATEST_CHECKPOINT_TAG):
        if (path := run.data.tags.get(tag)) is not None:
            artifacts = open_artifacts(run.info.artifact_uri, run_id=run.info.run_id)
            if artifacts.has(path):
                return artifacts.download(path)
    return None
