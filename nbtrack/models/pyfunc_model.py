"""`PyFuncModel`: any model behind one `predict`, which keeps the promise of the signature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from nbtrack.models.enforcement import enforce
from nbtrack.models.mlmodel_file import Model
from nbtrack.models.param_enforcement import enforce_params
from nbtrack.models.param_schema import ParamSchema
from nbtrack.models.schema import Schema


class Predictor(Protocol):
    """What a flavour makes of a folder."""

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any: ...

    def raw_model(self) -> Any: ...


class PyFuncModel:
    def __init__(self, model: Model, predictor: Predictor) -> None:
        self.metadata = model
        self._predictor = predictor

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        """What the model makes of *data*, once that has the columns and types of the signature.

        Raises InputMismatch, naming the columns that are missing or cannot be converted.
        """
        checked = enforce(data, self.input_schema)
        return self._predictor.predict(checked, enforce_params(params, self.params_schema))

    @property
    def input_schema(self) -> Schema | None:
        return self.metadata.get_input_schema()

    @property
    def params_schema(self) -> ParamSchema | None:
        return self.metadata.get_params_schema()

    def get_raw_model(self) -> Any:
        """The object behind it: the estimator, or the user's own `PythonModel`."""
        return self._predictor.raw_model()

    unwrap_python_model = get_raw_model

    def __repr__(self) -> str:
        takes = "unknown input" if self.input_schema is None else str(self.input_schema)
        return f"<PyFuncModel {', '.join(self.metadata.flavors)}; takes {takes}>"
