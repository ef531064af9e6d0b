"""Changes that a page asks for: a version to another stage, and what is said about it.

A page is not believed: what it promised somebody (archives v5, came from Staging) must still be so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from nbtrack.api.client import MlflowClient, client_of
from nbtrack.display.markup import clipped
from nbtrack.errors import InvalidValue
from nbtrack.lookup.registered_models import get_model, get_version
from nbtrack.lookup.registry_names import check_stage
from nbtrack.model_registry.gates import GateResult, check_gate
from nbtrack.model_registry.stages import transition
from nbtrack.panels.registry.content import PRODUCTION
from nbtrack.panels.shared.panel import Handler, Panel
from nbtrack.panels.shared.requests import text_of, texts_of
from nbtrack.records.registry import ARCHIVED, NO_STAGE, ModelVersion, RegistryQuery
from nbtrack.stores.store import Store

_LONG = 2000  # characters


def move_check_answer(panel: Panel, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What would come of a move: what the gate says, who would make room, what it needs."""
    name, number = text_of(arguments, "name"), text_of(arguments, "version")
    store = panel.rights.at_gate(panel.store, name)
    version = get_version(store, name, number)
    stage = _stage(store, version.name, arguments)
    result = check_gate(store, version.name, version.version, stage)
    return {
        "version": version.version,
        "from": version.current_stage,
        "stage": stage,
        "gate": _gate(result),
        "others": _others(store, version.name, stage, version.version),
        "archives": stage not in (NO_STAGE, ARCHIVED),
        "archivesByDefault": stage == PRODUCTION,
        "needsReason": stage == PRODUCTION,
    }


def move_answer(panel: Panel, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Raises GateFailed with the numbers; InvalidValue when a reason is missing, or when others
    have changed what the page was about to change."""
    stage, reason = text_of(arguments, "stage"), text_of(arguments, "reason").strip()
    is_override = arguments.get("override") is True
    is_archiving = arguments.get("archive") is True
    came_from, promised = text_of(arguments, "from"), sorted(texts_of(arguments, "others"))
    name = text_of(arguments, "name")

    def check(version: ModelVersion, target: str) -> None:
        _refuse_silence(target, reason, is_override=is_override)
        if version.current_stage != came_from:
            raise _stale(f"v{version.version} came to {version.current_stage}")
        others = _others(panel.store, version.name, target, version.version)
        if is_archiving and sorted(others) != promised:
            raise _stale(f"there is {_versions(others)} in {target}")

    moved = transition(
        panel.rights.at_gate(panel.store, name),
        name,
        text_of(arguments, "version"),
        stage,
        archive_existing=is_archiving,
        reason=reason or None,
        override_gate=is_override,
        check=check,
    )
    return {"version": moved.version, "stage": moved.current_stage}


def edit_answer(panel: Panel, arguments: Mapping[str, Any]) -> None:
    """One change to a model, or to one of its versions if `version` is given."""
    what = text_of(arguments, "what")
    change = (_OF_VERSION if "version" in arguments else _OF_MODEL).get(what)
    if change is None:
        raise InvalidValue(f"The registry cannot be changed by {what!r}.")
    change(client_of(panel.store), text_of(arguments, "name"), arguments)


def register_answer(panel: Panel, arguments: Mapping[str, Any]) -> dict[str, str]:
    """The model of a run as the next version of `name`. Raises InvalidValue without a model."""
    from nbtrack.model_registry.versions import create_version

    run_id, name = text_of(arguments, "run"), text_of(arguments, "name").strip()
    paths = model_paths(panel.store, run_id)
    path = text_of(arguments, "path") or (paths[0] if paths else "")
    if path not in paths:
        raise InvalidValue("This run has logged no model, so there is nothing to register.")
    made = create_version(panel.store, name, f"runs:/{run_id}/{path}", makes_model=True)
    return {"name": made.name, "version": made.version}


def models_of_run_answer(panel: Panel, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The folders of models that a run has logged."""
    paths = model_paths(panel.store, text_of(arguments, "run"))
    return {"paths": paths, "mayRegister": panel.rights.may_register()}


CHANGE_HANDLERS: Mapping[str, Handler] = {
    "registry_move_check": move_check_answer,
    "registry_move": move_answer,
    "registry_edit": edit_answer,
    "registry_register": register_answer,
    "registry_models_of_run": models_of_run_answer,
}


def model_paths(store: Store, run_id: str) -> list[str]:
    paths = (file.path for file in store.list_artifact_records(run_id))
    return [path.removesuffix("/MLmodel") for path in paths if path.endswith("/MLmodel")]


def _stage(store: Store, name: str, arguments: Mapping[str, Any]) -> str:
    return check_stage(text_of(arguments, "stage"), get_model(store, name).stages, model=name)


def _others(store: Store, name: str, stage: str, version: str) -> list[str]:
    """Versions that are in the stage now, but the one that comes."""
    found = store.search_model_versions(RegistryQuery(name=name, stage=stage))
    return [each.version for each in found if each.version != version]


def _gate(result: GateResult) -> dict[str, Any] | None:
    """None where there is no gate."""
    if result.rule is None and result.approver is None:
        return None
    return {
        "rule": result.rule,
        "isPassed": result.is_passed,
        "isKnown": result.is_known,
        "checks": [
            {**asdict(check), "verdict": str(check.verdict), "says": clipped(check.says, _LONG)}
            for check in result.checks
        ],
    }


def _refuse_silence(stage: str, reason: str, *, is_override: bool) -> None:
    if reason:
        return
    if stage == PRODUCTION:
        raise InvalidValue("A move to Production needs a reason: say why, it goes into the record.")
    if is_override:
        raise InvalidValue("Overriding a gate needs a reason: say why, it goes into the record.")


def _stale(what: str) -> InvalidValue:
    return InvalidValue(f"Somebody was faster: by now {what}. Nothing was changed; look again.")


def _versions(versions: list[str]) -> str:
    return ", ".join(f"v{version}" for version in versions) or "no version"


Change = Callable[[MlflowClient, str, Mapping[str, Any]], Any]


def _describe(client: MlflowClient, name: str, arguments: Mapping[str, Any]) -> None:
    client.update_registered_model(name, text_of(arguments, "text") or None)


def _set_tag(client: MlflowClient, name: str, arguments: Mapping[str, Any]) -> None:
    client.set_registered_model_tag(name, _key(arguments), text_of(arguments, "text"))


def _delete_tag(client: MlflowClient, name: str, arguments: Mapping[str, Any]) -> None:
    client.delete_registered_model_tag(name, text_of(arguments, "key"))


def _delete_alias(client: MlflowClient, name: str, arguments: Mapping[str, Any]) -> None:
    client.delete_registered_model_alias(name, text_of(arguments, "key"))


def _describe_version(client: MlflowClient, name: str, arguments: Mapping[str, Any]) -> None:
    client.update_model_version(name, text_of(arguments, "version"), text_of(arguments, "text"))


def _set_version_tag(client: MlflowClient, name: str, arguments: Mapping[str, Any]) -> None:
    version, text = text_of(arguments, "version"), text_of(arguments, "text")
    client.set_model_version_tag(name, version, _key(arguments), text)


def _delete_version_tag(client: MlflowClient, name: str, arguments: Mapping[str, Any]) -> None:
    client.delete_model_version_tag(name, text_of(arguments, "version"), text_of(arguments, "key"))


def _set_alias(client: MlflowClient, name: str, arguments: Mapping[str, Any]) -> None:
    alias = text_of(arguments, "key").strip().removeprefix("@")
    client.set_registered_model_alias(name, alias, text_of(arguments, "version"))


def _key(arguments: Mapping[str, Any]) -> str:
    key = text_of(arguments, "key").strip()
    if not key:
        raise InvalidValue("A tag needs a key: write key=value.")
    return key


_OF_MODEL: Mapping[str, Change] = {
    "describe": _describe,
    "set_tag": _set_tag,
    "delete_tag": _delete_tag,
    "delete_alias": _delete_alias,
}
_OF_VERSION: Mapping[str, Change] = {
    "describe": _describe_version,
    "set_tag": _set_version_tag,
    "delete_tag": _delete_version_tag,
    "set_alias": _set_alias,
}
