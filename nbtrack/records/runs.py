"""What is stored and returned. Names and fields are MLflow's, so that the wire needs no dictionary.

Times are milliseconds since 1970-01-01 UTC, as in MLflow; the store keeps microseconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple, TypeVar

from nbtrack.base.nearest import did_you_mean
from nbtrack.errors import InvalidValue

T = TypeVar("T")
_PARTLY_READ = frozenset({"sampled", "hashed_rows", "hashed_columns"})


class RunStatus(StrEnum):
    RUNNING = "RUNNING"
    SCHEDULED = "SCHEDULED"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    KILLED = "KILLED"

    @property
    def is_terminal(self) -> bool:
        return self in (RunStatus.FINISHED, RunStatus.FAILED, RunStatus.KILLED)

    @classmethod
    def _missing_(cls, value: object) -> None:
        raise InvalidValue(
            f"status is {value!r}; it is one of {', '.join(cls)}.{did_you_mean(value, cls)}"
        )

    # MLflow's own enum is made of numbers, and its users translate with these.

    @staticmethod
    def from_string(status_str: str) -> RunStatus:
        return RunStatus(status_str)

    @staticmethod
    def to_string(status: str) -> str:
        return str(RunStatus(status))

    @staticmethod
    def is_terminated(status: str) -> bool:
        return RunStatus(status).is_terminal

    @staticmethod
    def all_status() -> list[RunStatus]:
        return list(RunStatus)


class SourceType(StrEnum):
    """What started a run, as its tag mlflow.source.type says; MLflow's own enum is of numbers."""

    NOTEBOOK = "NOTEBOOK"
    JOB = "JOB"
    PROJECT = "PROJECT"
    LOCAL = "LOCAL"
    UNKNOWN = "UNKNOWN"

    @staticmethod
    def from_string(status_str: str) -> SourceType:
        return SourceType(status_str)

    @staticmethod
    def to_string(status: str) -> str:
        return str(SourceType(status))


class LifecycleStage(StrEnum):
    ACTIVE = "active"
    DELETED = "deleted"


class ViewType(IntEnum):
    """Which runs or experiments a search looks at; the numbers are MLflow's."""

    ACTIVE_ONLY = 1
    DELETED_ONLY = 2
    ALL = 3

    @classmethod
    def _missing_(cls, value: object) -> None:
        numbers = ", ".join(f"{each.value} ({each.name})" for each in cls)
        raise InvalidValue(f"The view type is {value!r}; it is one of {numbers}.")

    @classmethod
    def from_string(cls, view_str: str) -> ViewType:
        names = {each.name.lower(): each for each in cls}
        if view_str not in names:
            raise InvalidValue(
                f"The view type is {view_str!r}; it is one of {', '.join(names)}."
                f"{did_you_mean(view_str, names)}"
            )
        return names[view_str]

    @classmethod
    def to_string(cls, view_type: int) -> str:
        return cls(view_type).name.lower()


class Metric(NamedTuple):
    """One point. A NamedTuple, because histories hold hundreds of thousands (half the cost)."""

    key: str
    value: float
    timestamp: int
    step: int = 0
    model_id: str | None = None  # of the logged model that was measured
    dataset_name: str | None = None  # on this data
    dataset_digest: str | None = None
    run_id: str | None = None

    def to_dictionary(self) -> dict[str, Any]:
        return self._asdict()

    @classmethod
    def from_dictionary(cls, facts: Mapping[str, Any]) -> Metric:
        """What `to_dictionary` made. Raises InvalidValue."""
        if missing := [each for each in ("key", "value", "timestamp", "step") if each not in facts]:
            raise InvalidValue(f"A metric has {', '.join(missing)} too; there is {dict(facts)!r}.")
        return cls(**{name: facts[name] for name in cls._fields if name in facts})


class Param(NamedTuple):
    key: str
    value: str


class RunTag(NamedTuple):
    key: str
    value: str


class ExperimentTag(NamedTuple):
    key: str
    value: str


class _Pairs:
    """`dict(run.info)`, as MLflow's users write it."""

    __slots__ = ()

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        names = (each.name for each in fields(self))  # type: ignore[arg-type]  # of a subclass
        return ((name, getattr(self, name)) for name in names)

    def to_dictionary(self) -> dict[str, Any]:
        """As MLflow's records do it: records in it become dicts, their tags one dict."""
        return {name: _in_dictionary(name, value) for name, value in self}


def _in_dictionary(name: str, value: Any) -> Any:
    if isinstance(value, _Pairs):
        return value.to_dictionary()
    if not isinstance(value, list):
        return value
    if name == "tags":
        return {tag.key: tag.value for tag in value}
    return [_in_dictionary("", each) for each in value]


@dataclass(frozen=True, slots=True)
class Experiment(_Pairs):
    experiment_id: str
    name: str
    artifact_location: str
    lifecycle_stage: LifecycleStage = LifecycleStage.ACTIVE
    tags: Mapping[str, str] = field(default_factory=dict)
    creation_time: int | None = None
    last_update_time: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo(_Pairs):
    run_id: str
    run_name: str | None
    experiment_id: str
    user_id: str
    status: RunStatus
    start_time: int
    end_time: int | None
    lifecycle_stage: LifecycleStage
    artifact_uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunData(_Pairs):
    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InputTag(_Pairs):
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Dataset(_Pairs):
    """A dataset as it is stored: *schema* and *profile* are JSON texts."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None = None
    profile: str | None = None


def read_in_part(profile: str | None) -> bool:
    """Whether the profile of a dataset says that its digest did not read all of it."""
    try:
        facts = json.loads(profile or "{}")
    except (ValueError, RecursionError):
        return False
    return isinstance(facts, dict) and not _PARTLY_READ.isdisjoint(facts)


@dataclass(frozen=True, slots=True)
class DatasetInput(_Pairs):
    dataset: Dataset
    tags: list[InputTag] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LoggedModelInput(_Pairs):
    """A logged model that a run read, or measured."""

    model_id: str


@dataclass(frozen=True, slots=True)
class LoggedModelOutput(_Pairs):
    """A logged model that a run made, at *step*."""

    model_id: str
    step: int


@dataclass(frozen=True, slots=True)
class RunInputs(_Pairs):
    dataset_inputs: list[DatasetInput] = field(default_factory=list)
    model_inputs: list[LoggedModelInput] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RunOutputs(_Pairs):
    model_outputs: list[LoggedModelOutput] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Run(_Pairs):
    """A run as read back: what it held at the moment of the read."""

    info: RunInfo
    data: RunData
    inputs: RunInputs = field(default_factory=RunInputs)
    outputs: RunOutputs = field(default_factory=RunOutputs)

    def __post_init__(self) -> None:
        if self.info is None:
            raise InvalidValue("A run has a RunInfo; this one's is None.")


@dataclass(frozen=True, slots=True)
class FileInfo(_Pairs):
    """One artifact: *path* is relative to the run's artifact folder, *file_size* is in bytes."""

    path: str
    is_dir: bool
    file_size: int | None
    sha256: str | None = None


class PagedList(list[T]):
    """A page of results; *token* fetches the next one, None on the last."""

    def __init__(self, items: Iterable[T] = (), token: str | None = None) -> None:
        super().__init__(items)
        self.token = token


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuery:
    """What `search_runs` looks for; *experiment_ids* None means all experiments."""

    experiment_ids: tuple[str, ...] | None = None
    filter_string: str | None = None
    order_by: tuple[str, ...] = ()
    view_type: ViewType = ViewType.ACTIVE_ONLY
    max_results: int | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunColumns:
    """Runs by column, in order; each list is as long as *infos*, None where a run has no value."""

    infos: list[RunInfo]
    params: dict[str, list[str | None]]
    metrics: dict[str, list[float | None]]
    tags: dict[str, list[str | None]]
