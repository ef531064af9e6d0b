"""What `MlflowClient` does with registered models; names and arguments are MLflow's.

Beyond MLflow: *reason* goes into the record of every change; stages of a model's own; gates; what
was in a stage at an earlier moment.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.api.paging import page_start
from nbtrack.base.values import as_tuple, check_most
from nbtrack.errors import InvalidValue
from nbtrack.records.registry import (
    Gate,
    ModelVersion,
    RegisteredModel,
    RegistryEvent,
    RegistryQuery,
)
from nbtrack.records.runs import PagedList
from nbtrack.stores.store import Store

if TYPE_CHECKING:
    from nbtrack.model_registry.gates import GateResult

MOST_MODELS, MOST_VERSIONS = 100, 10_000


class ClientRegistry(ABC):
    """Every verb raises RegisteredModelNotFound and ModelVersionNotFound for what is not there,
    InvalidValue for what cannot be, and StoreBusy if the database stays locked for ten seconds;
    then nothing is recorded."""

    @property
    @abstractmethod
    def _store(self) -> Store: ...

    # --- registered models

    def create_registered_model(
        self, name: str, tags: Mapping[str, Any] | None = None, description: str | None = None
    ) -> RegisteredModel:
        """Raises NameTaken."""
        from nbtrack.model_registry import models

        return models.create_model(self._store, name, tags=tags, description=description)

    def get_registered_model(self, name: str) -> RegisteredModel:
        """With the newest version of each stage, tags, aliases, stages and gates."""
        from nbtrack.lookup import registered_models

        return registered_models.get_model(self._store, name)

    def search_registered_models(
        self,
        filter_string: str | None = None,
        max_results: int | None = MOST_MODELS,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[RegisteredModel]:
        """One page by name, and the token of the next. Raises InvalidFilter."""
        query = _query(filter_string, max_results, order_by, page_token)
        return _page(self._store.search_registered_models(query), query)

    def rename_registered_model(
        self, name: str, new_name: str, *, reason: str | None = None
    ) -> RegisteredModel:
        """Versions, aliases and the record go with it. Raises NameTaken."""
        from nbtrack.model_registry import models

        return models.rename_model(self._store, name, new_name, reason=reason)

    def update_registered_model(self, name: str, description: str | None = None) -> RegisteredModel:
        """Another description; None takes it away."""
        from nbtrack.model_registry import models

        return models.describe_model(self._store, name, description)

    def delete_registered_model(self, name: str, *, reason: str | None = None) -> None:
        """With all its versions; the record of it stays."""
        from nbtrack.model_registry import models

        models.delete_model(self._store, name, reason=reason)

    def set_registered_model_tag(self, name: str, key: str, value: Any) -> None:
        """The value is kept as text; set again, it replaces the one before."""
        from nbtrack.model_registry import models

        models.set_model_tag(self._store, name, key, value)

    def delete_registered_model_tag(self, name: str, key: str) -> None:
        """A tag that is not there stays away."""
        from nbtrack.model_registry import models

        models.delete_model_tag(self._store, name, key)

    def set_registered_model_stages(
        self, name: str, stages: Iterable[str], *, reason: str | None = None
    ) -> RegisteredModel:
        """The stages of this model beside None, Staging, Production and Archived."""
        from nbtrack.model_registry import models

        return models.set_stages(self._store, name, stages, reason=reason)

    # --- aliases

    def set_registered_model_alias(
        self, name: str, alias: str, version: str, *, reason: str | None = None
    ) -> None:
        """models:/name@alias is this version from now on."""
        from nbtrack.model_registry import models

        models.set_alias(self._store, name, alias, version, reason=reason)

    def delete_registered_model_alias(
        self, name: str, alias: str, *, reason: str | None = None
    ) -> None:
        """An alias that is not there stays away."""
        from nbtrack.model_registry import models

        models.delete_alias(self._store, name, alias, reason=reason)

    def get_model_version_by_alias(self, name: str, alias: str) -> ModelVersion:
        """Raises AliasNotFound."""
        from nbtrack.lookup import registered_models

        return registered_models.get_version_by_alias(self._store, name, alias)

    # --- versions

    def create_model_version(
        self,
        name: str,
        source: str,
        run_id: str | None = None,
        tags: Mapping[str, Any] | None = None,
        run_link: str | None = None,
        description: str | None = None,
        await_creation_for: int | None = 300,  # noqa: ARG002 - nothing is left to wait for
        model_id: str | None = None,
    ) -> ModelVersion:
        """A copy of the model that the URI or path *source* names, as the next version of *name*.

        *run_id* and *model_id* are by default the run that the model was logged to, and the logged
        model that it is. Raises ModelNotFound, ModelChanged, RunNotFound, LoggedModelNotFound.
        """
        from nbtrack.model_registry import versions

        return versions.create_version(
            self._store,
            name,
            source,
            run_id=run_id,
            run_link=run_link,
            model_id=model_id,
            tags=tags,
            description=description,
        )

    def copy_model_version(self, src_model_uri: str, dst_name: str) -> ModelVersion:
        """The model of `models:/…`, as the next version of *dst_name*, which is made if needed."""
        from nbtrack.model_registry import versions

        if not str(src_model_uri).startswith("models:/"):
            raise InvalidValue(
                f"{src_model_uri!r} names no registered version; write models:/<name>/<version>."
            )
        return versions.create_version(self._store, dst_name, src_model_uri, makes_model=True)

    def get_model_version(self, name: str, version: str) -> ModelVersion:
        """By number. Of a deleted one, the error says who deleted it, when and why."""
        from nbtrack.lookup import registered_models

        return registered_models.get_version(self._store, name, version)

    def search_model_versions(
        self,
        filter_string: str | None = None,
        max_results: int | None = MOST_VERSIONS,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[ModelVersion]:
        """One page, last changed first, and the token of the next. Raises InvalidFilter."""
        query = _query(filter_string, max_results, order_by, page_token)
        return _page(self._store.search_model_versions(query), query)

    def update_model_version(
        self, name: str, version: str, description: str | None = None
    ) -> ModelVersion:
        """Another description."""
        from nbtrack.model_registry import versions

        return versions.describe_version(self._store, name, version, description)

    def delete_model_version(self, name: str, version: str, *, reason: str | None = None) -> None:
        """Its number is not given again, and its aliases go with it."""
        from nbtrack.model_registry import versions

        versions.delete_version(self._store, name, version, reason=reason)

    def get_model_version_download_uri(self, name: str, version: str) -> str:
        """Where the registry keeps its own copy of the model."""
        from nbtrack.lookup import registered_models
        from nbtrack.models import registered_places

        found = registered_models.get_version(self._store, name, version)
        return registered_places.place_of_version(self._store, found).folder.as_uri()

    def set_model_version_tag(
        self,
        name: str,
        version: str | None = None,
        key: str | None = None,
        value: Any = None,
        stage: str | None = None,
    ) -> None:
        """Of *version*, or of the newest one in *stage*."""
        from nbtrack.model_registry import versions

        versions.set_version_tag(
            self._store, name, self._version_or_stage(name, version, stage), key, value
        )

    def delete_model_version_tag(
        self,
        name: str,
        version: str | None = None,
        key: str | None = None,
        stage: str | None = None,
    ) -> None:
        """Of *version*, or of the newest one in *stage*. A tag that is not there stays away."""
        from nbtrack.model_registry import versions

        versions.delete_version_tag(
            self._store, name, self._version_or_stage(name, version, stage), key
        )

    def _version_or_stage(self, name: str, version: Any, stage: str | None) -> Any:
        from nbtrack.lookup import registered_models, registry_names

        if (version is None) == (stage is None):
            raise InvalidValue("Give a version, or stage=, and not both.")
        if stage is None:
            return version
        model = registered_models.get_model(self._store, name)
        wanted = registry_names.check_stage(stage, model.stages, model=model.name)
        return registered_models.newest_version(self._store, model, wanted).version

    # --- stages

    def transition_model_version_stage(
        self,
        name: str,
        version: str,
        stage: str,
        archive_existing_versions: bool = False,
        *,
        reason: str | None = None,
        override_gate: bool = False,
    ) -> ModelVersion:
        """Move a version to *stage*; with *archive_existing_versions*, what is there to Archived.

        Raises GateFailed, with the numbers; *override_gate* goes on, and that is recorded.
        InvalidValue for a stage that the model does not have, or that the version is in.
        """
        from nbtrack.model_registry import stages

        return stages.transition(
            self._store,
            name,
            version,
            stage,
            archive_existing=archive_existing_versions,
            reason=reason,
            override_gate=override_gate,
        )

    def get_latest_versions(
        self, name: str, stages: Sequence[str] | None = None
    ) -> list[ModelVersion]:
        """The newest version of each stage, or of each of *stages*."""
        from nbtrack.model_registry import stages as of_model

        return of_model.latest_versions(self._store, name, stages)

    def get_model_version_stages(self, name: str, version: str) -> list[str]:
        """All that it can be moved to."""
        from nbtrack.lookup import registered_models

        registered_models.get_version(self._store, name, version)
        return list(registered_models.get_model(self._store, name).stages)

    def get_model_version_by_stage(
        self, name: str, stage: str, as_of: Any = None
    ) -> ModelVersion | None:
        """The newest version in *stage*; None if none is. With *as_of*, as it was then.

        *as_of*: '2026-03-01' (the end of that day, UTC), '2026-03-01T12:00', a datetime (UTC
        unless it says otherwise), or milliseconds since 1970.
        """
        from nbtrack.lookup import registered_models

        return registered_models.get_version_by_stage(self._store, name, stage, as_of=as_of)

    # --- gates and the record

    def require_gate(
        self,
        name: str,
        stage: str = "Production",
        rule: str | None = None,
        approver: str | None = None,
        *,
        reason: str | None = None,
    ) -> Gate:
        """See `nbtrack.require_gate`."""
        from nbtrack.model_registry import gates

        return gates.require_gate(self._store, name, stage, rule, approver, reason=reason)

    def remove_gate(
        self, name: str, stage: str = "Production", *, reason: str | None = None
    ) -> None:
        """Where there is no gate, nothing happens."""
        from nbtrack.model_registry import gates

        gates.remove_gate(self._store, name, stage, reason=reason)

    def check_gate(self, name: str, version: str, stage: str = "Production") -> GateResult:
        """What would be said now if the version were to be moved to *stage*."""
        from nbtrack.model_registry import gates

        return gates.check_gate(self._store, name, version, stage)

    def get_registry_events(self, name: str | None = None) -> list[RegistryEvent]:
        """Every change that was recorded, oldest first; of models that ever were called *name*."""
        from nbtrack.lookup import registry_names

        checked = None if name is None else registry_names.check_model_name(name)
        return self._store.registry_events(name=checked)


def _query(
    filter_string: str | None,
    max_results: int | None,
    order_by: Sequence[str] | None,
    page_token: str | None,
) -> RegistryQuery:
    """For one more than is wanted: so it is known whether there is another page."""
    most = check_most(max_results)
    return RegistryQuery(
        filter_string=filter_string,
        order_by=as_tuple(order_by),
        max_results=None if most is None else most + 1,
        offset=page_start(page_token),
    )


def _page(found: list[Any], query: RegistryQuery) -> PagedList[Any]:
    if query.max_results is None or len(found) < query.max_results:
        return PagedList(found)
    most = query.max_results - 1
    return PagedList(found[:most], str(query.offset + most))
