"""Schemas of datasets, from the JSON that is recorded of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nbtrack.models.schema import Schema


@dataclass(frozen=True, slots=True)
class TensorDatasetSchema:
    """Of arrays: *targets* is None where there are none."""

    features: Schema
    targets: Schema | None = None

    def to_dict(self) -> dict[str, Any]:
        """MLflow keeps each of the two as a JSON text within the JSON."""
        targets = None if self.targets is None else self.targets.to_json()
        return {"mlflow_tensorspec": {"features": self.features.to_json(), "targets": targets}}

    @classmethod
    def from_dict(cls, schema_dict: Mapping[str, Any]) -> TensorDatasetSchema:
        texts = schema_dict["mlflow_tensorspec"]
        targets = None if texts["targets"] is None else Schema.from_json(texts["targets"])
        return cls(Schema.from_json(texts["features"]), targets)


def schema_of(form: Mapping[str, Any]) -> Schema | TensorDatasetSchema:
    """Of columns or of arrays. Raises InvalidValue for what is no schema."""
    if "mlflow_tensorspec" in form:
        return TensorDatasetSchema.from_dict(form)
    import json

    return Schema.from_json(json.dumps(form["mlflow_colspec"]))
