"""The model registry under MLflow's names: `nbtrack.register_model` and what goes with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nbtrack.records.registry import Gate, ModelVersion, RegisteredModel

if TYPE_CHECKING:
    from nbtrack.api.client import MlflowClient
    from nbtrack.model_registry.gates import GateResult


def register_model(
    model_uri: str,
    name: str,
    await_registration_for: int | None = 300,  # noqa: ARG001 - nothing is left to wait for
    *,
    tags: Mapping[str, Any] | None = None,
) -> ModelVersion:
    """Make the model that a URI or path names the next version of the registered model *name*.

    The registered model is made if there is none. The version keeps a copy of its own: deleting
    the run does not touch it. Raises ModelNotFound, ModelChanged, RunNotFound, InvalidValue,
    StoreBusy; then nothing is recorded.
    """
    from nbtrack.model_registry.versions import create_version
    from nbtrack.recording.session import current_session

    store = current_session().store
    return create_version(store, name, model_uri, tags=tags, makes_model=True)


def search_registered_models(
    max_results: int | None = None,
    filter_string: str | None = None,
    order_by: list[str] | None = None,
) -> list[RegisteredModel]:
    """All of them unless *max_results* says how many. Raises InvalidFilter."""
    return list(_client().search_registered_models(filter_string, max_results, order_by))


def search_model_versions(
    max_results: int | None = None,
    filter_string: str | None = None,
    order_by: list[str] | None = None,
) -> list[ModelVersion]:
    """All of them unless *max_results* says how many. Raises InvalidFilter."""
    return list(_client().search_model_versions(filter_string, max_results, order_by))


def set_model_version_tag(
    name: str, version: str | None = None, key: str | None = None, value: Any = None
) -> None:
    """The value is kept as text; set again, it replaces the one before."""
    _client().set_model_version_tag(name, version, key, value)


def require_gate(
    name: str,
    stage: str = "Production",
    rule: str | None = None,
    approver: str | None = None,
    *,
    reason: str | None = None,
) -> Gate:
    """Let only versions into *stage* that fulfil *rule*, such as

        metrics.f1 >= production.metrics.f1 - 0.01 and tags.reviewed = 'yes'

    metrics and params are those of the version's run, tags those of the version; with a stage
    before them, those of the version that is there. While no version is in that stage, a
    comparison with it counts as passed. `reproduced` demands that its run was run once more, by
    `nbtrack.reproduce`, with the same values. *approver* "other": whoever made a version may not
    move it there. Raises InvalidFilter for a rule that cannot be read.
    """
    return _client().require_gate(name, stage, rule, approver, reason=reason)


def remove_gate(name: str, stage: str = "Production", *, reason: str | None = None) -> None:
    """Let every version into *stage* again."""
    _client().remove_gate(name, stage, reason=reason)


def check_gate(name: str, version: str, stage: str = "Production") -> GateResult:
    """What would be said now if the version were to be moved to *stage*."""
    return _client().check_gate(name, version, stage)


def _client() -> MlflowClient:
    from nbtrack.api.client import MlflowClient

    return MlflowClient()
