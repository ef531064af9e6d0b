"""A logged model whose files are somewhere else: a folder that says so, and can be registered."""

from __future__ import annotations

from nbtrack.models.mlmodel_file import FILE_NAME, Model
from nbtrack.models.requirements import own_version
from nbtrack.recording.logged_models import own_folder, record_files
from nbtrack.records.logged_models import EXTERNAL_TAG, LoggedModel
from nbtrack.stores.store import Store


def log_external(store: Store, model: LoggedModel) -> None:
    content = Model(
        artifact_path=model.name,
        run_id=model.source_run_id,
        model_id=model.model_id,
        nbtrack_version=own_version(),
        metadata={EXTERNAL_TAG: True},
    )
    place = own_folder(model)
    record_files(store, model.model_id, [place.write(FILE_NAME, content.to_yaml().encode())])
