"""Changes of a model that was logged or saved: another signature, other requirements.

A registered version is never changed: who relies on it relies on its digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path

from nbtrack.api.model_logging import run_of_model
from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.errors import InvalidValue
from nbtrack.models.digests import folder_digest
from nbtrack.models.environment_files import CONDA, REQUIREMENTS, environment_files
from nbtrack.models.homes import DIGEST_TAG
from nbtrack.models.mlmodel_file import FILE_NAME, read_mlmodel
from nbtrack.models.model_place import ModelPlace
from nbtrack.models.model_uris import locate, logged_model_in
from nbtrack.models.requirements import checked_lines, requirement_name
from nbtrack.models.signature import ModelSignature, check_signature
from nbtrack.recording.logged_models import record_files
from nbtrack.recording.session import current_session


def set_signature(model_uri: str | Path, signature: ModelSignature) -> None:
    """Give a model of a run, or in a folder, this signature in place of what it has.

    Raises InvalidValue for a registered version, ModelNotFound, RunDeleted.
    """
    place = _changeable(model_uri)
    model = read_mlmodel(place.folder)
    model.signature = check_signature(signature)
    _write(place, {FILE_NAME: model.to_yaml().encode()})


def update_model_requirements(
    model_uri: str | Path, operation: str, requirement_list: Collection[str]
) -> None:
    """Add lines to the model's requirements ("add"), or take out what they name ("remove").

    Raises as `set_signature` does.
    """
    if operation not in ("add", "remove"):
        raise InvalidValue(f"operation is 'add' or 'remove', not {operation!r}.")
    place = _changeable(model_uri)
    given = checked_lines(requirement_list, "requirement_list")
    names = {requirement_name(line) for line in given}
    lines = (place.folder / REQUIREMENTS).read_text(encoding="utf-8").splitlines()
    others = [line for line in lines if requirement_name(line) not in names]
    files = environment_files((*others, *(given if operation == "add" else ())))
    _write(place, {name: files[name] for name in (REQUIREMENTS, CONDA)})


def _changeable(model_uri: str | Path) -> ModelPlace:
    if str(model_uri).startswith("models:") and logged_model_in(str(model_uri)) is None:
        raise InvalidValue(
            f"{str(model_uri)!r} is a registered version, which is never changed; change the model "
            "in its run (runs:/<run id>/<path>) and register it again."
        )
    return locate(model_uri)


def _write(place: ModelPlace, files: Mapping[str, bytes]) -> None:
    if place.model_id is not None:
        own = open_artifacts(str(place.folder), run_id=place.model_id)
        written = [own.write(name, content) for name, content in files.items()]
        record_files(current_session().store, place.model_id, written)
        return
    if place.recorded is None or place.run_id is None:
        for name, content in files.items():
            (place.folder / name).write_bytes(content)
        return
    run, path = run_of_model(place.run_id), _path_in_run(place)
    for name, content in files.items():
        run.log_bytes(content, f"{path}/{name}")
    changed = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    run.set_tag(DIGEST_TAG + path, folder_digest({**place.recorded, **changed}))


def _path_in_run(place: ModelPlace) -> str:
    return str(read_mlmodel(place.folder).artifact_path)
