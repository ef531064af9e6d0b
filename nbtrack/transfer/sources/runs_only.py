"""What the readers of sources without models have in common."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import quote

from nbtrack.base.working_folder import WorkingFolder
from nbtrack.transfer.imports.digests import texts_digest
from nbtrack.transfer.sources.key_names import KeyNames
from nbtrack.transfer.sources.source_records import (
    BrokenRecord,
    FoundFiles,
    Points,
    SourceModel,
    SourceRegisteredModel,
)

T = TypeVar("T")

_POINTS_AT_ONCE = 50_000
_LONGEST_PART = 120  # characters of a part of a path
_LONGEST_STEP = 1 << 63


class RunsOnly:
    """A reader of runs without files and models, which a kind of its own adds to."""

    def close(self) -> None:
        """Nothing stays open."""

    def notes(self) -> Sequence[str]:
        return ()

    def leftovers(self) -> Mapping[str, str]:
        return {}

    def files(self, artifact_uri: str, owner: str) -> FoundFiles:
        _ = artifact_uri, owner
        return FoundFiles(files={})

    def logged_models(self) -> Iterator[SourceModel | BrokenRecord]:
        yield from ()

    def registered_models(self) -> Iterator[SourceRegisteredModel | BrokenRecord]:
        yield from ()


class LastRead(Generic[T]):
    """All of a run, by its id: the last one is kept, as it is asked for several times."""

    def __init__(self, read: Callable[[str], T]) -> None:
        self._read = read
        self._last: tuple[str, T] | None = None

    def __call__(self, run_id: str) -> T:
        if self._last is None or self._last[0] != run_id:
            self._last = None  # not two at once
            self._last = run_id, self._read(run_id)
        return self._last[1]


def without_place(left: Mapping[str, int]) -> dict[str, str]:
    """Of what there is no place for, how much there was."""
    return {what: f"{n:,} of them, for which nbtrack has no place" for what, n in left.items()}


def cut_notes(cut: Mapping[str, str]) -> Iterator[str]:
    """*cut*: files whose last record is not whole, and where."""
    for name, why in cut.items():
        yield f"all before it came, and the run is KILLED: {name}: {why}"


class _Series:
    def __init__(self) -> None:
        self.values, self.steps, self.times = array("d"), array("q"), array("q")


class KeptPoints:
    """Points of a run in the order in which they were logged, 24 bytes for each. What of keys is
    called otherwise here is added to *renamed*."""

    def __init__(self, renamed: dict[str, str]) -> None:
        self._names = KeyNames(renamed)
        self._series: dict[str, _Series] = {}
        self._single: set[str] = set()

    def add_single(self, key: str, value: float, step: int, time_ms: int) -> None:
        """As `add`, of a key that has no history."""
        self.add(key, value, step, time_ms)
        if len(self._series[key].values) == 1:
            self._single.add(self._names.name(key))
        else:
            self._single.discard(self._names.name(key))

    def add(self, key: str, value: float, step: int, time_ms: int) -> None:
        """Raises BrokenRecord for a step of more than 64 bits."""
        if not -_LONGEST_STEP < step < _LONGEST_STEP:
            raise BrokenRecord(f"a point of {key!r:.80} has the step {step}, of more than 64 bits")
        if (series := self._series.get(key)) is None:
            series = self._series[key] = _Series()
        series.values.append(value)
        series.steps.append(step)
        series.times.append(time_ms)

    def __iter__(self) -> Iterator[Points]:
        named = ((self._names.name(key), series) for key, series in self._series.items())
        for key, series in sorted(named, key=itemgetter(0)):
            for start in range(0, len(series.values), _POINTS_AT_ONCE):
                some = slice(start, start + _POINTS_AT_ONCE)
                values, steps, times = series.values[some], series.steps[some], series.times[some]
                yield Points(key, values, steps, times, is_single=key in self._single)


class WrittenFiles:
    """Files that are made of what a source has within its own, until the import is over."""

    def __init__(self) -> None:
        self._place: WorkingFolder | None = None
        self._digests: dict[Path | str, str] = {}

    def write(self, content: bytes) -> Path:
        if self._place is None:
            self._place = WorkingFolder("import")
        file = self._place.path / str(len(self._digests))
        file.write_bytes(content)
        self._digests[file] = hashlib.sha256(content).hexdigest()
        return file

    def found(self, files: Mapping[str, Path | str]) -> FoundFiles:
        """Each of *files* was written here."""
        stamp = texts_digest({path: self._digests[file] for path, file in files.items()})
        return FoundFiles(files=files, stamp=stamp)

    def clear(self) -> None:
        if self._place is not None:
            self._place.cleanup()
            self._place = None
            self._digests.clear()


def path_of(key: str) -> str:
    """A path that a file may have, of any *key*: nothing of it leads elsewhere."""
    parts = [quote(part, safe=" ()[]=+,") for part in key.split("/") if part]
    return "/".join(_harmless_part(part) for part in parts) or "_"


def _harmless_part(part: str) -> str:
    if not part.strip("."):
        return part.replace(".", "%2E")
    if len(part) > _LONGEST_PART:
        return f"{part[: _LONGEST_PART - 13]}-{texts_digest(part)[:12]}"
    return part
