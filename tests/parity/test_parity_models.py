"""The functions around models take MLflow's arguments, and its types are there under its names."""

from __future__ import annotations

import inspect
import os

import pytest

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
mlflow = pytest.importorskip("mlflow")
pytest.importorskip("mlflow.sklearn")

import nbtrack  # noqa: E402 (after importorskip)
import nbtrack.types.schema  # noqa: E402 (same)

# What is for MLflow's own servers and tools.
THEIRS = {"resources", "auth_policy", "prompts", "uv_project_path", "uv_groups", "uv_extras"}
FUNCTIONS = [
    "models.convert_input_example_to_serving_input", "models.get_model_info",
    "models.infer_signature", "models.set_model", "models.set_signature",
    "models.update_model_requirements", "models.validate_schema", "models.validate_serving_input",
    "pyfunc.add_to_model", "pyfunc.get_model_dependencies", "pyfunc.load_model",
    "pyfunc.log_model", "pyfunc.save_model", "sklearn.get_default_conda_env",
    "sklearn.get_default_pip_requirements", "sklearn.load_model", "sklearn.log_model",
    "sklearn.save_model",
]  # fmt: skip
TYPES = ["AnyType", "Array", "ColSpec", "DataType", "Map", "Object", "ParamSchema", "ParamSpec",
         "Property", "Schema", "TensorSpec"]  # fmt: skip


def _found(library, path):
    for name in path.split("."):
        library = getattr(library, name)
    return library


def _arguments(function):
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters if p.kind is not p.VAR_KEYWORD]


@pytest.mark.parametrize("path", FUNCTIONS)
def test_arguments_are_mlflows(path):
    """Same names in the same order; what we have besides comes after them."""
    expected = [name for name in _arguments(_found(mlflow, path)) if name not in THEIRS]

    assert _arguments(_found(nbtrack, path))[: len(expected)] == expected


@pytest.mark.parametrize("name", TYPES)
def test_types_have_mlflows_methods(name):
    """Public ones; what asks for Spark is there to refuse it."""
    theirs = getattr(mlflow.types.schema, name)
    ours = getattr(nbtrack.types.schema, name)
    public = {each for each in dir(theirs) if not each.startswith("_")}

    # Of a dataclass a field without default is on its instances alone.
    fields = set(getattr(ours, "__dataclass_fields__", ()))
    assert public - set(dir(ours)) - fields - {
        "get_spark_types", "ParamSpecTypedDict", "validate_param_spec", "validate_type_and_shape",
    } == set()  # fmt: skip


def test_what_types_offers_is_there():
    assert set(mlflow.types.__all__) <= set(nbtrack.types.__all__)


MODEL = {"add_flavor", "from_dict", "get_input_schema", "get_model_info", "get_output_schema",
         "get_params_schema", "get_serving_input", "load", "load_input_example",
         "load_input_example_params", "log", "metadata", "model_size_bytes", "save",
         "saved_input_example_info", "signature", "to_dict", "to_json", "to_yaml"}  # fmt: skip


def test_a_model_has_mlflows_methods():
    assert set(dir(mlflow.models.Model)) >= MODEL
    assert set(dir(nbtrack.models.Model())) >= MODEL


@pytest.mark.parametrize("path", ["models.build_docker", "pyfunc.spark_udf"])
def test_what_is_missing_says_what_to_use(path):
    room, name = path.split(".")

    assert hasattr(getattr(mlflow, room), name)
    with pytest.raises(AttributeError, match=f"{name}.*; "):
        getattr(getattr(nbtrack, room), name)
