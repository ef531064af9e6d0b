"""`nbtrack.sklearn.log_model`, `save_model` and `load_model`; arguments as in MLflow."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from nbtrack.api.framework_models import log_model_of, save_model_of
from nbtrack.models.flavours import sklearn as flavour
from nbtrack.models.load_options import LoadOptions
from nbtrack.models.loading import load_own
from nbtrack.models.mlmodel_file import Model
from nbtrack.models.model_info import ModelInfo


def log_model(
    sk_model: Any,
    artifact_path: str | None = None,
    conda_env: Mapping[str, Any] | str | None = None,
    code_paths: Collection[str | Path] | None = None,
    serialization_format: str | None = None,
    registered_model_name: str | None = None,
    signature: Any = None,
    input_example: Any = None,
    await_registration_for: int | None = None,  # noqa: ARG001 - registering takes no time here
    pip_requirements: Collection[str] | str | None = None,
    extra_pip_requirements: Collection[str] | str | None = None,
    pyfunc_predict_fn: str = "predict",
    metadata: Mapping[str, Any] | None = None,
    extra_files: Collection[str | Path] | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    model_type: str | None = None,
    step: int = 0,
    model_id: str | None = None,
    name: str | None = None,
    skops_trusted_types: Collection[str | type] | None = None,
    run_id: str | None = None,
) -> ModelInfo:
    """Keep a fitted model in the active run, under *name*; load it back by `info.model_uri`.

    *params*, *tags*, *model_type* and *step* are those of the logged model that it becomes;
    *model_id*: it becomes that one, which was initialized before, in whose place it is kept.
    Raises ModelNotSaved, InvalidValue; then nothing is stored.
    """
    return log_model_of(
        flavour,
        sk_model,
        options=_options(serialization_format, pyfunc_predict_fn, skops_trusted_types),
        artifact_path=artifact_path,
        name=name,
        registered_model_name=registered_model_name,
        params=params,
        tags=tags,
        model_type=model_type,
        step=step,
        model_id=model_id,
        run_id=run_id,
        signature=signature,
        input_example=input_example,
        conda_env=conda_env,
        code_paths=code_paths,
        pip_requirements=pip_requirements,
        extra_pip_requirements=extra_pip_requirements,
        extra_files=extra_files,
        metadata=metadata,
    )


def save_model(
    sk_model: Any,
    path: str | Path,
    conda_env: Mapping[str, Any] | str | None = None,
    code_paths: Collection[str | Path] | None = None,
    mlflow_model: Model | None = None,
    serialization_format: str | None = None,
    signature: Any = None,
    input_example: Any = None,
    pip_requirements: Collection[str] | str | None = None,
    extra_pip_requirements: Collection[str] | str | None = None,
    pyfunc_predict_fn: str = "predict",
    metadata: Mapping[str, Any] | None = None,
    skops_trusted_types: Collection[str | type] | None = None,
    extra_files: Collection[str | Path] | None = None,
) -> None:
    """Write a fitted model to a new folder, outside of any run."""
    save_model_of(
        flavour,
        sk_model,
        path,
        options=_options(serialization_format, pyfunc_predict_fn, skops_trusted_types),
        mlflow_model=mlflow_model,
        signature=signature,
        input_example=input_example,
        conda_env=conda_env,
        code_paths=code_paths,
        pip_requirements=pip_requirements,
        extra_pip_requirements=extra_pip_requirements,
        extra_files=extra_files,
        metadata=metadata,
    )


def load_model(
    model_uri: str | Path,
    dst_path: str | Path | None = None,
    *,
    trusted: Collection[str | type] | None = None,
) -> Any:
    """The estimator behind `runs:/<run id>/<path>`, `models:/…`, a `file:` URI or a path.

    Its files are checked against what was recorded before anything of them runs. *trusted*: types
    in a skops file that you know to be harmless. Raises ModelNotFound, ModelChanged,
    ModelNotLoaded.
    """
    return load_own(flavour, model_uri, LoadOptions(trusted=trusted), dst_path=dst_path)


def get_default_pip_requirements(
    include_cloudpickle: bool = False, include_skops: bool = False
) -> list[str]:
    """What every model of this kind needs."""
    from nbtrack.models.requirements import MLFLOW, pinned

    chosen = {"cloudpickle": include_cloudpickle, "skops": include_skops}
    return [MLFLOW, *pinned(frozenset({"sklearn", *(n for n in chosen if chosen[n])}))]


def get_default_conda_env(
    include_cloudpickle: bool = False, include_skops: bool = False
) -> dict[str, Any]:
    """The same as a conda environment."""
    from nbtrack.models.environment_files import conda_env_of

    return conda_env_of(get_default_pip_requirements(include_cloudpickle, include_skops))


def _options(
    serialization_format: str | None,
    pyfunc_predict_fn: str,
    skops_trusted_types: Collection[str | type] | None,
) -> dict[str, Any]:
    return {
        "serialization_format": serialization_format,
        "pyfunc_predict_fn": pyfunc_predict_fn,
        "skops_trusted_types": skops_trusted_types,
    }
