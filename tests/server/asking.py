"""A request to a server as any program sends it, without MLflow's client."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

API = "/api/2.0/mlflow/"


def ask(
    address: str, path: str, fields: object = None, *, method: str | None = None, **headers: str
) -> tuple[int, Any]:
    body = None if fields is None else json.dumps(fields).encode()
    return _answer(urllib.request.Request(address + path, body, headers, method=method))


def _answer(request: urllib.request.Request) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as exc:
        status, text = exc.code, exc.read()
    try:
        return status, json.loads(text)
    except ValueError:
        return status, text.decode()
