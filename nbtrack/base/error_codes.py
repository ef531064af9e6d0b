"""MLflow's names for kinds of errors, with the numbers its protocol has for them."""

from __future__ import annotations

INTERNAL_ERROR = "INTERNAL_ERROR"

NUMBERS = {
    INTERNAL_ERROR: 1, "TEMPORARILY_UNAVAILABLE": 2, "IO_ERROR": 3, "BAD_REQUEST": 4,
    "DEADLINE_EXCEEDED": 7, "CANCELLED": 8, "RESOURCE_EXHAUSTED": 9, "ABORTED": 10,
    "NOT_FOUND": 11, "ALREADY_EXISTS": 12, "UNAUTHENTICATED": 13, "INVALID_PARAMETER_VALUE": 1000,
    "ENDPOINT_NOT_FOUND": 1001, "MALFORMED_REQUEST": 1002, "INVALID_STATE": 1003,
    "PERMISSION_DENIED": 1004, "FEATURE_DISABLED": 1005, "CUSTOMER_UNAUTHORIZED": 1006,
    "REQUEST_LIMIT_EXCEEDED": 1007, "RESOURCE_CONFLICT": 1008, "NOT_IMPLEMENTED": 1010,
    "DATA_LOSS": 1011, "INVALID_STATE_TRANSITION": 2001, "COULD_NOT_ACQUIRE_LOCK": 2002,
    "RESOURCE_ALREADY_EXISTS": 3001, "RESOURCE_DOES_NOT_EXIST": 3002, "QUOTA_EXCEEDED": 4001,
    "RESOURCE_LIMIT_EXCEEDED": 5002,
}  # fmt: skip
_NAMES = {number: name for name, number in NUMBERS.items()}

_STATUS_BY_NAME = {
    "NOT_IMPLEMENTED": 501, "TEMPORARILY_UNAVAILABLE": 503, "DEADLINE_EXCEEDED": 504,
    "REQUEST_LIMIT_EXCEEDED": 429, "RESOURCE_EXHAUSTED": 429, "CANCELLED": 499, "ABORTED": 409,
    "RESOURCE_CONFLICT": 409, "ALREADY_EXISTS": 409, "NOT_FOUND": 404, "ENDPOINT_NOT_FOUND": 404,
    "RESOURCE_DOES_NOT_EXIST": 404, "PERMISSION_DENIED": 403, "CUSTOMER_UNAUTHORIZED": 401,
    "UNAUTHENTICATED": 401, "BAD_REQUEST": 400, "RESOURCE_ALREADY_EXISTS": 400,
    "INVALID_PARAMETER_VALUE": 400,
}  # fmt: skip
_NAME_BY_STATUS = {
    400: "BAD_REQUEST", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED",
    404: "ENDPOINT_NOT_FOUND", 409: "ALREADY_EXISTS", 429: "RESOURCE_EXHAUSTED", 499: "CANCELLED",
    500: INTERNAL_ERROR, 501: "NOT_IMPLEMENTED", 503: "TEMPORARILY_UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}  # fmt: skip


def code_name(code: object) -> str:
    """The name of a *code* that is one, or its number; what is none is an internal error."""
    name = _NAMES.get(code, code) if isinstance(code, int) else code
    return name if isinstance(name, str) and name in NUMBERS else INTERNAL_ERROR


def code_of_answer(code: object) -> str:
    """The same of a server's answer, which may have the number of an HTTP status."""
    if str(code).isdecimal() and (name := _NAME_BY_STATUS.get(int(str(code)))):
        return name
    return code_name(code)


def http_status(code: str) -> int:
    return _STATUS_BY_NAME.get(code, 500)
