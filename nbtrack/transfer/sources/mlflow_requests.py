"""Requests to an MLflow server that is read: who asks, and what is asked again.

Raises BrokenRecord for what the server does not tell, and StoreError if nothing can be asked of it
any more, which ends an import; the same one goes on there.
"""

from __future__ import annotations

import base64
import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import unquote, urlsplit

from nbtrack.errors import InvalidValue, NotIdentified, StoreBusy, StoreError
from nbtrack.remote.mlflow_server.kind import is_mlflows_by_answers
from nbtrack.remote.mlflow_server.rest import SECONDS, Json, Rest
from nbtrack.remote.protocol import SERVER
from nbtrack.stores.opening import without_password
from nbtrack.transfer.sources.source_records import BrokenRecord

_PAUSES = (0.5, 1.0, 2.0, 4.0)  # seconds until a server that is busy is asked again
_LONG_SECONDS = 1.5 * SECONDS  # what failed after so long is not asked again: a big file
_FILE_SECONDS = 300.0  # until a file begins: the server may first fetch it itself
_BUSY = (429, 502, 503, 504)
_NO_ADDRESS = (404, 405)  # without a word of MLflow's; with one, a thing is not there
_PIECE = 1 << 20
_VERSION = re.compile(r"\d+\.\d+[\w.+-]{0,30}")


class NoSuchAddress(BrokenRecord):
    """The server, perhaps an older one, has no such address."""


class SourceRest(Rest):
    def __init__(self, uri: str) -> None:
        """Raises InvalidValue if no MLflow server is at *uri*, MissingExtra without urllib3."""
        self.title = without_password(uri).rstrip("/")
        try:
            self._who = _identity(uri)
        except ValueError:  # which says all of it, with a password
            message = f"{self.title} is no address of a server: http://host:port."
            raise InvalidValue(message) from None
        super().__init__(self.title)
        self._check_kind()

    def _check_kind(self) -> None:
        try:
            answer = super().request("GET", "/version")
        except NoSuchAddress as exc:
            self._check_answers(exc)
            return
        except (BrokenRecord, StoreBusy) as exc:
            raise self._nobody() from exc
        if SERVER in answer.headers:
            raise self._is_ours()
        version = bytes(answer.data[:64]).decode("ascii", "replace").strip()
        if not _VERSION.fullmatch(version):
            raise InvalidValue(f"What answers at {self.title} is no MLflow server.")

    def _check_answers(self, refusal: NoSuchAddress) -> None:
        try:
            is_theirs = is_mlflows_by_answers(self._json_of)
        except StoreBusy as exc:
            raise self._nobody() from exc
        if not is_theirs:
            raise (self._nobody() if is_theirs is None else self._is_ours()) from refusal

    def _json_of(self, method: str, address: str, body: bytes | None) -> Any:
        with suppress(BrokenRecord, ValueError):
            return super().request(method, address, body).json()
        return None

    def _is_ours(self) -> InvalidValue:
        return InvalidValue(
            f"{self.title} is a server of nbtrack's: nbtrack pull RUN --from {self.title} brings "
            "its runs."
        )

    def _nobody(self) -> InvalidValue:
        return InvalidValue(f"No MLflow server answers at {self.title}.")

    def request(self, *args: Any, **kwargs: Any) -> Any:
        pauses = iter(_PAUSES)
        while True:
            began = time.monotonic()
            try:
                return super().request(*args, **kwargs)
            except StoreBusy as exc:
                took, pause = time.monotonic() - began, next(pauses, None)
                if pause is None or took > _LONG_SECONDS:
                    raise self._gone() from exc
            time.sleep(pause)

    def _gone(self) -> StoreError:
        return StoreError(
            f"{self.title} does not answer any more. What came over stays, and the same import "
            "goes on there."
        )

    def get_at(self, address: str) -> Json:
        return self._read(self.request("GET", address, timeout=SECONDS))

    @contextmanager
    def for_files(self) -> Iterator[None]:
        """One that the server does not hand out is no reason to end, if it answers anything: it
        would be the same one the next time. Raises BrokenRecord then."""
        try:
            yield
        except StoreError as exc:
            if not self._answers():
                raise
            reason = exc.__cause__ or exc
            raise BrokenRecord(f"the server does not hand it out: {reason!s:.300}") from exc

    def _answers(self) -> bool:
        try:
            super().request("GET", "/version")
        except StoreBusy:
            return False
        except BrokenRecord:
            pass  # an error is an answer
        return True

    def _identity(self) -> Mapping[str, str]:
        """Nothing of what a server of nbtrack's is told."""
        return self._who

    def _error(self, status: int, body: bytes) -> Exception:
        try:
            told = json.loads(body)
            code, message = told.get("error_code"), str(told["message"])
        except (ValueError, KeyError, TypeError, AttributeError):
            code, message = None, f"the server says {status}"
        if status == 401:
            return NotIdentified(
                f"{self.title} wants to know who asks: set MLFLOW_TRACKING_USERNAME and "
                "MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN."
            )
        if status in _NO_ADDRESS and not code:
            return NoSuchAddress(f"{message:.300}")
        return StoreBusy(message) if status in _BUSY else BrokenRecord(f"{message:.300}")


class ServedByMlflow:
    """A file at *address* of the server. *size*: as many bytes as were listed, if it is known."""

    def __init__(self, rest: SourceRest, address: str, size: int | None) -> None:
        self._rest, self._address, self._size = rest, address, size

    def chunks(self) -> Iterator[bytes]:
        """Raises BrokenRecord if it does not come whole."""
        import urllib3

        with self._rest.for_files():
            answer = self._rest.request("GET", self._address, timeout=_FILE_SECONDS, preload=False)
        came = 0
        try:
            for chunk in answer.stream(_PIECE):
                came += len(chunk)
                yield chunk
        except urllib3.exceptions.HTTPError as exc:
            raise BrokenRecord(f"it did not come whole: {type(exc).__name__}") from exc
        finally:
            answer.release_conn()
        if self._size not in (None, came):
            raise BrokenRecord(f"{came:,} bytes came of the {self._size:,} that were listed")


def _identity(uri: str) -> Mapping[str, str]:
    """As MLflow's own client has it: of the address, or of its variables."""
    place = urlsplit(uri)
    user, password = unquote(place.username or ""), unquote(place.password or "")
    if not user:
        user = os.environ.get("MLFLOW_TRACKING_USERNAME", "")
        password = os.environ.get("MLFLOW_TRACKING_PASSWORD", "")
    if user and password:
        text = base64.b64encode(f"{user}:{password}".encode()).decode()
        return {"authorization": f"Basic {text}"}
    if token := os.environ.get("MLFLOW_TRACKING_TOKEN"):
        return {"authorization": f"Bearer {token}"}
    return {}
