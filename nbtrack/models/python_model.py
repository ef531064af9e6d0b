"""`PythonModel`: anything that predicts, written as a class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any


@dataclass(frozen=True, kw_only=True)
class PythonModelContext:
    """What a model finds when it is loaded: the paths of its artifacts, by name."""

    artifacts: dict[str, str] = field(default_factory=dict)
    model_config: dict[str, Any] | None = None


class PythonModel:
    """Subclass it: `predict`, and `load_context` for what has to be read from artifacts first.

    `predict` may leave out *context* and *params*.
    """

    @property
    def predict_type_hints(self) -> SimpleNamespace:
        """MLflow, when it loads the model, asks for types to convert the input to: none here."""
        return SimpleNamespace(input=None, output=None)

    def load_context(self, context: Any) -> None:
        """Called once when the model is loaded, with a `PythonModelContext`."""

    def predict(
        self, context: Any, model_input: Any, params: Mapping[str, Any] | None = None
    ) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not say how it predicts.")


class FunctionModel(PythonModel):
    """A function of the input, or of input and params, as a model."""

    def __init__(self, function: Callable[..., Any]) -> None:
        from nbtrack.models.flavours.foreign import takes_params

        self.function = function
        self._takes_params = takes_params(function)

    def predict(
        self, context: Any, model_input: Any, params: Mapping[str, Any] | None = None
    ) -> Any:
        _ = context  # a function has none
        if self._takes_params:
            return self.function(model_input, params=params)
        return self.function(model_input)
