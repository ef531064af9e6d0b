"""What signatures are made of, under MLflow's names: `nbtrack.types.Schema`, `ColSpec`, …"""

from nbtrack.models.data_types import DataType
from nbtrack.models.param_schema import ParamSchema, ParamSpec
from nbtrack.models.schema import Schema
from nbtrack.models.specs import ColSpec, TensorSpec
from nbtrack.types import schema

__all__ = ["ColSpec", "DataType", "ParamSchema", "ParamSpec", "Schema", "TensorSpec", "schema"]
