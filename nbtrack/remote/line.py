"""The line to the server: requests over connections that stay open, and what its errors mean."""

from __future__ import annotations

import json
import os
import time
import urllib.request
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from nbtrack import errors
from nbtrack.errors import MlflowException, NbtrackError, ServerAway, StoreBusy, require
from nbtrack.remote.protocol import ROOT

EXTRA = "remote"
CONNECT_SECONDS, READ_SECONDS = 2.0, 60.0
PATIENT_SECONDS = 1.0
AWAY_SECONDS = 5.0  # so long one that did not answer is not asked again by who has no time


class Line:
    """To the server at *uri*. Raises ServerAway if it does not answer, what its errors are, and
    MissingExtra without urllib3."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._pool: Any = None
        self._process = os.getpid()
        self._away_at = 0.0
        self.away_since: float | None = None  # seconds since 1970; None: it answered

    def ask(self, path: str, body: object, *, timeout: float = READ_SECONDS) -> Any:
        """JSON there and back."""
        answer = self.request("POST", path, json.dumps(body).encode(), timeout=timeout)
        return json.loads(answer.data)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None = None,
        *,
        headers: Mapping[str, str] = {},
        timeout: float = READ_SECONDS,
        preload: bool = True,
    ) -> Any:
        """urllib3's response; without *preload*, its data are to be read in pieces."""
        import urllib3

        limits = urllib3.Timeout(connect=min(CONNECT_SECONDS, timeout), read=timeout)
        try:
            answer = self._connections().request(
                method, self._uri + ROOT + path, body=body, timeout=limits, retries=False,
                headers={**_credentials(self._uri), **headers}, preload_content=preload,
            )  # fmt: skip
        except urllib3.exceptions.TimeoutError as exc:
            if timeout < PATIENT_SECONDS:  # whoever asked had no time: it may well be there
                raise StoreBusy(f"{self._uri} did not answer within {timeout:g} s.") from exc
            self._note_away()
            raise ServerAway(self._uri, f"it did not answer within {timeout:g} s") from exc
        except urllib3.exceptions.HTTPError as exc:
            self._note_away()
            raise ServerAway(self._uri, str(exc)) from exc
        self.away_since = None
        if answer.status >= 300:
            raise _error(self._uri, answer.status, answer.read() if not preload else answer.data)
        return answer

    @property
    def seems_away(self) -> bool:
        """It did not answer a moment ago."""
        return self.away_since is not None and time.monotonic() - self._away_at < AWAY_SECONDS

    def _note_away(self) -> None:
        self._away_at = time.monotonic()
        self.away_since = self.away_since or time.time()

    def _connections(self) -> Any:
        if self._pool is None or self._process != os.getpid():  # a fork has its own
            urllib3 = require("urllib3", extra=EXTRA)
            proxy = urllib.request.getproxies().get(urlsplit(self._uri).scheme)
            is_direct = proxy is None or urllib.request.proxy_bypass(urlsplit(self._uri).netloc)
            make = urllib3.PoolManager if is_direct else urllib3.ProxyManager
            self._pool = make(*([] if is_direct else [proxy]), maxsize=4)
            self._process = os.getpid()
        return self._pool


def _credentials(uri: str) -> dict[str, str]:
    """As MLflow's clients are told them: a token, or a user and a password; or in the address."""
    import urllib3

    if token := _variable("TOKEN"):
        return {"authorization": f"Bearer {token}"}
    place = urlsplit(uri)
    user, password = (
        place.username or _variable("USERNAME"),
        place.password or _variable("PASSWORD"),
    )
    return urllib3.make_headers(basic_auth=f"{user}:{password or ''}") if user else {}


def _variable(name: str) -> str | None:
    return os.environ.get(f"NBTRACK_{name}") or os.environ.get(f"MLFLOW_TRACKING_{name}")


def _error(uri: str, status: int, body: bytes) -> Exception:
    """What was raised on the other side, by its name, if it is one of ours."""
    try:
        told = json.loads(body)
        code, message, name = told["error_code"], str(told["message"]), told.get("kind", "")
    except (ValueError, KeyError, TypeError):
        return ServerAway(uri, f"it answered with {status}")
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, NbtrackError):
        found = kind.__new__(kind)
        found.args, found.json_kwargs = (message,), {}
        return found
    if status in (502, 503, 504):
        return StoreBusy(message)
    return MlflowException(message, error_code=code)
