"""Logged models: the functions of `import nbtrack as mlflow`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from nbtrack.base.guard import warn
from nbtrack.errors import InvalidValue
from nbtrack.recording import logged_models
from nbtrack.recording.active_model import (
    active_model_id,
    clear_active_model_id,
    last_model,
    set_active_model_id,
)
from nbtrack.recording.session import current_session
from nbtrack.recording.surroundings import source_tags
from nbtrack.records.logged_models import (
    EXTERNAL_TAG,
    LoggedModel,
    LoggedModelQuery,
    LoggedModelStatus,
)
from nbtrack.stores.store import Store

if TYPE_CHECKING:
    import pandas as pd

    from nbtrack.api.client import MlflowClient


def initialize_logged_model(
    name: str | None = None,
    source_run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
    model_type: str | None = None,
    experiment_id: str | None = None,
) -> LoggedModel:
    """A PENDING model without files, of the active run if there is one.

    `log_model(…, model_id=…)` writes it, or `MlflowClient().log_model_artifacts` and
    `finalize_logged_model` do.
    """
    session = current_session()
    run = session.active_run()
    return logged_models.create_model(
        _store(),
        session.experiments.of_new_run(experiment_id, run),
        name=name,
        source_run_id=source_run_id or (None if run is None else run.run_id),
        params=params,
        tags={**source_tags(session.settings), **(tags or {})},
        model_type=model_type,
    )


def create_external_model(
    name: str | None = None,
    source_run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
    model_type: str | None = None,
    experiment_id: str | None = None,
) -> LoggedModel:
    """A READY model whose files are somewhere else: it is measured and registered as others are."""
    from nbtrack.models.external import log_external

    external = {**(tags or {}), EXTERNAL_TAG: "true"}
    model = initialize_logged_model(
        name, source_run_id, external, params, model_type, experiment_id
    )
    store = _store()
    log_external(store, model)
    logged_models.change_model(store, model.model_id, status=LoggedModelStatus.READY)
    return logged_models.find_model(store, model.model_id).model


def finalize_logged_model(model_id: str, status: str) -> LoggedModel:
    """*status* is "READY" or "FAILED". Raises LoggedModelNotFound."""
    return _client().finalize_logged_model(model_id, status)


def get_logged_model(model_id: str) -> LoggedModel:
    """Raises LoggedModelNotFound."""
    return _client().get_logged_model(model_id)


def last_logged_model() -> LoggedModel | None:
    """The one that this thread made last, as the store has it now."""
    if (found := last_model()) is None:
        return None
    store, model_id = found
    return logged_models.find_model(store, model_id).model


def search_logged_models(
    experiment_ids: Sequence[str] | None = None,
    filter_string: str | None = None,
    datasets: Sequence[Mapping[str, Any]] | None = None,
    max_results: int | None = None,
    order_by: Sequence[Mapping[str, Any]] | None = None,
    output_format: str = "pandas",
) -> pd.DataFrame | list[LoggedModel]:
    """Models of the active experiment, or of those named, as a DataFrame or a "list".

    All of them unless *max_results* says how many; see `MlflowClient.search_logged_models`.
    """
    if output_format not in ("pandas", "list"):
        raise InvalidValue(f"output_format is {output_format!r}; it is 'pandas' or 'list'.")
    ids = experiment_ids or [current_session().experiment.experiment_id]
    found, token = list[LoggedModel](), None
    while max_results is None or len(found) < max_results:
        page = _client().search_logged_models(
            ids, filter_string, datasets, max_results, order_by, token
        )
        found += page
        if (token := page.token) is None:
            break
    models = found[:max_results]
    return models if output_format == "list" else _frame(models)


def _frame(models: Sequence[LoggedModel]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame([{**each.to_dictionary(), "status": each.status} for each in models])


def delete_logged_model(model_id: str) -> None:
    """Hide it; `nbtrack gc` removes it. Raises LoggedModelNotFound."""
    _client().delete_logged_model(model_id)


def log_model_params(params: Mapping[str, Any], model_id: str | None = None) -> None:
    """To the active model, or to *model_id*; logged again, the latest stands."""
    _client().log_model_params(_given_or_active(model_id), params)


def set_logged_model_tags(model_id: str, tags: Mapping[str, Any]) -> None:
    """All or none. Raises LoggedModelNotFound."""
    _client().set_logged_model_tags(model_id, tags)


def delete_logged_model_tag(model_id: str, key: str) -> None:
    """Raises LoggedModelNotFound, TagNotFound."""
    _client().delete_logged_model_tag(model_id, key)


# --- the active model


@dataclass(frozen=True, kw_only=True)
class ActiveModel(LoggedModel):
    """A model that is the active one; with a `with` block, until the block ends."""

    before: str | None = None  # the id of the one that is active again then

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        set_active_model_id(self.before)


def set_active_model(*, name: str | None = None, model_id: str | None = None) -> ActiveModel:
    """What this thread measures from now on is measured of this model.

    By *name*, it is the newest of the active experiment; if there is none, an external model is
    made. Raises LoggedModelNotFound, InvalidValue.
    """
    model = _named(name) if model_id is None else get_logged_model(model_id)
    if name is not None and model.name != name:
        raise InvalidValue(f"The model {model_id} is called {model.name!r}, and not {name!r}.")
    facts = {f.name: getattr(model, f.name) for f in fields(LoggedModel)}
    active = ActiveModel(**facts, before=active_model_id())
    set_active_model_id(active.model_id)
    return active


def _named(name: str | None) -> LoggedModel:
    if name is None:
        raise InvalidValue("set_active_model takes name= or model_id=.")
    session = current_session()
    query = LoggedModelQuery(
        experiment_ids=(session.experiment.experiment_id,),
        filter_string=f"name = '{logged_models.check_logged_name(name)}'",
        max_results=2,
    )
    found = session.store.search_logged_models(query)
    if len(found) > 1:
        warn(f"nbtrack: several models are called {name!r}; the newest one is the active one.")
    return found[0] if found else create_external_model(name=name)


def get_active_model_id() -> str | None:
    """Of this thread; None if there is none."""
    return active_model_id()


def clear_active_model() -> None:
    """In this thread no model is measured any more, unless a call names one."""
    clear_active_model_id()


def _store() -> Store:
    session = current_session()
    run = session.active_run()
    return session.store if run is None else run.store


def _given_or_active(model_id: str | None) -> str:
    found = model_id or active_model_id()
    if found is None:
        raise InvalidValue("No model is the active one; give model_id=.")
    return found


def _client() -> MlflowClient:
    from nbtrack.api.client import MlflowClient

    return MlflowClient()
