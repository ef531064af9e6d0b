"""One model, one version: found by what people call it, or an error that says what there is."""

from __future__ import annotations

import datetime as dt
import operator
from contextlib import suppress
from typing import Any

from nbtrack.base.nearest import MOST_NAMES, asking, did_you_mean
from nbtrack.base.values import as_microseconds
from nbtrack.errors import (
    AliasNotFound,
    InvalidValue,
    ModelVersionNotFound,
    RegisteredModelNotFound,
)
from nbtrack.lookup.registry_names import check_alias, check_model_name, check_stage, check_version
from nbtrack.records.registry import (
    STAGES,
    EventKind,
    ModelVersion,
    RegisteredModel,
    RegistryEvent,
    RegistryQuery,
)
from nbtrack.stores.opening import folder_of
from nbtrack.stores.store import Store

_DAY, _SECOND = dt.timedelta(days=1), dt.timedelta(seconds=1)
_LARGEST = 2**31 - 1  # that an INTEGER holds; no version will ever have it
_MOMENT_RULE = (
    "as_of is {!r}; write '2026-03-01' (the end of that day, UTC), '2026-03-01T12:00', a datetime, "
    "or milliseconds since 1970."
)


def get_model(store: Store, name: Any) -> RegisteredModel:
    """Raises RegisteredModelNotFound, InvalidValue."""
    found = find_model(store, check_model_name(name))
    if found is None:
        raise no_model(store, name)
    return found


def no_model(store: Store, name: str) -> RegisteredModelNotFound:
    """The error that proposes one that there is."""
    there = store.search_registered_models(RegistryQuery(max_results=MOST_NAMES))
    proposal = did_you_mean(name, (model.name for model in there))
    return RegisteredModelNotFound(name, folder_of(store.uri), proposal)


def find_model(store: Store, name: str) -> RegisteredModel | None:
    found = store.search_registered_models(RegistryQuery(name=name))
    return found[0] if found else None


def get_version(store: Store, name: Any, version: Any) -> ModelVersion:
    """Raises ModelVersionNotFound, RegisteredModelNotFound, InvalidValue."""
    number = check_version(version)
    query = RegistryQuery(name=check_model_name(name), version=min(number, _LARGEST))
    found = store.search_model_versions(query)
    if not found:
        raise _no_version(store, get_model(store, name), number)
    return found[0]


def _no_version(store: Store, model: RegisteredModel, number: int) -> ModelVersionNotFound:
    events = store.registry_events(name=model.name)
    for each in reversed(events):
        is_it = (each.model_key, each.version) == (model.event_number, number)
        if is_it and each.kind == EventKind.VERSION_DELETED:
            why = f" ({each.reason})" if each.reason else ""
            return ModelVersionNotFound(
                f"Version {number} of {model.name!r} was deleted at {moment_text(each.t)} by "
                f"{each.actor}{why}. Its number is not given again."
            )
    newest = max((version.version for version in model.latest_versions), key=int, default=None)
    return ModelVersionNotFound(
        f"{model.name!r} has no version {number}.{asking(newest)} {_versions_of(store, model)}"
    )


def get_version_by_alias(store: Store, name: Any, alias: Any) -> ModelVersion:
    """As in MLflow, "latest" is the newest version. Raises AliasNotFound, and as `get_version`."""
    model = get_model(store, name)
    if isinstance(alias, str) and alias.lower() == "latest":
        return newest_version(store, model)
    version = model.aliases.get(check_alias(alias))
    if version is None:
        has = ", ".join(model.aliases) or "none yet"
        raise AliasNotFound(
            f"{model.name!r} has no alias {alias!r}; it has {has}."
            f"{did_you_mean(alias, model.aliases)} MlflowClient()."
            f"set_registered_model_alias({model.name!r}, {alias!r}, version) sets one."
        )
    return get_version(store, name, version)


def newest_version(store: Store, model: RegisteredModel, stage: str | None = None) -> ModelVersion:
    """That of the highest number, in *stage* if one is given. Raises ModelVersionNotFound."""
    latest = [v for v in model.latest_versions if stage in (None, v.current_stage)]
    if not latest:
        where = f" in stage {stage}" if stage else ""
        raise ModelVersionNotFound(
            f"{model.name!r} has no version{where}. {_versions_of(store, model)}"
        )
    return max(latest, key=lambda version: int(version.version))


def get_version_by_stage(
    store: Store, name: Any, stage: Any, *, as_of: Any = None
) -> ModelVersion | None:
    """The newest version in *stage*, now or at the moment *as_of*; None if none was in it.

    Raises RegisteredModelNotFound, InvalidValue.
    """
    if as_of is None:
        model = get_model(store, name)
        wanted = check_stage(stage, model.stages, model=model.name)
        found = [v for v in model.latest_versions if v.current_stage == wanted]
        return found[0] if found else None
    us = as_of_us(as_of)
    then = store.search_model_versions(RegistryQuery(name=check_model_name(name), as_of_us=us))
    if not then and find_model(store, name) is None and not store.registry_events(name=name):
        raise no_model(store, name)
    wanted = _stage_then(store, name, stage)
    return next((v for v in then if v.current_stage == wanted), None)


def _stage_then(store: Store, name: str, stage: Any) -> str:
    """A stage that the model has, or had: one that was removed since is asked for too."""
    events = store.registry_events(name=name)
    moves = [e.to_value for e in events if e.kind == EventKind.STAGE_CHANGED and e.to_value]
    model = find_model(store, name)
    known = dict.fromkeys([*(model.stages if model else STAGES), *moves])
    return check_stage(stage, tuple(known), model=name)


def as_of_us(as_of: Any) -> int:
    """A moment in microseconds: the last one of a day that stands alone, of the second that a text
    names, as `nbtrack registry log` prints it, and of a millisecond. Raises InvalidValue."""
    try:
        if isinstance(as_of, int) and not isinstance(as_of, bool):
            return as_microseconds(as_of, default=0) + 999
        moment = _read_moment(as_of) if isinstance(as_of, str) else as_of
        if isinstance(moment, dt.datetime):
            return operator.index(_microseconds(moment))  # that of pandas.NaT is no number
        day = dt.datetime(moment.year, moment.month, moment.day)
        return _microseconds(day + _DAY) - 1
    except (ValueError, TypeError, AttributeError, OverflowError) as exc:
        raise InvalidValue(_MOMENT_RULE.format(as_of)) from exc


def _read_moment(text: str) -> dt.date:
    plain = text.strip().removesuffix(" UTC")
    with suppress(ValueError):
        return dt.date.fromisoformat(plain)
    moment = dt.datetime.fromisoformat(plain)
    return moment if "." in plain else moment + _SECOND - dt.timedelta(microseconds=1)


def _microseconds(moment: dt.datetime) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return (aware - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


def moment_text(us: int) -> str:
    """2026-03-01 12:00:00 UTC; what was changed by hand and is no such time, as it is."""
    try:
        moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=us)
    except (TypeError, OverflowError):
        return f"{us}"
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def creation_event(store: Store, version: ModelVersion) -> RegistryEvent:
    """The event that created *version*; its details hold the files and where they are."""
    return store.registry_events(n=version.event_number)[0]


def _versions_of(store: Store, model: RegisteredModel) -> str:
    found = store.search_model_versions(
        RegistryQuery(name=model.name, order_by=("version_number DESC",), max_results=10)
    )
    if not found:
        return f"It has none; nbtrack.register_model(model_uri, {model.name!r}) makes one."
    return f"It has {', '.join(f'{v.version} ({v.current_stage})' for v in found)}."
