"""Errors under MLflow's names. Those of nbtrack itself are in `nbtrack.errors`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nbtrack.base.error_codes import code_of_answer
from nbtrack.errors import MlflowException

__all__ = [
    "ExecutionException",
    "InvalidUrlException",
    "MissingConfigException",
    "MlflowException",
    "MlflowNotImplementedException",
    "RestException",
]


class RestException(MlflowException):
    """What a server answered, as *json*; nbtrack itself has none to ask."""

    def __init__(self, json: Mapping[str, Any]) -> None:
        self.json = json
        code = json.get("error_code") or "INTERNAL_ERROR"
        message = json.get("message", f"Response: {json}")
        super().__init__(f"{code}: {message}", error_code=code_of_answer(code))


class ExecutionException(MlflowException):
    """A project failed; nbtrack runs none."""


class MissingConfigException(MlflowException):
    """A file or folder with settings is not there."""


class InvalidUrlException(MlflowException):
    """A request has no address that can be asked."""


class MlflowNotImplementedException(MlflowException):
    error_code = "NOT_IMPLEMENTED"

    def __init__(self, message: object = "") -> None:
        super().__init__(message)
