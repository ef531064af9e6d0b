"""Changes that a panel makes to runs: name, note, tags, pin, baseline, deletion."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from nbtrack.api.client import MlflowClient, client_of
from nbtrack.errors import InvalidValue, TagNotFound
from nbtrack.panels.runs.families import family
from nbtrack.panels.runs.run_details import details_of
from nbtrack.panels.runs.state import HasRunsState
from nbtrack.panels.shared.requests import text_of, texts_of
from nbtrack.recording.deletions import Deletion
from nbtrack.recording.session import current_session
from nbtrack.records.runs import ViewType
from nbtrack.records.tags import BASELINE_TAG, NOTE_TAG, OWN_PREFIXES, PINNED_TAG


def edit(panel: HasRunsState, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """One change to one run; the run as it is then. Raises InvalidValue, RunNotFound."""
    change = _CHANGES.get(text_of(arguments, "what"))
    if change is None:
        raise InvalidValue(f"A run cannot be changed by {arguments.get('what')!r}.")
    run_id = text_of(arguments, "run")
    change(client_of(panel.store), run_id, arguments)
    panel.state.known_keys.forget()
    return details_of(panel.store, run_id, panel.rights)


def tag(panel: HasRunsState, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """One tag on several runs. Raises InvalidValue, RunNotFound."""
    client, key = client_of(panel.store), _own_key(arguments)
    ids = texts_of(arguments, "runs")
    for run_id in ids:
        client.set_tag(run_id, key, text_of(arguments, "text"))
    panel.state.known_keys.forget()
    return {"ids": ids}


def delete(panel: HasRunsState, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """With the children; the ids that `restore` takes to undo it."""
    client = client_of(panel.store)
    ids = family(panel.store, texts_of(arguments, "runs"))
    for run_id in reversed(ids):
        client.delete_run(run_id)
    current_session().deletions.append(Deletion(panel.store.uri, ids))
    panel.state.known_keys.forget()
    return {"ids": ids}


def restore(panel: HasRunsState, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """With the children that are deleted too."""
    client, named = client_of(panel.store), texts_of(arguments, "ids")
    ids = family(panel.store, named, view_type=ViewType.DELETED_ONLY)
    for run_id in ids:
        client.restore_run(run_id)
    _forget_deletion(panel.store.uri, ids)
    panel.state.known_keys.forget()
    return {"ids": ids}


def _forget_deletion(uri: str, ids: Sequence[str]) -> None:
    """`%track restore` is not to bring back what is back."""
    session = current_session()
    session.deletions = [
        each for each in session.deletions if each.uri != uri or not {*each.ids} <= {*ids}
    ]


def _rename(client: MlflowClient, run_id: str, arguments: Mapping[str, Any]) -> None:
    name = text_of(arguments, "text").strip()
    if not name:
        raise InvalidValue("A run needs a name: type one, or press Escape to keep the old one.")
    client.update_run(run_id, name=name)


def _note(client: MlflowClient, run_id: str, arguments: Mapping[str, Any]) -> None:
    client.set_tag(run_id, NOTE_TAG, text_of(arguments, "text"))


def _set_tag(client: MlflowClient, run_id: str, arguments: Mapping[str, Any]) -> None:
    client.set_tag(run_id, _own_key(arguments), text_of(arguments, "text"))


def _delete_tag(client: MlflowClient, run_id: str, arguments: Mapping[str, Any]) -> None:
    client.delete_tag(run_id, _own_key(arguments))


def _own_key(arguments: Mapping[str, Any]) -> str:
    key = text_of(arguments, "key").strip()
    if not key:
        raise InvalidValue("A tag needs a key: write key=value.")
    if key.startswith(OWN_PREFIXES):
        raise InvalidValue(f"{key!r} is a tag that nbtrack keeps itself; choose another key.")
    return key


def _pin(client: MlflowClient, run_id: str, arguments: Mapping[str, Any]) -> None:
    if arguments.get("on"):
        client.set_tag(run_id, PINNED_TAG, "true")
    else:
        client.writer(run_id).drop_tag(PINNED_TAG)  # another panel may have been first


def _baseline(client: MlflowClient, run_id: str, arguments: Mapping[str, Any]) -> None:
    """One in each experiment: the newest mark counts."""
    experiment_id = client.get_run(run_id).info.experiment_id
    if arguments.get("on"):
        client.set_experiment_tag(experiment_id, BASELINE_TAG, run_id)
    else:
        with suppress(TagNotFound):
            client.delete_experiment_tag(experiment_id, BASELINE_TAG)


_CHANGES: Mapping[str, Callable[[MlflowClient, str, Mapping[str, Any]], None]] = {
    "rename": _rename,
    "note": _note,
    "set_tag": _set_tag,
    "delete_tag": _delete_tag,
    "pin": _pin,
    "baseline": _baseline,
}
