"""`log_model`, `save_model` and `load_model` of every flavour; arguments as in MLflow."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from functools import partial
from importlib import import_module
from inspect import Parameter, Signature
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from nbtrack.api.model_logging import check_registration, failing, log_new_model, notes_of
from nbtrack.base.guard import warn_once
from nbtrack.models.environment_files import conda_env_of
from nbtrack.models.example_signature import signature_for
from nbtrack.models.folder import FlavorParts, SaveOptions
from nbtrack.models.input_example import kept_example
from nbtrack.models.load_options import LoadOptions
from nbtrack.models.loading import load_own
from nbtrack.models.mlmodel_file import Model
from nbtrack.models.model_info import ModelInfo
from nbtrack.models.requirements import MLFLOW, pinned
from nbtrack.models.saving import model_path, write_parts
from nbtrack.recording.logged_models import model_facts

# By name, with the default. What an option of the flavour is comes behind them.
_KEPT = {"conda_env": None, "code_paths": None}
_DESCRIBED = {"signature": None, "input_example": None}
_NEEDED = {"pip_requirements": None, "extra_pip_requirements": None}
_BESIDE = {"metadata": None, "extra_files": None}
_LOGGED = {
    "artifact_path": None, **_KEPT, "registered_model_name": None, **_DESCRIBED,
    "await_registration_for": None, **_NEEDED, **_BESIDE, "name": None, "params": None,
    "tags": None, "model_type": None, "step": 0, "model_id": None, "run_id": None,
}  # fmt: skip
_SAVED = {
    "path": Parameter.empty, **_KEPT, "mlflow_model": None, **_DESCRIBED, **_NEEDED, **_BESIDE,
}  # fmt: skip


# Where they are not called as the flavour is.
_PACKAGES = {
    "onnx": ("onnx", "onnxruntime"),
    "pytorch": ("torch",),
    "transformers": ("torch", "transformers"),
}
_PREDICTING = ("model_config", "pyfunc_predict_fn", "task")  # options that predicting depends on


class ModelFunctions(NamedTuple):
    log_model: Callable[..., ModelInfo]
    save_model: Callable[..., None]
    load_model: Callable[..., Any]
    get_default_pip_requirements: Callable[..., list[str]]
    get_default_conda_env: Callable[..., dict[str, Any]]


def model_functions(
    flavour: str,
    *,
    model: str,
    options: Mapping[str, Any] | None = None,
    choices: Mapping[str, Any] | None = None,
) -> ModelFunctions:
    """Those of *flavour*, a module of `models.flavours`; *model* is what MLflow calls the first
    argument, and *options* are the flavour's own, with their defaults. What else is given goes to
    the library's own way of saving. *choices*: the same of loading."""
    own = dict(options or {})
    module = partial(import_module, f"nbtrack.models.flavours.{flavour}")

    def log_model(*args: Any, **kwargs: Any) -> ModelInfo:
        given, rest = _given(log_signature, args, kwargs)
        chosen = {name: given.pop(name) for name in own} | rest
        return log_model_of(module(), given.pop(model), options=chosen, **given)

    def save_model(*args: Any, **kwargs: Any) -> None:
        given, rest = _given(save_signature, args, kwargs)
        chosen = {name: given.pop(name) for name in own} | rest
        save_model_of(module(), given.pop(model), given.pop("path"), options=chosen, **given)

    def load_model(*args: Any, **kwargs: Any) -> Any:
        given, rest = _given(load_signature, args, kwargs)
        return load_own(module(), given.pop("model_uri"), LoadOptions(), **given, **rest)

    def get_default_pip_requirements(*_: Any) -> list[str]:  # of some, MLflow's asks for the model
        return [MLFLOW, *pinned(frozenset(_PACKAGES.get(flavour, (flavour,))))]

    def get_default_conda_env(*_: Any) -> dict[str, Any]:
        return conda_env_of(get_default_pip_requirements())

    log_model.__doc__ = (
        f"Keep a model of {flavour} in the active run, under *name*; load it back by "
        "`info.model_uri`.\n\nRaises ModelNotSaved, InvalidValue; then nothing is stored."
    )
    save_model.__doc__ = f"Write a model of {flavour} to a new folder, outside of any run."
    load_model.__doc__ = (
        f"The model of {flavour} itself, by `runs:/<run id>/<path>`, `models:/…`, a `file:` URI "
        "or a path.\n\nRaises ModelNotFound, ModelChanged, ModelNotLoaded."
    )
    get_default_pip_requirements.__doc__ = "What every model of this kind needs."
    get_default_conda_env.__doc__ = "The same as a conda environment."
    log_signature = _signature(model, {**_LOGGED, **own})
    save_signature = _signature(model, {**_SAVED, **own})
    load_signature = _signature("model_uri", {"dst_path": None, **(choices or {})}, rest=choices)
    vars(load_model)["__signature__"] = load_signature
    vars(log_model)["__signature__"] = log_signature
    vars(save_model)["__signature__"] = save_signature
    return ModelFunctions(
        log_model, save_model, load_model, get_default_pip_requirements, get_default_conda_env
    )


def log_model_of(
    flavour: ModuleType,
    model: Any,
    *,
    options: Mapping[str, Any],
    artifact_path: str | None = None,
    name: str | None = None,
    registered_model_name: str | None = None,
    await_registration_for: int | None = None,  # noqa: ARG001 - registering takes no time here
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    model_type: str | None = None,
    step: int = 0,
    model_id: str | None = None,
    run_id: str | None = None,
    **kept: Any,
) -> ModelInfo:
    """*options* are for the flavour, *kept* is what SaveOptions has, of the same names."""
    check_registration(registered_model_name)
    about = model_facts(params, tags, model_type=model_type, step=step, model_id=model_id)
    path = model_path(name=name, artifact_path=artifact_path)
    with failing(model_id):
        parts, save_options = _prepared(flavour, model, options, notes=notes_of(about), **kept)
        return log_new_model(
            path,
            parts,
            save_options,
            about,
            run_id=run_id,
            registered_model_name=registered_model_name,
        )


def save_model_of(
    flavour: ModuleType,
    model: Any,
    path: str | Path,
    *,
    options: Mapping[str, Any],
    mlflow_model: Model | None = None,
    **kept: Any,
) -> None:
    parts, save_options = _prepared(flavour, model, options, model=mlflow_model, **kept)
    write_parts(path, parts, save_options)


def _prepared(
    flavour: ModuleType,
    given: Any,
    options: Mapping[str, Any],
    *,
    signature: Any = None,
    input_example: Any = None,
    **rest: Any,
) -> tuple[FlavorParts, SaveOptions]:
    traced = (
        {"example": input_example}
        if "example" in inspect.signature(flavour.parts_of).parameters
        else {}
    )
    parts = flavour.parts_of(given, **options, **traced)
    predict = None
    if parts.pyfunc is not None:
        predict = flavour.predictor_of(given, **_of_predicting(options)).predict
    else:
        wanted = options.get("pyfunc_predict_fn", "predict")
        why = getattr(flavour, "WITHOUT_PYFUNC", f"{type(given).__name__} has no {wanted}")
        warn_once(
            f"nbtrack: {why}; it is kept without the python_function flavor, so that it can be "
            "loaded but not served."
        )
    example = kept_example(input_example)
    found = signature_for(signature, example, predict)
    return parts, SaveOptions(signature=found, input_example=example, **rest)


def _of_predicting(options: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in options.items() if name in _PREDICTING}


def _signature(first: str, parameters: Mapping[str, Any], *, rest: object = True) -> Signature:
    """*rest*: whether there may be others."""
    kind = Parameter.POSITIONAL_OR_KEYWORD
    found = [Parameter(first, kind)]
    found += [Parameter(name, kind, default=default) for name, default in parameters.items()]
    others = [Parameter("kwargs", Parameter.VAR_KEYWORD)] if rest else []
    return Signature([*found, *others])


def _given(
    signature: Signature, args: Collection[Any], kwargs: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(arguments by name, with defaults; those that are none of ours). Raises TypeError."""
    bound = signature.bind(*args, **kwargs)
    bound.apply_defaults()
    given = dict(bound.arguments)
    return given, given.pop("kwargs", {})


FUNCTIONS = {
    "catboost": model_functions("catboost", model="cb_model"),
    "keras": model_functions(
        "keras",
        model="model",
        options={"save_exported_model": False, "save_model_kwargs": None},
        choices={"custom_objects": None, "load_model_kwargs": None},
    ),
    "lightgbm": model_functions(
        "lightgbm",
        model="lgb_model",
        options={"serialization_format": None, "skops_trusted_types": None},
    ),
    "onnx": model_functions(
        "onnx",
        model="onnx_model",
        options={
            "onnx_execution_providers": None,
            "onnx_session_options": None,
            "save_as_external_data": True,
        },
    ),
    "pytorch": model_functions(
        "pytorch", model="pytorch_model", options={"serialization_format": None}
    ),
    "statsmodels": model_functions(
        "statsmodels", model="statsmodels_model", options={"remove_data": False}
    ),
    "tensorflow": model_functions(
        "keras",
        model="model",
        options={"keras_model_kwargs": None},
        choices={"saved_model_kwargs": None, "keras_model_kwargs": None},
    ),
    "transformers": model_functions(
        "transformers",
        model="transformers_model",
        options={
            "processor": None,
            "task": None,
            "torch_dtype": None,
            "model_card": None,
            "model_config": None,
            "prompt_template": None,
            "save_pretrained": True,
            "base_model_path": None,
        },
        choices={"return_type": "pipeline", "device": None, "trust_remote_code": False},
    ),
    "xgboost": model_functions("xgboost", model="xgb_model", options={"model_format": "ubj"}),
}
