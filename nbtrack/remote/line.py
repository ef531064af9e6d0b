"""The line to the server: requests over connections that stay open, and what its errors mean."""

from __future__ import annotations

import base64
import json
import os
import time
import urllib.request
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from nbtrack import errors
from nbtrack.errors import (
    DatabaseAway,
    MlflowException,
    NbtrackError,
    ServerAway,
    StoreBusy,
    require,
)
from nbtrack.remote.protocol import PROJECT, ROOT

EXTRA = "remote"
CONNECT_SECONDS, READ_SECONDS = 2.0, 10.0
PATIENT_SECONDS = 2.0  # whoever waits no longer than this is logging
AWAY_SECONDS = 5.0  # so long one that did not answer is not asked again


class SomethingElse(ServerAway):
    """It answers, and is no server of ours."""


class Line:
    """To the server at *uri*. Raises ServerAway if it does not answer, AnotherProject if it is not
    the one any more that it was, and what its errors are. Raises MissingExtra without urllib3."""

    root = ROOT  # before each path

    def __init__(self, uri: str) -> None:
        require("urllib3", extra=EXTRA)
        self.project = ""  # the id of the project there; "": nobody has told it yet
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
        told = {**self._identity(), **headers, **({PROJECT: self.project} if self.project else {})}
        try:
            answer = self._connections().request(
                method, self._uri + self.root + path, body=body, timeout=limits, retries=False,
                headers=told, preload_content=preload,
            )  # fmt: skip
        except urllib3.exceptions.NewConnectionError as exc:
            raise self._away("nobody listens there", was_sent=False) from exc
        except urllib3.exceptions.TimeoutError as exc:
            if timeout < PATIENT_SECONDS:  # whoever asked had no time: it may well be there
                self._away_at = time.monotonic()
                raise StoreBusy(f"{self._uri} did not answer within {timeout:g} s.") from exc
            raise self._away(f"not within {timeout:g} s", was_sent=True) from exc
        except urllib3.exceptions.HTTPError as exc:
            raise self._away(type(exc).__name__, was_sent=True) from exc
        if answer.status >= 300:
            raise self._error(answer.status, answer.read() if not preload else answer.data)
        self.away_since = None
        self.project = answer.headers.get(PROJECT, self.project)
        return answer

    def elsewhere(
        self,
        method: str,
        address: str,
        body: bytes | Iterable[bytes] | None = None,
        *,
        headers: Mapping[str, str] = {},
        timeout: float = READ_SECONDS,
    ) -> Any:
        """The response of another host, to which the server has sent us, and which does not get to
        know who we are; None if there is none. Its data are to be read in pieces."""
        import urllib3

        if self._uri.lower().startswith("https:") and not address.startswith("https:"):
            return None  # nobody else may read on the way
        limits = urllib3.Timeout(connect=min(CONNECT_SECONDS, timeout), read=timeout)
        try:
            answer = self._connections().request(
                method, address, body=body, timeout=limits, retries=False, headers=dict(headers),
                preload_content=False,
            )  # fmt: skip
        except urllib3.exceptions.HTTPError:
            return None
        if answer.status < 300:
            return answer
        answer.release_conn()
        return None

    def seems_away(self, *, is_hurried: bool = False) -> bool:
        """It did not answer a moment ago, in time for somebody who is in a hurry."""
        is_fresh = time.monotonic() - self._away_at < AWAY_SECONDS
        return is_fresh and (is_hurried or self.away_since is not None)

    def _identity(self) -> Mapping[str, str]:
        """Headers that say who asks."""
        return _credentials()

    def _away(self, reason: str, *, was_sent: bool) -> ServerAway:
        self._away_at = time.monotonic()
        self.away_since = self.away_since or time.time()
        return ServerAway(self._uri, reason, was_sent=was_sent)

    def _connections(self) -> Any:
        if self._pool is None or self._process != os.getpid():  # a fork has its own
            import urllib3

            proxy = urllib.request.getproxies().get(urlsplit(self._uri).scheme)
            is_direct = proxy is None or urllib.request.proxy_bypass(urlsplit(self._uri).netloc)
            pool: Any = urllib3.PoolManager if is_direct else urllib3.ProxyManager
            self._pool = pool(*([] if is_direct else [proxy]), maxsize=4)
            self._process = os.getpid()
        return self._pool

    def _error(self, status: int, body: bytes) -> Exception:
        """What was raised on the other side, by its name, if it is one of ours."""
        try:
            told = json.loads(body)
            code, message, name = told["error_code"], str(told["message"]), told.get("kind", "")
        except (ValueError, KeyError, TypeError):
            self._away("", was_sent=True)
            reason = f"there is something else, which says {status}"
            return SomethingElse(self._uri, reason, was_sent=True)
        kind = getattr(errors, name, None)
        if kind is DatabaseAway:
            return self._away("its database does not", was_sent=True)
        if isinstance(kind, type) and issubclass(kind, NbtrackError):
            found = kind.__new__(kind)
            found.args, found.json_kwargs = (message,), {}
            return found
        if status >= 500 and status != 503:
            return self._away(message, was_sent=True)
        return StoreBusy(message) if status == 503 else MlflowException(message, error_code=code)


def _credentials() -> dict[str, str]:
    """As MLflow's clients are told them: a token, or a user and a password."""
    if token := _variable("TOKEN"):
        return {"authorization": f"Bearer {token}"}
    if user := _variable("USERNAME"):
        text = f"{user}:{_variable('PASSWORD') or ''}".encode()
        return {"authorization": f"Basic {base64.b64encode(text).decode()}"}
    return {}


def identity_words() -> str:
    """What servers are told, in words that may be shown."""
    if _variable("TOKEN"):
        return "whoever has the token that is set"
    if user := _variable("USERNAME"):
        return f"{user}, {'with a password' if _variable('PASSWORD') else 'without a password'}"
    return "nobody: no token, and no name with a password, is set"


def _variable(name: str) -> str | None:
    return os.environ.get(f"NBTRACK_{name}") or os.environ.get(f"MLFLOW_TRACKING_{name}")
