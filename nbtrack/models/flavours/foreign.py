"""Models that another library's module loads: anything with `predict`."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Any


class ForeignPredictor:
    def __init__(self, loaded: Any) -> None:
        self.loaded = loaded
        self._takes_params = takes_params(loaded.predict)

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        if self._takes_params:
            return self.loaded.predict(data, params=params)
        return self.loaded.predict(data)

    def predict_stream(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        stream = self.loaded.predict_stream
        return stream(data, params=params) if takes_params(stream) else stream(data)

    def raw_model(self) -> Any:
        getter = getattr(self.loaded, "get_raw_model", None)
        return self.loaded if getter is None else getter()


def takes_params(function: Any) -> bool:
    try:
        return "params" in signature(function).parameters
    except (TypeError, ValueError):  # written in C
        return False
