"""`PyFuncModel`: any model behind one `predict`, which keeps the promise of the signature."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from nbtrack.errors import InvalidValue
from nbtrack.models.code_files import ModelCode, running
from nbtrack.models.enforcement import enforce
from nbtrack.models.load_options import LoadOptions
from nbtrack.models.mlmodel_file import PYFUNC, Model
from nbtrack.models.model_config import replaced
from nbtrack.models.param_enforcement import enforce_params
from nbtrack.models.param_schema import ParamSchema
from nbtrack.models.schema import Schema
from nbtrack.models.serving_input import read_request

_END = object()


class Predictor(Protocol):
    """What a flavour makes of a folder."""

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any: ...

    def raw_model(self) -> Any: ...


class PyFuncModel:
    def __init__(
        self,
        model_meta: Model,
        model_impl: Predictor,
        *,
        code: ModelCode | None = None,
        options: LoadOptions | None = None,
        folder: Path | None = None,
    ) -> None:
        self.metadata = model_meta
        self._predictor, self._code = model_impl, code
        self._options, self._folder = options or LoadOptions(), folder

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        """What the model makes of *data*, once that has the columns and types of the signature.

        Raises InputMismatch, naming the columns that are missing or cannot be converted.
        """
        checked, chosen = self._checked(data, params)
        with running(self._code):
            return self._predictor.predict(checked, chosen)

    def predict_stream(self, data: Any, params: Mapping[str, Any] | None = None) -> Iterator[Any]:
        """The same piece by piece, from a model with a `predict_stream` of its own.

        Raises InvalidValue for a model without, and as `predict` does.
        """
        stream = getattr(self._predictor, "predict_stream", None)
        if stream is None or not self._config.get("streamable"):
            raise InvalidValue("This model has no predict_stream; predict gives all at once.")
        return self._streamed(stream(*self._checked(data, params)))

    def _streamed(self, pieces: Iterable[Any]) -> Iterator[Any]:
        """Each piece is made with the code of the model in place, and handed out without it."""
        iterator = iter(pieces)
        while True:
            with running(self._code):
                piece = next(iterator, _END)
            if piece is _END:
                return
            yield piece

    def read_request(
        self, body: bytes, content_type: str | None
    ) -> tuple[Any, Mapping[str, Any] | None]:
        """(data, params) of a request for predictions. Raises InputMismatch, UnsupportedBody."""
        return read_request(body, content_type, self.input_schema, is_hinted=self._is_hinted)

    def _checked(
        self, data: Any, params: Mapping[str, Any] | None
    ) -> tuple[Any, dict[str, Any] | None]:
        signature = self.metadata.signature
        checked = data if self._is_hinted else enforce(data, self.input_schema)
        if signature is not None and signature.is_type_hint_from_example:
            checked = like_example(checked, self.input_example)
        return checked, enforce_params(params, self.params_schema)

    @property
    def _is_hinted(self) -> bool:
        """What type hints say, the model checks itself, and makes objects of it."""
        signature = self.metadata.signature
        return signature is not None and signature.is_from_type_hint

    @property
    def input_schema(self) -> Schema | None:
        return self.metadata.get_input_schema()

    @property
    def params_schema(self) -> ParamSchema | None:
        return self.metadata.get_params_schema()

    @property
    def model_config(self) -> Mapping[str, Any] | None:
        """What the model was logged with, and what replaced it when it was loaded."""
        return replaced(self._config.get("config"), self._options.model_config) or None

    @property
    def loader_module(self) -> str | None:
        return self._config.get("loader_module")

    @property
    def model_id(self) -> str | None:
        return self.metadata.model_id

    @property
    def input_example(self) -> Any:
        """None for a model without."""
        return self.metadata.load_input_example(self._folder)

    @property
    def _config(self) -> Mapping[str, Any]:
        return self.metadata.flavors.get(PYFUNC, {})

    def get_raw_model(self) -> Any:
        """The object behind it: the estimator, or the user's own `PythonModel`."""
        return self._predictor.raw_model()

    unwrap_python_model = get_raw_model

    def __repr__(self) -> str:
        takes = "unknown input" if self.input_schema is None else str(self.input_schema)
        flavor = self._config.get("loader_module", "unknown")
        return f"<PyFuncModel flavor: {flavor}; takes {takes}>"


def like_example(data: Any, example: Any) -> Any:
    """A frame as what the example was: a list of values or of rows, or a series."""
    import pandas as pd

    if not isinstance(data, pd.DataFrame) or isinstance(example, pd.DataFrame):
        return data
    if isinstance(example, pd.Series):
        column: Any = data.iloc[:, 0]
        return column.rename(example.name)
    if not isinstance(example, list):
        return data
    is_rows = any(isinstance(row, Mapping) for row in example)
    return data.to_dict(orient="records") if is_rows else data.iloc[:, 0].tolist()
