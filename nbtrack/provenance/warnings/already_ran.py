"""*already-ran*: the same cells ran before, with the same files and params, and the result is kept.

What a cell will need is known before it runs only in part: so a run is told by what was known at
its beginning, and counts as a precedent only if at its end nothing else had come in.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Self

from nbtrack.display.number_format import format_age, format_number
from nbtrack.records.executions import Execution, ExecutionStatus, SeenFile
from nbtrack.records.history import EarlierRun
from nbtrack.records.origins import Origin, Origins, origins_of
from nbtrack.records.tags import IDENTITY_TAG

FILES_TAG = "nbtrack.identity.files"  # that the cell itself read: path, size and mtime of each
_MODEL_TAG = "nbtrack.model."  # and the path of a model in its run
_LIBRARIES = ("numpy", "scipy", "pandas", "sklearn", "torch", "xgboost", "lightgbm")
_TRACK_LINE = re.compile(r"^%{1,2}track\b[^\n]*$", re.MULTILINE)
_MOST_FILES = 50
# What a cell names whose data come from where nobody sees: files read by C++, servers, the clock,
# generators that seed themselves.
_UNSEEN = (
    "parquet", "read_table", "read_feather", "read_hdf", "h5py", "scan_", "polars", "duckdb",
    "connect", "requests", "urlopen", "httpx",
    "time(", "now(", "today(", "perf_counter", "uuid",
    "default_rng()", "RandomState()", "Random()", "SeedSequence()",
    "default_rng(None)", "RandomState(None)",
)  # fmt: skip


class Precedent(NamedTuple):
    """The earlier run."""

    run_id: str
    name: str | None
    started_ms: int
    metrics: Mapping[str, float]
    origins: Origins
    model: str | None  # the path of a model in the run
    files: str  # the tag

    @classmethod
    def of(cls, run: EarlierRun) -> Self:
        model = next((key for key in sorted(run.tags) if key.startswith(_MODEL_TAG)), None)
        return cls(
            run.run_id,
            run.name,
            run.started_ms,
            run.metrics,
            origins_of(run.tags),
            None if model is None else model.removeprefix(_MODEL_TAG),
            run.tags.get(FILES_TAG, "[]"),
        )

    @property
    def has_its_files(self) -> bool:
        """Whether the files that it read are as they were."""
        try:
            files = json.loads(self.files)
            return all(_is_as_it_was(str(path), size, mtime) for path, size, mtime in files)
        except (ValueError, TypeError, RecursionError):
            return False


def identity(
    source: str,
    params: Mapping[str, str],
    needed: Sequence[Execution],
    executions: Iterable[Execution],
) -> str | None:
    """A digest of all that decides what the cell computes, as far as that is known before it runs;
    None if it is known that something is not. *needed* is its slice without itself."""
    if any(each.gaps or each.unseeded for each in needed):
        return None
    if any(each.status is not ExecutionStatus.OK for each in needed):
        return None
    states = [(each.source, each.states) for each in executions if each.states]
    facts = [
        code_of(source),
        sorted(params.items()),
        [(each.source, _files(each.files_read), _files(each.modules)) for each in needed],
        states,
        [sys.version, *_versions()],
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


def code_of(source: str) -> str:
    """Without the line of %%track."""
    return _TRACK_LINE.sub("", source).strip()


def sees_all(codes: Iterable[str | None]) -> bool:
    """Whether all that these cells may read is recorded; not of a cell whose code is not known."""
    return all(code is not None and not any(word in code for word in _UNSEEN) for code in codes)


def precedent_tags(
    digest: str, settled: Sequence[Execution], foreseen: Iterable[int]
) -> dict[str, str]:
    """Of a run that ended, for later ones to find; none if it needed what nobody foresaw, or what
    is not captured. *settled* is its slice, its own execution the last."""
    *needed, own = settled
    is_foreseen = {each.number for each in needed} <= set(foreseen)
    is_known = not (own.gaps or own.unseeded or own.draws) and own.status is ExecutionStatus.OK
    if not (is_foreseen and is_known) or len(own.files_read) > _MOST_FILES:
        return {}
    return {IDENTITY_TAG: digest, FILES_TAG: json.dumps(_files((*own.files_read, *own.modules)))}


def already_ran(run: Precedent, *, now: float) -> str:
    name = run.name or run.run_id[:8]
    metric = min(run.metrics, key=lambda key: (_origin(run, key), key), default=None)
    reached = "" if metric is None else f", {metric} {format_number(run.metrics[metric])}"
    age = format_age(now - run.started_ms / 1000)
    uri = f"runs:/{run.run_id}/{run.model}"
    load = "" if run.model is None else f" nbtrack.load_model({uri!r}) gives its model."
    return f"The same code, params and seen files ran before: {name}, {age}{reached}.{load}"


def _origin(run: Precedent, metric: str) -> Origin:
    return run.origins.metrics.get(metric, Origin.LOGGED)


def _files(files: Iterable[SeenFile]) -> list[tuple[str, int | None, int | None]]:
    return [(each.path, each.size, each.mtime_ns) for each in files]


def _is_as_it_was(path: str, size: int | None, mtime_ns: int | None) -> bool:
    try:
        now = os.stat(path)
    except OSError:
        return size is None  # it was not there then, either
    return (now.st_size, now.st_mtime_ns) == (size, mtime_ns)


def _versions() -> list[str]:
    modules = [(name, sys.modules.get(name)) for name in _LIBRARIES]
    return [f"{name} {getattr(m, '__version__', '')}" for name, m in modules if m is not None]
