"""`nbtrack.pyfunc.log_model`, `save_model` and `load_model`; arguments as in MLflow."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from nbtrack.api.model_logging import check_registration, failing, log_new_model, notes_of
from nbtrack.api.pyfunc_parts import prepared
from nbtrack.errors import InvalidValue
from nbtrack.models.environment_files import CONDA, REQUIREMENTS
from nbtrack.models.load_options import LoadOptions
from nbtrack.models.loading import load_pyfunc
from nbtrack.models.mlmodel_file import Model
from nbtrack.models.model_config import config_in
from nbtrack.models.model_info import ModelInfo
from nbtrack.models.model_uris import locate
from nbtrack.models.pyfunc_model import PyFuncModel
from nbtrack.models.saving import model_path, write_parts
from nbtrack.recording.logged_models import model_facts


def log_model(
    artifact_path: str | None = None,
    loader_module: str | None = None,
    data_path: str | Path | None = None,
    code_paths: Collection[str | Path] | None = None,
    infer_code_paths: bool = False,
    conda_env: Mapping[str, Any] | str | None = None,
    python_model: Any = None,
    artifacts: Mapping[str, str | Path] | None = None,
    registered_model_name: str | None = None,
    signature: Any = None,
    input_example: Any = None,
    await_registration_for: int | None = None,  # noqa: ARG001 - registering takes no time here
    pip_requirements: Collection[str] | str | None = None,
    extra_pip_requirements: Collection[str] | str | None = None,
    metadata: Mapping[str, Any] | None = None,
    model_config: Mapping[str, Any] | str | Path | None = None,
    streamable: bool | None = None,
    name: str | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    model_type: str | None = None,
    step: int = 0,
    model_id: str | None = None,
    run_id: str | None = None,
) -> ModelInfo:
    """Keep a `PythonModel`, a function of the input, or a file that makes one, in the active run.

    *artifacts* are files and folders that it needs, {name: path or URI}; it finds them as
    `context.artifacts[name]`. Or *loader_module* names a module with `_load_pyfunc(path)`, which
    reads *data_path*. *params* to *model_id* are as in
    `nbtrack.sklearn.log_model`. Raises ModelNotSaved, InvalidValue; then nothing is stored.
    """
    check_registration(registered_model_name)
    about = model_facts(params, tags, model_type=model_type, step=step, model_id=model_id)
    path = model_path(name=name, artifact_path=artifact_path)
    with failing(model_id):
        parts, options = prepared(
            python_model,
            loader_module=loader_module,
            data_path=data_path,
            artifacts=artifacts,
            model_config=model_config,
            streamable=streamable,
            signature=signature,
            input_example=input_example,
            code_paths=code_paths,
            infer_code_paths=infer_code_paths,
            conda_env=conda_env,
            pip_requirements=pip_requirements,
            extra_pip_requirements=extra_pip_requirements,
            metadata=metadata,
            notes=notes_of(about),
        )
        return log_new_model(
            path, parts, options, about, run_id=run_id, registered_model_name=registered_model_name
        )


def save_model(
    path: str | Path,
    loader_module: str | None = None,
    data_path: str | Path | None = None,
    code_paths: Collection[str | Path] | None = None,
    infer_code_paths: bool = False,
    conda_env: Mapping[str, Any] | str | None = None,
    mlflow_model: Model | None = None,
    python_model: Any = None,
    artifacts: Mapping[str, str | Path] | None = None,
    signature: Any = None,
    input_example: Any = None,
    pip_requirements: Collection[str] | str | None = None,
    extra_pip_requirements: Collection[str] | str | None = None,
    metadata: Mapping[str, Any] | None = None,
    model_config: Mapping[str, Any] | str | Path | None = None,
    streamable: bool | None = None,
) -> None:
    """The same to a new folder, outside of any run."""
    parts, options = prepared(
        python_model,
        loader_module=loader_module,
        data_path=data_path,
        artifacts=artifacts,
        model_config=model_config,
        streamable=streamable,
        signature=signature,
        input_example=input_example,
        code_paths=code_paths,
        infer_code_paths=infer_code_paths,
        conda_env=conda_env,
        pip_requirements=pip_requirements,
        extra_pip_requirements=extra_pip_requirements,
        metadata=metadata,
        model=mlflow_model,
    )
    write_parts(path, parts, options)


def load_model(
    model_uri: str | Path,
    suppress_warnings: bool = False,
    dst_path: str | Path | None = None,
    model_config: Mapping[str, Any] | str | Path | None = None,
    *,
    trusted: Collection[str | type] | None = None,
) -> PyFuncModel:
    """Any model, of any flavour, behind one `predict` that keeps to the signature.

    *model_config* stands in the place of what the model was logged with. *trusted*: types in a
    skops file that you know to be harmless. Raises ModelNotFound, ModelChanged, ModelNotLoaded.
    """
    config = None if model_config is None else config_in(model_config)
    options = LoadOptions(trusted=trusted, model_config=config, is_quiet=suppress_warnings)
    loaded: PyFuncModel = load_pyfunc(model_uri, options, dst_path=dst_path)
    return loaded


def get_model_dependencies(model_uri: str | Path, format: str = "pip") -> str:
    """The file that lists what the model needs: requirements.txt ("pip") or conda.yaml ("conda").

    Raises ModelNotFound.
    """
    files = {"pip": REQUIREMENTS, "conda": CONDA}
    if format not in files:
        raise InvalidValue(f"format is 'pip' or 'conda', not {format!r}.")
    return str(locate(model_uri).folder / files[format])


def get_default_pip_requirements() -> list[str]:
    """What every model of this kind needs."""
    from nbtrack.models.requirements import MLFLOW, pinned

    return [MLFLOW, *pinned(frozenset({"cloudpickle"}))]


def get_default_conda_env() -> dict[str, Any]:
    """The same as a conda environment."""
    from nbtrack.models.environment_files import conda_env_of

    return conda_env_of(get_default_pip_requirements())
