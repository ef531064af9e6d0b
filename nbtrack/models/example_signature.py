"""The signature of a model, by what it makes of its input example."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nbtrack.base.guard import tried, warn
from nbtrack.models.enforcement import enforce
from nbtrack.models.input_example import InputExample
from nbtrack.models.kinds import is_a
from nbtrack.models.schema import Schema
from nbtrack.models.signature import ModelSignature, check_signature, infer_signature


def signature_for(
    given: Any, example: InputExample | None, predict: Callable[[Any], Any] | None
) -> ModelSignature | None:
    """The *given* signature, else that of the example and what the model makes of it.

    `False` is no signature, whatever the example. An example that the model does not take costs
    the signature, not the model. Raises InvalidValue for a *given* one that is none.
    """
    if given is False:
        return None
    if given is not None or example is None or predict is None:
        return check_signature(given)
    return tried(lambda: _of_example(example, predict), on_fault=_say_lost)


def _of_example(example: InputExample, predict: Callable[[Any], Any]) -> ModelSignature | None:
    inputs = infer_signature(example.data).inputs
    answer = predict(enforce(example.data, inputs))  # as a loaded model gets it
    return infer_signature(example.data, _as_column(answer, inputs), example.params)


def _say_lost(fault: Exception) -> None:
    warn(
        "nbtrack: the model is stored without a signature, because it does not take its own input "
        f"example: {fault!r}"
    )


def _as_column(answer: Any, inputs: Schema | None) -> Any:
    """One value a row of a frame is a column, as in MLflow."""
    is_array = is_a(answer, "numpy", "ndarray") and answer.ndim == 1
    if not is_array or inputs is None or inputs.is_tensor_spec():
        return answer
    import pandas as pd

    return pd.Series(answer)
