"""MLflow's REST API: requests, pages, and what its errors mean."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from nbtrack.errors import (
    MlflowException,
    NameTaken,
    NotAllowed,
    NotFound,
    NotIdentified,
    ServerAway,
    StoreBusy,
)
from nbtrack.remote.line import Line

API = "/api/2.0/mlflow/"
PAGE = 1000  # runs of one answer
SECONDS = 30.0  # for one answer: its database may be slow
HISTORY_PAGE = "25000"  # points of one answer
ANY_EXPERIMENT = "/api/2.0/mlflow/experiments/search?max_results=1"  # Default is always there
RUNNING = ("RUNNING", "SCHEDULED")  # the statuses of a run that goes on
Json = dict[str, Any]


class ServerFault(ServerAway):
    """It answers, and something in it went wrong: perhaps what it was told. MLflow's file store
    says so of a param that has another value there."""


class NoSuchAddress(ServerAway):
    """What answers has no such address: an older MLflow, or a proxy before one that is away."""


class Rest(Line):
    """Raises as `Line`; MlflowException for what the server does not take, NotFound, NameTaken."""

    root = ""

    def get(self, what: str, **asked: str) -> Json:
        return self.get_within(SECONDS, what, asked)

    def get_within(self, timeout: float, what: str, asked: Mapping[str, str]) -> Json:
        return self._read(self.request("GET", f"{API}{what}?{urlencode(asked)}", timeout=timeout))

    def post(self, what: str, told: Mapping[str, object]) -> Json:
        body = json.dumps(told).encode()
        headers = {"content-type": "application/json"}
        answer = self.request("POST", API + what, body, headers=headers, timeout=SECONDS)
        return self._read(answer)

    def pages(self, what: str, of: str, told: Mapping[str, object]) -> Iterator[Json]:
        """Each of *of* in all pages of a search."""
        token: str | None = ""
        while token is not None:
            found = self.post(what, {**told, **({"page_token": token} if token else {})})
            yield from found.get(of, ())
            token = found.get("next_page_token") or None

    def got_pages(self, what: str, of: str, **asked: str) -> Iterator[Json]:
        """The same of a search that is a GET."""
        token: str | None = ""
        while token is not None:
            found = self.get(what, **asked, **({"page_token": token} if token else {}))
            yield from found.get(of, ())
            token = found.get("next_page_token") or None

    def _read(self, answer: Any) -> Json:
        try:
            told = json.loads(answer.data)
        except ValueError:
            raise self._away("there is something else", was_sent=True) from None
        return told if isinstance(told, dict) else {}

    def _error(self, status: int, body: bytes) -> Exception:
        try:
            told = json.loads(body)
            code, message = str(told["error_code"]), str(told["message"])
        except (ValueError, KeyError, TypeError):
            code, message = "", f"it says {status}"
        if status == 401:
            return NotIdentified(
                f"{self._uri} wants to know who asks: set MLFLOW_TRACKING_TOKEN, or "
                "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD."
            )
        if status == 403:
            return NotAllowed(f"{self._uri} does not allow it: {message}")
        if status in (429, 503):
            return StoreBusy(f"{self._uri} is busy: {message}")
        if status >= 500 or not code:
            away = self._away(message, was_sent=True)
            if status == 404:
                return NoSuchAddress(self._uri, message, was_sent=True)
            is_fault = code == "INTERNAL_ERROR"
            return ServerFault(self._uri, message, was_sent=True) if is_fault else away
        kinds = {"RESOURCE_DOES_NOT_EXIST": NotFound, "RESOURCE_ALREADY_EXISTS": NameTaken}
        return kinds[code](message) if code in kinds else MlflowException(message, error_code=code)
