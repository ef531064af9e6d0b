"""Where the files of a logged model go: a folder in the artifacts of its run, or one of its own.

A home has the id of the model before anything is written, because MLmodel says it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from nbtrack.models.digests import folder_digest
from nbtrack.models.earlier_models import earlier_model, move_out_of_run
from nbtrack.models.folder import Content
from nbtrack.models.mlmodel_file import Model, info_of
from nbtrack.models.model_info import ModelInfo
from nbtrack.recording.logged_models import (
    NOTHING_SAID,
    ModelFacts,
    change_model,
    delete_tag,
    link_models,
    new_model_id,
    own_folder,
    record_files,
    record_in_run,
)
from nbtrack.recording.run_writer import RunWriter
from nbtrack.records.logged_models import EXTERNAL_TAG, LoggedModel, LoggedModelStatus
from nbtrack.records.runs import LoggedModelOutput
from nbtrack.stores.store import Store

DIGEST_TAG = "nbtrack.model."  # and the path of the model in the run


class Home(Protocol):
    @property
    def store(self) -> Store: ...

    @property
    def model_id(self) -> str: ...

    @property
    def run_id(self) -> str | None: ...

    @property
    def path(self) -> str:
        """In the run; by it, `runs:/<run id>/<path>` finds the model."""

    def log(self, model: Model, files: Mapping[str, Content]) -> ModelInfo:
        """All files appear or none does; MLmodel is the last of them."""


class RunHome:
    """The model that was there before keeps its files in a folder of its own.

    *is_retrained*: it is that model again, if a hook made it.
    """

    def __init__(
        self,
        run: RunWriter,
        path: str,
        about: ModelFacts = NOTHING_SAID,
        *,
        is_retrained: bool = False,
    ) -> None:
        self.store, self.run_id, self.path = run.store, run.run_id, path
        self._run, self._about, self._is_retrained = run, about, is_retrained
        self._earlier = earlier_model(run, path)
        is_same = is_retrained and self._earlier in run.logged.models
        self.model_id = about.model_id or (self._earlier if is_same else None) or new_model_id()

    def log(self, model: Model, files: Mapping[str, Content]) -> ModelInfo:
        """The digest of the folder becomes a tag of the run."""
        run, path = self._run, self.path
        if self._earlier is not None and self._earlier != self.model_id:
            move_out_of_run(run, self._earlier, path)
        stored = run.log_folder(files, path)
        if not stored:  # the disk did not take it, and that was said
            return info_of(replace(model, model_id=None))
        digest = folder_digest({f.path[len(path) + 1 :]: str(f.sha256) for f in stored})
        run.set_tag(DIGEST_TAG + path, digest)
        record_in_run(run, self.model_id, path=path, about=self._about)
        if self._is_retrained:
            run.logged.models.add(self.model_id)
        return info_of(model, digest=digest)


class OwnHome:
    """Of a model that was initialized before; *run* makes it now, if there is one."""

    def __init__(self, store: Store, model: LoggedModel, run: RunWriter | None, step: int) -> None:
        self.store, self.model_id, self.path = store, model.model_id, model.name
        self.run_id = model.source_run_id if run is None else run.run_id
        self._model, self._run, self._step = model, run, step

    def log(self, model: Model, files: Mapping[str, Content]) -> ModelInfo:
        stored = own_folder(self._model).write_all(files)
        record_files(self.store, self.model_id, stored)
        change_model(self.store, self.model_id, status=LoggedModelStatus.READY)
        if EXTERNAL_TAG in self._model.tags:
            delete_tag(self.store, self.model_id, EXTERNAL_TAG)
        if self._run is not None:
            made = LoggedModelOutput(self.model_id, self._step)
            link_models(self._run, [made], role="output")
        digest = folder_digest({f.path: str(f.sha256) for f in stored})
        return info_of(model, uri=self._model.model_uri, digest=digest)
