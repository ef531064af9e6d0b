"""What a reader gives of a source. Times are milliseconds since 1970 UTC, as there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

from nbtrack.errors import NbtrackError


class BrokenRecord(NbtrackError):
    """A run, model or experiment of the source cannot be read whole; the message says why."""


class Points(NamedTuple):
    """Some points of one key; a run's come key by key, in the order of the keys. *is_single*: the
    source has no history of it, but one value, which may be another one the next time."""

    key: str
    values: Sequence[float]
    steps: Sequence[int]
    times: Sequence[int]
    is_single: bool = False


class ModelPoint(NamedTuple):
    """That a point of a run measures a logged model, on this data."""

    model_id: str
    key: str
    value: float
    step: int
    time: int
    dataset_name: str | None = None
    dataset_digest: str | None = None


class ModelLink(NamedTuple):
    model_id: str
    role: str  # input, output
    step: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceExperiment:
    """*is_joined*: its runs are to go to the experiment that has its name here, if there is one."""

    experiment_id: str
    name: str
    artifact_location: str
    is_deleted: bool
    created: int | None
    tags: Mapping[str, str] = field(default_factory=dict)
    is_joined: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRun:
    """*inputs* are the facts of `input_line`."""

    run_id: str
    experiment_id: str
    name: str
    status: str
    user: str
    start: int | None
    end: int | None
    is_deleted: bool
    artifact_uri: str
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    inputs: Sequence[Mapping[str, str]] = ()
    links: Sequence[ModelLink] = ()
    model_points: Sequence[ModelPoint] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceModel:
    """A logged model of MLflow 3."""

    model_id: str
    experiment_id: str
    name: str
    artifact_uri: str
    status: str
    is_deleted: bool
    model_type: str | None = None
    source_run_id: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceVersion:
    version: int
    stage: str
    sources: Sequence[str]  # where its files may be, the likeliest first
    run_id: str | None
    run_link: str | None
    user: str | None
    created: int | None
    description: str | None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRegisteredModel:
    name: str
    created: int | None
    description: str | None
    tags: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, int] = field(default_factory=dict)
    versions: Sequence[SourceVersion] = ()


class ServedFile(Protocol):
    """One that is not on this machine."""

    def chunks(self) -> Iterator[bytes]:
        """All of it, piece by piece. Raises BrokenRecord if it does not come, or not whole."""


SourceFile = Path | ServedFile | str  # a text says why it is left out


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFiles:
    """Of a run or model, by their paths. *files* None: nothing can be had, and if there is a
    *trouble*, that is why. *stamp* is another one as soon as one of them is; "": it is that of
    their names, sizes and times."""

    files: Mapping[str, SourceFile] | None = None
    trouble: str = ""
    stamp: str = ""


class SourceReader(Protocol):
    """What another tracker keeps. What cannot be read raises BrokenRecord, that record's alone.

    *kind* is the tracker, as one word; *title* names the source in messages and records, without a
    password.
    """

    kind: str
    title: str

    def experiments(self) -> Iterator[SourceExperiment | BrokenRecord]: ...

    def run_ids(self) -> Sequence[str]: ...

    def run(self, run_id: str) -> SourceRun: ...

    def points(self, run_id: str) -> Iterator[Points]: ...

    def logged_models(self) -> Iterator[SourceModel | BrokenRecord]: ...

    def registered_models(self) -> Iterator[SourceRegisteredModel | BrokenRecord]: ...

    def leftovers(self) -> Mapping[str, str]:
        """What there is that nbtrack has no place for, and in words how much."""

    def notes(self) -> Sequence[str]:
        """How it was read, where that could have been otherwise; asked for at the end."""

    def files(self, artifact_uri: str, owner: str) -> FoundFiles:
        """Those of the run or model *owner*, whose record has *artifact_uri*. Of a run, `run` was
        asked for before."""

    def close(self) -> None: ...
