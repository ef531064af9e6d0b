"""`nbtrack.models.Model`: an MLmodel file, and `log` for flavours that users write themselves."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbtrack.api.model_logging import (
    check_registration,
    failing,
    home_of,
    notes_of,
    registered,
)
from nbtrack.artifact_store.sources import files_under
from nbtrack.errors import InvalidValue
from nbtrack.models import mlmodel_file
from nbtrack.models.mlmodel_file import FILE_NAME
from nbtrack.models.model_info import ModelInfo
from nbtrack.models.saving import model_path
from nbtrack.recording.logged_models import model_facts


@dataclass(eq=False)
class Model(mlmodel_file.Model):
    __doc__ = mlmodel_file.Model.__doc__

    @classmethod
    def log(
        cls,
        artifact_path: str | None = None,
        flavor: Any = None,
        registered_model_name: str | None = None,
        await_registration_for: int | None = None,  # noqa: ARG003 - registering takes no time here
        metadata: Mapping[str, Any] | None = None,
        run_id: str | None = None,
        *,
        name: str | None = None,
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
        model_type: str | None = None,
        step: int = 0,
        model_id: str | None = None,
        resources: None = None,
        auth_policy: None = None,
        prompts: None = None,
        **kwargs: Any,
    ) -> ModelInfo:
        """Keep in a run what `flavor.save_model(path=…, mlflow_model=…, **kwargs)` writes.

        For flavours of your own; `nbtrack.sklearn.log_model` and `nbtrack.pyfunc.log_model` log
        theirs. Raises InvalidValue, and what the flavour raises; then nothing is stored.
        """
        check_registration(registered_model_name)
        if resources or auth_policy or prompts:
            raise InvalidValue(
                "resources=, auth_policy= and prompts= are for MLflow's servers; metadata= keeps "
                "what you want to know of the model."
            )
        about = model_facts(params, tags, model_type=model_type, step=step, model_id=model_id)
        path = model_path(name=name, artifact_path=artifact_path)
        facts, notes = None if metadata is None else dict(metadata), notes_of(about)
        with failing(model_id), tempfile.TemporaryDirectory(prefix="nbtrack-model-") as folder:
            home = home_of(path, about, run_id=run_id)
            model = cls(
                artifact_path=home.path,
                run_id=home.run_id,
                model_id=home.model_id,
                metadata=facts,
                extra={"nbtrack": notes} if notes else {},
            )
            target = Path(folder) / "model"
            flavor.save_model(path=str(target), mlflow_model=model, **kwargs)
            info = home.log(cls.load(target), _files_of(target))
        return registered(home.store, info, registered_model_name)


def _files_of(folder: Path) -> dict[str, Path]:
    """Those of a model, MLmodel last."""
    found = files_under(folder, without=folder / ".nbtrack")
    return dict(sorted(found, key=lambda each: each[0] == FILE_NAME))
