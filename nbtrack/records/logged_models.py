"""Logged models as they are stored and returned; names and fields are MLflow's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, NamedTuple

from nbtrack.base.nearest import did_you_mean
from nbtrack.errors import InvalidValue
from nbtrack.records.runs import LifecycleStage, Metric, ViewType

EXTERNAL_TAG = "mlflow.model.isExternal"  # its files are somewhere else
_OURS = {"path", "lifecycle_stage"}


class LoggedModelStatus(StrEnum):
    UNSPECIFIED = "UNSPECIFIED"
    PENDING = "PENDING"
    READY = "READY"
    FAILED = "FAILED"

    @classmethod
    def _missing_(cls, value: object) -> None:
        raise InvalidValue(
            f"The status of a model is {value!r}; it is one of {', '.join(cls)}."
            f"{did_you_mean(str(value), list(cls))}"
        )

    # MLflow's numbers are the places in this list.

    @staticmethod
    def is_finalized(status: str) -> bool:
        return status in (LoggedModelStatus.READY, LoggedModelStatus.FAILED)

    @classmethod
    def from_int(cls, status_int: int) -> LoggedModelStatus:
        if status_int not in range(len(cls)):
            raise InvalidValue(f"The status of a model is {status_int!r}; it is one of 0 to 3.")
        return list(cls)[status_int]

    def to_int(self) -> int:
        return list(LoggedModelStatus).index(self)


class LoggedModelTag(NamedTuple):
    key: str
    value: str


class LoggedModelParameter(NamedTuple):
    key: str
    value: str


@dataclass(frozen=True, kw_only=True)
class LoggedModel:
    """A model as read back: what was known of it at the moment of the read.

    *metrics* are all points that were measured of it, by any run. *path* is the model's folder in
    the artifacts of its source run; "" where it has a folder of its own.
    """

    experiment_id: str
    model_id: str
    name: str
    artifact_location: str
    creation_timestamp: int
    last_updated_timestamp: int
    model_type: str | None = None
    source_run_id: str | None = None
    status: LoggedModelStatus = LoggedModelStatus.READY
    status_message: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    metrics: list[Metric] | None = None
    path: str = ""
    lifecycle_stage: LifecycleStage = LifecycleStage.ACTIVE

    @property
    def model_uri(self) -> str:
        return f"models:/{self.model_id}"

    def to_dictionary(self) -> dict[str, Any]:
        """MLflow's fields, by name; the status is MLflow's number of it."""
        names = sorted({f.name for f in fields(LoggedModel)} - _OURS)
        return {name: getattr(self, name) for name in names} | {"status": self.status.to_int()}


class FoundModel(NamedTuple):
    """*newest_us* is the newest time of what is known of it, by whatever clock: what is to
    replace something must be later."""

    model: LoggedModel
    newest_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedModelQuery:
    """What `search_logged_models` looks for.

    *datasets* ({dataset_name, dataset_digest}) are those whose metrics the filter means;
    *order_by* has a dict each: field_name, ascending, dataset_name, dataset_digest.
    """

    experiment_ids: tuple[str, ...]
    filter_string: str | None = None
    datasets: tuple[Mapping[str, str], ...] = ()
    order_by: tuple[Mapping[str, Any], ...] = ()
    max_results: int | None = None
    offset: int = 0
    view_type: ViewType = ViewType.ACTIVE_ONLY
