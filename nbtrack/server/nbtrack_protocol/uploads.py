"""Files that need not come through the server: what it has already is not sent again, and what its
bucket takes goes there. Asked twice: where to send a file, and, with a token, that it is there."""

from __future__ import annotations

from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.remote.protocol import DIRECT_BYTES
from nbtrack.server.artifact_places import Place
from nbtrack.server.buckets.artifacts import BucketArtifacts
from nbtrack.server.served import Served

HERE, SEND = {"is_here": True}, {"is_here": False}


def upload(
    served: Served, place: Place, asked: dict[str, Any], *, reads_all: bool = True
) -> dict[str, Any]:
    """Of a file of a run or model, which its lines told of. Unless who asks *reads_all*, what
    others have is not here. Raises InvalidValue, NotFound, OtherBytes, BucketAway."""
    sha256, size, token = asked.get("sha256"), asked.get("size"), asked.get("token")
    if not isinstance(sha256, str) or not isinstance(size, int):
        raise InvalidValue("An upload is asked for with the sha256 and the size of the file.")
    files = served.own_files(place)  # raises if there is no such run
    if not isinstance(files, BucketArtifacts):
        return SEND
    files.check_path(place.path)
    if token is not None:
        files.take(str(token), sha256)
        return HERE
    if files.has_content(sha256) if reads_all else files.has_own_content(sha256):
        return HERE
    return SEND if size < DIRECT_BYTES else {**SEND, **files.signed_upload()}
