"""`nbtrack.pyfunc.log_model`, `save_model` and `load_model`; arguments as in MLflow."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from nbtrack.api.model_logging import check_registration, failing, log_new_model
from nbtrack.models.flavours import python_model as flavour
from nbtrack.models.folder import FlavorParts, SaveOptions, signature_for
from nbtrack.models.input_example import InputExample, kept_example
from nbtrack.models.load_options import LoadOptions
from nbtrack.models.loading import load_pyfunc
from nbtrack.models.model_info import ModelInfo
from nbtrack.models.model_uris import path_of_artifact
from nbtrack.models.pyfunc_model import PyFuncModel
from nbtrack.models.python_model import PythonModelContext
from nbtrack.models.saving import model_path, write_parts
from nbtrack.recording.logged_models import model_facts


def log_model(
    artifact_path: str | None = None,
    *,
    python_model: Any,
    name: str | None = None,
    artifacts: Mapping[str, str | Path] | None = None,
    model_config: Mapping[str, Any] | None = None,
    code_paths: Collection[str | Path] | None = None,
    conda_env: Mapping[str, Any] | str | None = None,
    registered_model_name: str | None = None,
    signature: Any = None,
    input_example: Any = None,
    await_registration_for: int | None = None,  # noqa: ARG001 - registering takes no time here
    pip_requirements: Collection[str] | str | None = None,
    extra_pip_requirements: Collection[str] | str | None = None,
    metadata: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    model_type: str | None = None,
    step: int = 0,
    model_id: str | None = None,
    run_id: str | None = None,
) -> ModelInfo:
    """Keep a `PythonModel`, or a function of the input, in the active run.

    *artifacts* are files and folders that it needs, {name: path or URI}; it finds them as
    `context.artifacts[name]`. *params* to *model_id* are as in `nbtrack.sklearn.log_model`.
    Raises ModelNotSaved, InvalidValue; then nothing is stored.
    """
    check_registration(registered_model_name)
    path = model_path(name=name, artifact_path=artifact_path)
    about = model_facts(params, tags, model_type=model_type, step=step, model_id=model_id)
    with failing(model_id):
        parts, options = _prepared(
            python_model,
            artifacts=artifacts,
            model_config=model_config,
            signature=signature,
            input_example=input_example,
            code_paths=code_paths,
            conda_env=conda_env,
            pip_requirements=pip_requirements,
            extra_pip_requirements=extra_pip_requirements,
            metadata=metadata,
        )
        return log_new_model(
            path, parts, options, about, run_id=run_id, registered_model_name=registered_model_name
        )


def save_model(
    path: str | Path,
    *,
    python_model: Any,
    artifacts: Mapping[str, str | Path] | None = None,
    model_config: Mapping[str, Any] | None = None,
    code_paths: Collection[str | Path] | None = None,
    conda_env: Mapping[str, Any] | str | None = None,
    signature: Any = None,
    input_example: Any = None,
    pip_requirements: Collection[str] | str | None = None,
    extra_pip_requirements: Collection[str] | str | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Write a `PythonModel`, or a function of the input, to a new folder, outside of any run."""
    parts, options = _prepared(
        python_model,
        artifacts=artifacts,
        model_config=model_config,
        signature=signature,
        input_example=input_example,
        code_paths=code_paths,
        conda_env=conda_env,
        pip_requirements=pip_requirements,
        extra_pip_requirements=extra_pip_requirements,
        metadata=metadata,
    )
    write_parts(path, parts, options)


def load_model(
    model_uri: str | Path,
    dst_path: str | Path | None = None,
    model_config: Mapping[str, Any] | None = None,
    *,
    trusted: Collection[str | type] | None = None,
) -> PyFuncModel:
    """Any model, of any flavour, behind one `predict` that keeps to the signature.

    *trusted*: types in a skops file that you know to be harmless. Raises ModelNotFound,
    ModelChanged, ModelNotLoaded.
    """
    options = LoadOptions(trusted=trusted, model_config=model_config)
    loaded: PyFuncModel = load_pyfunc(model_uri, options, dst_path=dst_path)
    return loaded


def _prepared(
    python_model: Any,
    *,
    artifacts: Mapping[str, str | Path] | None,
    model_config: Mapping[str, Any] | None,
    signature: Any,
    input_example: Any,
    **rest: Any,
) -> tuple[FlavorParts, SaveOptions]:
    parts = flavour.parts_of(python_model, artifacts=artifacts, model_config=model_config)
    example = kept_example(input_example)
    found = _signature(signature, example, python_model, artifacts, model_config)
    return parts, SaveOptions(signature=found, input_example=example, **rest)


def _signature(
    given: Any,
    example: InputExample | None,
    python_model: Any,
    artifacts: Mapping[str, str | Path] | None,
    model_config: Mapping[str, Any] | None,
) -> Any:
    """Of the example, the model is asked: with its artifacts where they are now."""
    if given is not None or example is None:
        return signature_for(given, example, None)
    paths = {n: str(path_of_artifact(uri)) for n, uri in (artifacts or {}).items()}
    context = PythonModelContext(artifacts=paths, model_config=dict(model_config or {}) or None)
    model = flavour.as_python_model(python_model)
    if hasattr(model, "load_context"):
        model.load_context(context)
    predictor = flavour.PythonModelPredictor(model, context)
    return signature_for(None, example, lambda data: predictor.predict(data, example.params))
