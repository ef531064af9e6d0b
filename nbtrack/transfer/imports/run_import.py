"""Bringing one run: its points, its files, and last what makes it a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from nbtrack.artifact_store.opening import open_local
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.recording.experiments import default_artifact_root
from nbtrack.stores.store import Store
from nbtrack.transfer.imports import kept_here
from nbtrack.transfer.imports.digests import RunPointsDigest, files_digest
from nbtrack.transfer.imports.marks import MARK, Mark
from nbtrack.transfer.imports.run_text import (
    check_run,
    facts_digest,
    facts_text,
    missing_points,
    points_text,
)
from nbtrack.transfer.sources.source_files import copy_files, stamp_of
from nbtrack.transfer.sources.source_records import Points, SourceFile, SourceReader, SourceRun

_WRITE_CHARACTERS = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A run as the source has it, and its *mark*; *news*: "new", "grown" or "same"."""

    run: SourceRun
    mark: Mark
    points: int
    files: int
    news: str
    singles: frozenset[str] = frozenset()  # keys that have one value there


class RunImport:
    def __init__(self, reader: SourceReader, store: Store) -> None:
        self._reader = reader
        self._store = store
        self._root = default_artifact_root(store)

    def bring(
        self, run: SourceRun, *, experiment_id: str, mark: Mark | None, is_here: bool
    ) -> Brought:
        """Raises BrokenRecord; of a run that is not here, points may have been written then, but
        not what makes it a run."""
        check_run(run)
        digest, singles = RunPointsDigest(), set[str]()
        points = partial(self._points, run, digest, singles)
        if not is_here:
            self._append(_written(run.run_id, points()))
        elif _has_grown(points(), digest, mark):
            there = kept_here.points_here(self._store, run.run_id)
            new_points = missing_points(self._reader.points(run.run_id), there)
            self._append(_written(run.run_id, new_points))
        files = self._bring_files(run, mark if is_here else None)
        new = Mark(
            facts=facts_digest(run), points=digest.hexdigest(), files=files.digest,
            stamp=files.stamp, missing=files.missing, origin=self._reader.kind,
        )  # fmt: skip
        news = "new" if not is_here else "same" if new == mark else "grown"
        if news != "same":
            self._append([files.text + self._last_text(run, experiment_id, new, mark, is_here)])
        return Brought(
            run=run, mark=new, points=digest.count, files=files.number, news=news,
            singles=frozenset(singles),
        )  # fmt: skip

    def _points(
        self, run: SourceRun, digest: RunPointsDigest, singles: set[str]
    ) -> Iterator[Points]:
        for points in self._reader.points(run.run_id):
            if points.is_single:
                digest.add_single(points.key, points.values[0])
                singles.add(points.key)
            else:
                digest.add(points.key, points.values, points.steps, points.times)
            yield points

    def _last_text(
        self, run: SourceRun, experiment_id: str, new: Mark, mark: Mark | None, is_here: bool
    ) -> str:
        if is_here and mark is not None and mark.facts == new.facts:
            return lines.tag_line(run.run_id, MARK, new.text(), t=now_us())
        before = kept_here.before(self._store, run.run_id) if is_here else None
        return facts_text(run, experiment_id=experiment_id, mark=new, before=before)

    def _append(self, texts: Iterable[str]) -> None:
        waiting: list[str] = []
        for text in texts:
            waiting.append(text)
            if sum(map(len, waiting[-64:])) >= _WRITE_CHARACTERS or len(waiting) >= 64:
                self._store.append("".join(waiting))
                waiting.clear()
        if text := "".join(waiting):
            self._store.append(text)

    # --- files

    def _bring_files(self, run: SourceRun, mark: Mark | None) -> Files:
        place = self._reader.files(run.artifact_uri, run.run_id)
        if (found := place.files) is None:
            return Files.of_nothing(mark, place.trouble)
        stamp = place.stamp or stamp_of(found)
        if mark is not None and mark.stamp == stamp and not mark.missing:
            return Files(number=len(found), digest=mark.files, stamp=stamp)
        known = kept_here.files_here(self._store, [run.run_id]).get(run.run_id, {}) if mark else {}
        return self._copied(run.run_id, found, known, stamp)

    def _copied(
        self, run_id: str, found: Mapping[str, SourceFile], known: Mapping[str, str], stamp: str
    ) -> Files:
        target = open_local(f"{self._root}/{run_id}", run_id=run_id)
        copied = copy_files(found, target, known=known)
        t = now_us()
        text = (
            lines.artifact_line(run_id, f.path, f.sha256, size=f.file_size, t=t)
            for f in copied.written
        )
        return Files(
            number=len(copied.files),
            digest=files_digest({f.path: str(f.sha256) for f in copied.files.values()}),
            stamp=stamp,
            text="".join(text),
            missing=tuple(f"{path}: {why}" for path, why in copied.missing.items()),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    number: int = 0
    digest: str = ""
    stamp: str = ""
    text: str = ""  # the lines that record them
    missing: tuple[str, ...] = ()

    @classmethod
    def of_nothing(cls, mark: Mark | None, trouble: str) -> Files:
        """What came over before stays as it is."""
        missing = (trouble,) if trouble else ()
        if mark is None:
            return cls(missing=missing)
        return cls(digest=mark.files, stamp=mark.stamp, missing=missing)


def _has_grown(points: Iterable[Points], digest: RunPointsDigest, mark: Mark | None) -> bool:
    for _ in points:
        """Read to the end, before anything is written."""
    return mark is None or mark.points != digest.hexdigest()


def _written(run_id: str, points: Iterable[Points]) -> Iterator[str]:
    return (points_text(run_id, each) for each in points)
