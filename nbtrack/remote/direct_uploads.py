"""Large files that need not go through the server: it may have what they hold already, or say where
it keeps them, and that this file may be put there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO, Any

from nbtrack.errors import MlflowException
from nbtrack.remote.line import Line
from nbtrack.remote.protocol import UPLOADS

SECONDS = 60.0  # for the answer of where it is kept, and for the server's look at it


class DirectUploads:
    def __init__(self, line: Line, read: Callable[[IO[bytes]], Iterator[bytes]]) -> None:
        self._line, self._read = line, read
        self._is_known, self._is_reached = True, True

    def send(self, place: str, file: IO[bytes], sha256: str, size: int) -> bool:
        """False: it is to be sent to the server itself. Raises what the server says of the place,
        OtherBytes if it is not what has the digest any more."""
        if not (self._is_known and self._is_reached):
            return False
        told = self._ask(place, {"sha256": sha256, "size": size})
        if told.get("is_here"):
            return True
        address, token = told.get("address"), told.get("token")
        if not address:
            return False
        headers = {"content-length": str(size), "content-type": "application/octet-stream"}
        answer = self._line.elsewhere(
            "PUT", str(address), self._read(file), headers=headers, timeout=SECONDS
        )
        if answer is None:
            self._is_reached = False  # from this machine
            return False
        answer.release_conn()
        told = self._ask(place, {"sha256": sha256, "size": size, "token": token})
        return bool(told.get("is_here"))

    def _ask(self, place: str, asked: dict[str, object]) -> dict[str, Any]:
        try:
            told = self._line.ask(f"/{UPLOADS}/{place}", asked, timeout=SECONDS)
        except MlflowException as exc:
            if exc.error_code != "ENDPOINT_NOT_FOUND":
                raise
            self._is_known = False  # it is of before
            return {}
        return told if isinstance(told, dict) else {}
