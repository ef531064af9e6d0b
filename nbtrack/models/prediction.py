"""`nbtrack.models.predict` and what a server would be sent: requests without a server."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.models.enforcement import enforce
from nbtrack.models.input_example import SERVING_FILE
from nbtrack.models.input_example import input_example as example_of
from nbtrack.models.json_values import as_plain, json_text
from nbtrack.models.load_options import LoadOptions
from nbtrack.models.loading import load_pyfunc
from nbtrack.models.schema import Schema
from nbtrack.models.serving_input import CSV, JSON

_CONTENT = {"json": JSON, "csv": CSV}


def predict(
    model_uri: str | Path,
    input_data: Any = None,
    input_path: str | Path | None = None,
    content_type: str = "json",
    output_path: str | Path | None = None,
    env_manager: str = "local",
) -> None:
    """Write what the model makes of data, or of a file, as JSON: to a file, else to stdout.

    Raises InvalidValue, InputMismatch, and as `nbtrack.pyfunc.load_model` does.
    """
    if env_manager != "local":
        raise InvalidValue(
            f"env_manager={env_manager!r}: nbtrack makes no environments. Install the model's "
            "requirements (nbtrack.pyfunc.get_model_dependencies) and say env_manager='local'."
        )
    body = _body(input_data, input_path, content_type)
    text = _answer(model_uri, body, _CONTENT[content_type])
    if output_path is None:
        sys.stdout.write(text + "\n")
    else:
        Path(output_path).write_text(text, encoding="utf-8")


def convert_input_example_to_serving_input(input_example: Any) -> str | None:
    """The body of a request with the example, that a server takes. Raises InvalidValue."""
    return None if input_example is None else example_of(input_example).files[SERVING_FILE].decode()


def validate_serving_input(model_uri: str | Path, serving_input: str | Mapping[str, Any]) -> Any:
    """What the model answers to the body of a request. Raises as `predict` does."""
    text = serving_input if isinstance(serving_input, str) else json_text(serving_input)
    model = load_pyfunc(model_uri, LoadOptions())
    data, params = model.read_request(text.encode(), JSON)
    return model.predict(data, params)


def validate_schema(data: Any, expected_schema: Schema) -> None:
    """Raises InputMismatch for data that a model with this schema would not take."""
    enforce(data, expected_schema)


def _body(data: Any, path: str | Path | None, content_type: str) -> bytes:
    if content_type not in _CONTENT:
        raise InvalidValue(f"content_type is 'json' or 'csv', not {content_type!r}.")
    if data is not None and path is not None:
        raise InvalidValue("Give input_data= or input_path=, and not both.")
    if path is not None:
        return Path(path).read_bytes()
    if data is None:
        return sys.stdin.buffer.read()
    if content_type == "csv":
        return (data if isinstance(data, str) else data.to_csv(index=False)).encode()
    is_request = isinstance(data, str) and _is_object(data)
    return (data if is_request else str(convert_input_example_to_serving_input(data))).encode()


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _answer(model_uri: str | Path, body: bytes, kind: str) -> str:
    model = load_pyfunc(model_uri, LoadOptions())
    data, params = model.read_request(body, kind)
    return json_text({"predictions": as_plain(model.predict(data, params))})
