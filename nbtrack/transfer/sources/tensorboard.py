"""Reading a folder of TensorBoard: each folder in it that has event files is a run.

Scalars are points; hparams are params; texts, images and audio are files. Event files say neither
what a run is called nor how it ended: it is called as its folder.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nbtrack.errors import InvalidValue
from nbtrack.records.tags import PARENT_TAG
from nbtrack.transfer.sources.damaged_records import CutRecord, DamagedRecord
from nbtrack.transfer.sources.derived_ids import experiment_called, run_id_of
from nbtrack.transfer.sources.event_files import Event, Value, events_in
from nbtrack.transfer.sources.hparams import Session, session_in
from nbtrack.transfer.sources.key_names import KeyNames, renamed_notes
from nbtrack.transfer.sources.runs_only import (
    KeptPoints,
    LastRead,
    RunsOnly,
    WrittenFiles,
    cut_notes,
    path_of,
    without_place,
)
from nbtrack.transfer.sources.source_records import (
    BrokenRecord,
    FoundFiles,
    Points,
    SourceExperiment,
    SourceRun,
)

_STATUSES = {1: "FINISHED", 2: "FAILED", 3: "RUNNING"}


@dataclass(slots=True)
class _Read:
    """All of a run."""

    points: KeptPoints
    files: dict[str, Path | str] = field(default_factory=dict)
    session: Session = field(default_factory=Session)
    plugins: dict[str, str] = field(default_factory=dict)  # by tag: only the first value says it
    start: float | None = None
    end: float | None = None
    is_cut: bool = False


class EventsReader(RunsOnly):
    kind = "tensorboard"

    def __init__(self, folder: Path, *, experiment: str | None = None) -> None:
        """Runs go to *experiment*, by default one called as *folder*. Raises InvalidValue if no
        event file is in it."""
        self.title = str(folder)
        self._root = folder
        place = "" if experiment else str(folder)
        self._experiment = experiment_called(folder.resolve().name, joined=experiment, place=place)
        self._written = WrittenFiles()
        self._read = LastRead(self._read_all)
        self._empty: dict[str, str] = {}
        self._cut: dict[str, str] = {}
        self._damaged: dict[str, str] = {}
        self._left: Counter[str] = Counter()
        self._renamed: dict[str, str] = {}
        self._folders = dict(_runs_in(folder, self._empty))
        if not self._folders:
            raise InvalidValue(
                f"No folder in {str(folder)!r} has a file of events (events.out.tfevents.…) "
                "with one in it."
            )
        self._ids = {home: run_id for run_id, home in self._folders.items()}

    def close(self) -> None:
        self._written.clear()

    def notes(self) -> Sequence[str]:
        ends = "TensorBoard does not say how a run ended: it is FINISHED if nothing else is known"
        return [ends, *cut_notes(self._cut), *renamed_notes(self._renamed)]

    def leftovers(self) -> Mapping[str, str]:
        return {**self._empty, **self._damaged, **without_place(self._left)}

    def experiments(self) -> Iterator[SourceExperiment | BrokenRecord]:
        yield self._experiment

    def run_ids(self) -> Sequence[str]:
        return list(self._folders)

    def run(self, run_id: str) -> SourceRun:
        home, read = self._folders[run_id], self._read(run_id)
        session, parent = read.session, self._ids.get(home.parent)
        status = _STATUSES.get(session.status, "KILLED" if read.is_cut else "FINISHED")
        return SourceRun(
            run_id=run_id,
            experiment_id=self._experiment.experiment_id,
            name=self._name_of(home),
            status=status,
            user="",
            start=_milliseconds(session.start or read.start),
            end=None if status == "RUNNING" else _milliseconds(session.end or read.end),
            is_deleted=False,
            artifact_uri="",
            params=KeyNames(self._renamed).all(session.params),
            tags={PARENT_TAG: parent} if parent and home != self._root else {},
        )

    def points(self, run_id: str) -> Iterator[Points]:
        yield from self._read(run_id).points

    def files(self, artifact_uri: str, owner: str) -> FoundFiles:
        _ = artifact_uri
        return self._written.found(self._read(owner).files)

    def _name_of(self, home: Path) -> str:
        name = os.path.relpath(home, self._root)
        name = self._root.resolve().name if name == "." else name
        return os.fsencode(name).decode("utf-8", "replace")

    # --- events

    def _read_all(self, run_id: str) -> _Read:
        self._written.clear()
        read = _Read(points=KeptPoints(self._renamed))
        for file in _event_files(self._folders[run_id]):
            name = os.path.relpath(file, self._root)
            try:
                for event in events_in(file):
                    self._take(event, read)
            except CutRecord as exc:
                read.is_cut, self._cut[name] = True, str(exc)
            except DamagedRecord as exc:
                self._damaged[f"what is behind it in {name}"] = str(exc)
            except OSError as exc:
                raise BrokenRecord(f"{exc.strerror}: {name!r}") from None
        return read

    def _take(self, event: Event, read: _Read) -> None:
        read.start = event.time if read.start is None else min(read.start, event.time)
        read.end = event.time if read.end is None else max(read.end, event.time)
        if event.has_graph:
            self._left["graphs"] += 1
        for value in event.values:
            plugin = read.plugins.setdefault(value.tag, value.plugin)
            self._take_value(value, plugin, event, read)

    def _take_value(self, value: Value, plugin: str, event: Event, read: _Read) -> None:
        tensor = value.tensor
        if plugin == "hparams":
            read.session.add(session_in(value.content))
        elif value.number is not None:
            read.points.add(value.tag, value.number, event.step, int(event.time * 1000))
        elif plugin == "scalars" and tensor is not None and len(tensor.numbers) == 1:
            read.points.add(value.tag, tensor.numbers[0], event.step, int(event.time * 1000))
        elif value.image is not None:
            self._keep("images", value.tag, event.step, [value.image], read)
        elif value.audio is not None:
            self._keep("audio", value.tag, event.step, [value.audio], read)
        elif plugin in _FILES and tensor is not None:
            self._keep(plugin, value.tag, event.step, tensor.texts[_FILES[plugin] :], read)
        else:
            self._left[_PLURALS.get(plugin, plugin)] += 1

    def _keep(self, room: str, tag: str, step: int, contents: Sequence[bytes], read: _Read) -> None:
        """As files: `images/<tag>/<step>.png`; of several at a step, with their number."""
        for number, content in enumerate(contents):
            many = f"-{number}" if len(contents) > 1 else ""
            path = f"{room}/{path_of(tag)}/{step}{many}{_ending(room, content)}"
            read.files[path] = self._written.write(content)


_FILES = {"text": 0, "images": 2, "audio": 0}  # how many texts of the tensor come before: a size
_PLURALS = {"": "histograms", "pr_curves": "PR curves", "mesh": "meshes"}
_ENDINGS = {b"\x89PNG": ".png", b"GIF8": ".gif", b"\xff\xd8\xff": ".jpg", b"RIFF": ".wav"}


def _ending(room: str, content: bytes) -> str:
    found = (ending for start, ending in _ENDINGS.items() if content.startswith(start))
    return next(found, ".txt" if room == "text" else ".bin")


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds * 1000)


def _runs_in(root: Path, empty: dict[str, str]) -> Iterator[tuple[str, Path]]:
    """The id of each, and its folder. It is made of the first file, so that a folder may move;
    of a copy beside it, of the place too. Those of which nothing is written yet, to *empty*."""
    found = list(_begun_in(root, empty))
    originals: dict[str, Path] = {}
    for run_id, home, _, _ in sorted(found, key=lambda each: each[3]):
        originals.setdefault(run_id, home)
    for run_id, home, name, _ in found:
        if originals[run_id] != home:
            run_id = run_id_of("tensorboard", name, os.path.relpath(home, root))
        yield run_id, home


def _begun_in(
    root: Path, empty: dict[str, str]
) -> Iterator[tuple[str, Path, str, tuple[int, ...]]]:
    """Of each folder what its id is if it is no copy, its first file, and the age of that."""
    for place, folders, _ in os.walk(root):
        folders.sort()
        home = Path(place)
        if not (files := _event_files(home)):
            continue
        began = ((file.name, _first_time(file)) for file in files)
        name, time = next((each for each in began if each[1] is not None), ("", None))
        if time is None:
            empty[f"run {os.path.relpath(home, root)}"] = "no event is written yet"
            continue
        yield run_id_of("tensorboard", name, time), home, name, _age_of(home / name)


def _age_of(file: Path) -> tuple[int, ...]:
    """Of files that begin alike, the least is that of the original: it alone may have grown since
    the others were copied, or it was written before them."""
    try:
        found = file.stat()
    except OSError:
        return (0,)
    return -found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _first_time(file: Path) -> float | None:
    """None: it may still come."""
    try:
        return next((event.time for event in events_in(file)), None)
    except CutRecord:
        return None
    except (DamagedRecord, OSError):
        return 0.0


def _event_files(home: Path) -> list[Path]:
    """In the order in which they were begun; a link may lead to what is no part of it."""
    try:
        with os.scandir(home) as entries:
            names = [e.name for e in entries if e.is_file(follow_symlinks=False)]
    except OSError:
        return []
    return [home / name for name in sorted(names) if "tfevents" in name]
