"""Writing a model folder: into a run, or to a path."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbtrack.artifact_store.paths import TEMPORARY, artifact_parts
from nbtrack.base.guard import guarded, warn
from nbtrack.base.values import check_key
from nbtrack.errors import InvalidValue
from nbtrack.models.flavours import sklearn as sklearn_flavour
from nbtrack.models.folder import (
    Content,
    FlavorParts,
    ModelFolder,
    SaveOptions,
    build_folder,
)
from nbtrack.models.homes import Home, RunHome
from nbtrack.models.input_example import kept_example
from nbtrack.models.model_info import ModelInfo
from nbtrack.models.signature import ModelSignature, infer_signature
from nbtrack.recording.run_writer import RunWriter

LARGE = 100_000_000  # bytes


def save_fitted(
    run: RunWriter,
    model: Any,
    path: str,
    *,
    signature_rows: Any = None,
    predictions_of_rows: Any = None,
    input_example: Any = None,
    serialization_format: str = "cloudpickle",
    pyfunc_predict_fn: str = "predict",
    metadata: Mapping[str, Any] | None = None,
) -> ModelInfo:
    """Log a fitted scikit-learn model into the artifact folder *path* of the run.

    *signature_rows* are a few rows of X, *predictions_of_rows* what the model makes of them;
    without rows there is no signature. Everything is read, and the files are written, when this
    returns. Raises ModelNotSaved for a model that cannot be pickled, and stores nothing then.
    """
    parts = sklearn_flavour.parts_of(
        model, serialization_format=serialization_format, pyfunc_predict_fn=pyfunc_predict_fn
    )
    return log_fitted(
        run,
        parts,
        path,
        signature_rows=signature_rows,
        predictions_of_rows=predictions_of_rows,
        input_example=input_example,
        metadata=metadata,
    )


def log_fitted(
    run: RunWriter,
    parts: FlavorParts,
    path: str,
    *,
    signature_rows: Any = None,
    predictions_of_rows: Any = None,
    input_example: Any = None,
    metadata: Mapping[str, Any] | None = None,
) -> ModelInfo:
    """The same for a model of any flavour, as the files and the facts that it becomes."""
    has_rows = signature_rows is not None
    options = SaveOptions(
        signature=_signature(signature_rows, predictions_of_rows) if has_rows else None,
        input_example=kept_example(input_example),
        metadata=metadata,
    )
    return log_parts(RunHome(run, check_model_path(path), is_retrained=True), parts, options)


def _signature(rows: Any, predictions: Any) -> ModelSignature | None:
    with guarded("infer the signature of the model"):
        return infer_signature(rows, predictions)
    return None


def log_parts(home: Home, parts: FlavorParts, options: SaveOptions) -> ModelInfo:
    """Write the model where its *home* is, in place of what was there."""
    folder = build_folder(
        parts, options, run_id=home.run_id, artifact_path=home.path, model_id=home.model_id
    )
    _say_if_large(folder, home.path)
    return home.log(folder.model, folder.files)


def write_parts(path: str | Path, parts: FlavorParts, options: SaveOptions) -> None:
    """Write the model to a new folder. Raises InvalidValue if it holds something already."""
    target = Path(path).expanduser().absolute()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InvalidValue(f"{str(target)!r} exists and is not empty; choose another path.")
    folder = build_folder(parts, options)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f"{TEMPORARY}{os.urandom(8).hex()}")
    try:
        for name, content in folder.files.items():
            _write(temporary / name, content)
        os.replace(temporary, target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_model_path(path: Any) -> str:
    """Where in its run a model goes, as in "model" or "models/last". Raises InvalidValue."""
    parts = artifact_parts(path)
    if not parts:
        raise InvalidValue("The model has an empty name; give name='model'.")
    return check_key("/".join(parts), "name of the model")


def model_path(*, name: str | None, artifact_path: str | None) -> str:
    """MLflow 3 calls it name, MLflow 2 artifact_path; without either it is "model"."""
    if name is not None and artifact_path is not None:
        raise InvalidValue("Give name= or artifact_path=, and not both: they mean the same.")
    return check_model_path(name or artifact_path or "model")


def _say_if_large(folder: ModelFolder, path: str) -> None:
    if folder.size > LARGE:
        warn(
            f"nbtrack: the model {path!r} takes {folder.size / 1e6:,.0f} MB of disk, once per "
            "fit that logs it. autolog(log_models=False) leaves models out; so does deleting "
            "the run, with nbtrack gc."
        )


def _write(file: Path, content: Content) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        shutil.copyfile(content, file)
