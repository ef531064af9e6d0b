"""`PythonModel`: anything that predicts, written as a class."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from nbtrack.models.flavours.foreign import takes_params
from nbtrack.models.hinted_calls import checking, checking_as_written
from nbtrack.models.type_hints import TypeHints, hints_of


@dataclass(frozen=True, kw_only=True)
class PythonModelContext:
    """What a model finds when it is loaded: the paths of its artifacts, by name."""

    artifacts: dict[str, str] = field(default_factory=dict)
    model_config: dict[str, Any] | None = None


class PythonModel:
    """Subclass it: `predict`, and `load_context` for what has to be read from artifacts first.

    `predict` may leave out *context* and *params*. With a type hint such as
    `model_input: list[str]`, the signature is made of it, and what `predict` is given is checked.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "predict" in cls.__dict__:
            cls.predict = checking_as_written(cls.predict)  # type: ignore[method-assign]  # as is inherited

    @property
    def predict_type_hints(self) -> TypeHints:
        return hints_of(self.predict)

    def load_context(self, context: Any) -> None:
        """Called once when the model is loaded, with a `PythonModelContext`."""

    def predict(
        self, context: Any, model_input: Any, params: Mapping[str, Any] | None = None
    ) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not say how it predicts.")

    def predict_stream(
        self, context: Any, model_input: Any, params: Mapping[str, Any] | None = None
    ) -> Iterator[Any]:
        """The predictions piece by piece; a model that has it is `streamable`."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it streams.")


class FunctionModel(PythonModel):
    """A function of the input, or of input and params, as a model."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self._takes_params = takes_params(function)

    @property
    def predict_type_hints(self) -> TypeHints:
        return hints_of(self.function)

    def predict(
        self, context: Any, model_input: Any, params: Mapping[str, Any] | None = None
    ) -> Any:
        _ = context  # a function has none
        function = checking(self.function)
        return function(model_input, **({"params": params} if self._takes_params else {}))
