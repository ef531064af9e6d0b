"""The types of columns, and schemas of them, under MLflow's names."""

from nbtrack.models.data_types import AnyType, Array, DataType, Map, Object, Property
from nbtrack.models.dataclass_schemas import convert_dataclass_to_schema
from nbtrack.models.param_schema import ParamSchema, ParamSpec
from nbtrack.models.schema import Schema
from nbtrack.models.specs import ColSpec, TensorSpec

__all__ = [
    "AnyType",
    "Array",
    "ColSpec",
    "DataType",
    "Map",
    "Object",
    "ParamSchema",
    "ParamSpec",
    "Property",
    "Schema",
    "TensorSpec",
    "convert_dataclass_to_schema",
]
