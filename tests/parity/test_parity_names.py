"""Every public name of MLflow is one of ours, or says what to use instead."""

from __future__ import annotations

import copy
import os
import pickle

import pytest

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
mlflow = pytest.importorskip("mlflow")

import nbtrack  # noqa: E402 (after importorskip)

FRAMEWORKS = ["keras", "lightgbm", "pytorch", "spark", "tensorflow", "transformers", "xgboost"]
OTHERS = ["deployments", "genai", "langchain", "openai", "projects", "shap", "tracing"]
METHODS = [name for name in dir(mlflow.MlflowClient) if not name.startswith("_")]


def says_what_to_use(where: object, name: str) -> bool:
    """Whether *where* has it, or the error has an advice."""
    try:
        getattr(where, name)
    except AttributeError as exc:
        return " is not in nbtrack. " in str(exc)
    return True


def test_each_function_of_mlflow_is_ours_or_has_an_advice():
    """`import nbtrack as mlflow` leaves nobody alone with "no attribute"."""
    asked = [*mlflow.__all__, *FRAMEWORKS, *OTHERS]
    assert [name for name in asked if not says_what_to_use(nbtrack, name)] == []


def test_each_method_of_mlflows_client_is_ours_or_has_an_advice():
    """By an object, as it is used."""
    client = nbtrack.MlflowClient()
    assert [name for name in METHODS if not says_what_to_use(client, name)] == []


def test_a_mistyped_method_gets_the_nearest():
    """And tools that ask for names of their own get the plain answer."""
    client = nbtrack.MlflowClient()
    with pytest.raises(AttributeError, match="Did you mean 'set_terminated'"):
        client.set_termnated  # noqa: B018 - the look-up is what is tested
    assert not hasattr(client, "_repr_html_")
    assert copy.copy(client).__class__ is nbtrack.MlflowClient
    assert pickle.loads(pickle.dumps(client)).__class__ is nbtrack.MlflowClient


def test_modules_that_code_goes_through_are_there():
    """`mlflow.tracking.client.MlflowClient`, `mlflow.tracking.fluent.start_run`."""
    assert nbtrack.tracking.client.MlflowClient is nbtrack.MlflowClient
    assert nbtrack.tracking.fluent.start_run is nbtrack.start_run
    assert nbtrack.tracking.get_registry_uri is nbtrack.get_registry_uri
    assert set(mlflow.config.__all__) <= set(nbtrack.config.__all__)
