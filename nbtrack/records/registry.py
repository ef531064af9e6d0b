"""Records of the model registry. Names and fields are MLflow's where MLflow has them.

Times are milliseconds since 1970-01-01 UTC, those of events microseconds, as they are stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

STAGES = ("None", "Staging", "Production", "Archived")
NO_STAGE, ARCHIVED = "None", "Archived"
FIRST_HASH = "0" * 64  # what the first event of a project names as the one before


class EventKind(StrEnum):
    MODEL_CREATED = "model_created"
    MODEL_RENAMED = "model_renamed"
    MODEL_DESCRIBED = "model_described"
    MODEL_TAG_SET = "model_tag_set"
    MODEL_TAG_DELETED = "model_tag_deleted"
    MODEL_DELETED = "model_deleted"
    STAGES_SET = "stages_set"
    GATE_SET = "gate_set"
    GATE_REMOVED = "gate_removed"
    ALIAS_SET = "alias_set"
    ALIAS_DELETED = "alias_deleted"
    VERSION_CREATED = "version_created"
    VERSION_DESCRIBED = "version_described"
    VERSION_TAG_SET = "version_tag_set"
    VERSION_TAG_DELETED = "version_tag_deleted"
    STAGE_CHANGED = "stage_changed"
    VERSION_DELETED = "version_deleted"
    HEAD_RENEWED = "head_renewed"  # somebody had taken the note of the head away


class RegistryHead(NamedTuple):
    """The newest event: how many there are, and its hash."""

    number: int = 0
    hash: str = FIRST_HASH

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """A change that is to be recorded.

    *model_key* is the number of the event that created the model: it outlives a rename.
    *details* are JSON; under "key" the tag, alias or stage that the event is about.
    """

    actor: str
    kind: EventKind
    model_key: int
    model: str
    version: int | None = None
    from_value: str | None = None
    to_value: str | None = None
    reason: str | None = None
    run_id: str | None = None
    digest: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryEvent:
    """One change, as recorded; *details* is the JSON text that went into the hash."""

    n: int
    t: int
    actor: str
    model_key: int
    model: str
    version: int | None
    kind: str
    from_value: str | None
    to_value: str | None
    reason: str | None
    run_id: str | None
    digest: str | None
    details: str
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedFolder:
    """A copy of a model that is to become that of a version.

    *place* is relative to the folder of the registry's copies, with forward slashes.
    """

    folder: Path
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What a version must fulfil to enter *stage*; *approver* is "other", or None for anybody."""

    stage: str
    rule: str | None = None
    approver: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersion:
    """One version as it stands; `event_number` is that of the event that created it."""

    name: str
    version: str
    creation_timestamp: int
    last_updated_timestamp: int | None = None
    description: str | None = None
    user_id: str | None = None
    current_stage: str = NO_STAGE
    source: str | None = None
    run_id: str | None = None
    status: str = "READY"
    status_message: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    run_link: str | None = None
    aliases: list[str] = field(default_factory=list)
    model_id: str | None = None
    digest: str | None = None
    event_number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredModel:
    """A model as it stands; *last_version* is the highest number that was ever given.

    `latest_versions` has the newest version of each stage; `event_number` is that of the event
    that created the model.
    """

    name: str
    creation_timestamp: int
    last_updated_timestamp: int | None = None
    description: str | None = None
    latest_versions: list[ModelVersion] = field(default_factory=list)
    tags: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    stages: tuple[str, ...] = STAGES
    gates: tuple[Gate, ...] = ()
    last_version: int = 0
    event_number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredModelTag:
    key: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersionTag:
    key: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryQuery:
    """What to look for; *name* and *version* match exactly, None matches all.

    *as_of_us* looks at what the registry was then; it goes with no filter, order or tags.
    """

    name: str | None = None
    version: int | None = None
    stage: str | None = None
    filter_string: str | None = None
    order_by: tuple[str, ...] = ()
    max_results: int | None = None
    offset: int = 0
    as_of_us: int | None = None
