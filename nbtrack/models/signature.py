"""`ModelSignature` and `infer_signature`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, is_dataclass
from typing import Any

from nbtrack.errors import InvalidValue, WrongType
from nbtrack.models.dataclass_schemas import convert_dataclass_to_schema
from nbtrack.models.param_schema import ParamSchema
from nbtrack.models.schema import Schema


@dataclass
class ModelSignature:
    """What a model takes, gives, and lets its callers set; None where nobody said.

    Inputs and outputs may be given as dataclasses, and set later, as in MLflow.
    """

    inputs: Schema | None = None
    outputs: Schema | None = None
    params: ParamSchema | None = None
    # The type hints of `predict` say what it takes, and check it; or the input example says it.
    is_from_type_hint: bool = field(default=False, compare=False, kw_only=True)
    is_type_hint_from_example: bool = field(default=False, compare=False, kw_only=True)

    def __post_init__(self) -> None:
        if self.inputs is None and self.outputs is None and self.params is None:
            raise InvalidValue("A signature says something of inputs, outputs or params.")

    def __setattr__(self, name: str, value: Any) -> None:
        """Raises InvalidValue."""
        kind = _KINDS.get(name)
        if kind is Schema and is_dataclass(value) and not isinstance(value, Schema):
            value = convert_dataclass_to_schema(value)
        if kind is not None and value is not None and not isinstance(value, kind):
            raise WrongType(
                f"{name} of a signature is a {type(value).__name__}, not a {kind.__name__}; "
                "nbtrack.models.infer_signature(X, predictions) makes one from data."
            )
        object.__setattr__(self, name, value)

    def to_dict(self) -> dict[str, str | None]:
        """Each part as a JSON text, the form in which MLmodel files hold it."""
        parts = {"inputs": self.inputs, "outputs": self.outputs, "params": self.params}
        return {name: part.to_json() if part else None for name, part in parts.items()}

    @classmethod
    def from_dict(cls, parts: Mapping[str, Any]) -> ModelSignature:
        """Raises InvalidValue."""
        inputs, outputs, params = (parts.get(name) for name in ("inputs", "outputs", "params"))
        return cls(
            Schema.from_json(inputs) if inputs else None,
            Schema.from_json(outputs) if outputs else None,
            ParamSchema.from_json(params) if params else None,
        )


_KINDS: dict[str, type] = {"inputs": Schema, "outputs": Schema, "params": ParamSchema}


def infer_signature(
    model_input: Any = None, model_output: Any = None, params: Mapping[str, Any] | None = None
) -> ModelSignature:
    """The signature of a model that takes and gives data like these.

    pandas, numpy, polars, scipy.sparse, dicts, lists and dataclasses; what is of another kind is
    not checked later. Raises InvalidValue for parameters that have no type.
    """
    from nbtrack.models.signature_inference import infer_params

    return ModelSignature(
        _schema_of(model_input), _schema_of(model_output), infer_params(params) if params else None
    )


def _schema_of(data: Any) -> Schema | None:
    from nbtrack.models.signature_inference import infer_schema

    if data is None:
        return None
    return convert_dataclass_to_schema(data) if is_dataclass(data) else infer_schema(data)


def check_signature(signature: Any) -> ModelSignature | None:
    """*signature* as ours; one made by `mlflow.models` is translated. Raises InvalidValue."""
    if signature is None or isinstance(signature, ModelSignature):
        return signature
    if type(signature).__name__ == "ModelSignature" and hasattr(signature, "to_dict"):
        return ModelSignature.from_dict(signature.to_dict())
    raise WrongType(
        f"signature is a {type(signature).__name__}, not a ModelSignature; "
        "nbtrack.models.infer_signature(X, predictions) makes one."
    )
