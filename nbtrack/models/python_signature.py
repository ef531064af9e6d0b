"""The signature of a `PythonModel` or a function: of its type hints, else of its example."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from nbtrack.base.guard import advise, guarded, warn_once
from nbtrack.errors import InvalidValue
from nbtrack.models.data_types import AnyType
from nbtrack.models.example_signature import signature_for
from nbtrack.models.hinted_data import as_hinted
from nbtrack.models.input_example import InputExample
from nbtrack.models.schema import Schema
from nbtrack.models.signature import ModelSignature, infer_signature
from nbtrack.models.specs import ColSpec
from nbtrack.models.type_hints import TypeFromExample, TypeHints, schema_of, schema_of_input

_UNKNOWN = Schema([ColSpec(AnyType())])


def signature_of(
    given: Any, example: InputExample | None, hints: TypeHints, predict: Callable[[Any], Any]
) -> ModelSignature | None:
    """*given* may be False: no signature. Raises InvalidValue for one that is none."""
    found = None if given is False else _of_hints(hints, example, predict)
    if found is not None:
        if given is not None and found != given:
            warn_once("nbtrack: the type hints of predict say another signature than signature=.")
        return found
    found = signature_for(given, example, predict)
    if found is not None and hints.input == TypeFromExample:
        return replace(found, is_type_hint_from_example=True)
    return found


def _of_hints(
    hints: TypeHints, example: InputExample | None, predict: Callable[[Any], Any]
) -> ModelSignature | None:
    if (inputs := _input_schema(hints)) is None:
        return None
    params = None
    if example is not None and example.params:
        params = infer_signature(params=example.params).params
    return ModelSignature(
        inputs, _output_schema(hints, example, predict), params, is_from_type_hint=True
    )


def _input_schema(hints: TypeHints) -> Schema | None:
    try:
        return schema_of_input(hints.input)
    except InvalidValue as exc:
        advise(f"Unsupported type hint, of which no signature is made: {exc}")
        return None


def _output_schema(
    hints: TypeHints, example: InputExample | None, predict: Callable[[Any], Any]
) -> Schema:
    """As the hint says, if what the model makes of the example is of that kind."""
    try:
        said = schema_of(hints.output)
    except InvalidValue:
        return _UNKNOWN
    if example is None:
        return said
    with guarded("check the type hints of the model by its input example"):
        as_hinted(predict(example.data), hints.output)
        return said
    return _UNKNOWN
