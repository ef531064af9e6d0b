"""Where files are, as clients of the server see it: `mlflow-artifacts:/` and one of

    runs/<run id>/<path>             models/<model id>/<path>
    versions/<name>/<version>/<path>
    copies/<model>-<number>/<version>/<path>    (the same, as clients of nbtrack name it)

Clients never see a folder of the server, and never name one: whoever could would read and write
wherever the server can.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote, unquote

from nbtrack.artifact_store.paths import artifact_parts
from nbtrack.errors import InvalidValue
from nbtrack.remote.protocol import COPIES, MODELS, RUNS

SERVED = "mlflow-artifacts:/"
VERSIONS = "versions"
_PARTS = {RUNS: 1, MODELS: 1, VERSIONS: 2, COPIES: 2}  # of an id
_FOREIGN = re.compile(r"(s3|gs|wasbs|abfss|hdfs|dbfs|ftp|sftp|https?):", re.IGNORECASE)
# MLflow's clients write the same place as mlflow-artifacts:/…, with a host, or as its address.
_OF_ADDRESS = re.compile(
    r"(mlflow-artifacts:/*|https?://)([^/]*)/api/2.0/mlflow-artifacts/artifacts/"
)


class Place(NamedTuple):
    """*path* is within what has the *id*; "" is all of it. Of a version, the id is its name and
    number."""

    kind: str
    id: str
    path: str


def run_place(run_id: str) -> str:
    return f"{SERVED}{RUNS}/{run_id}"


def model_place(model_id: str) -> str:
    return f"{SERVED}{MODELS}/{model_id}"


def version_place(name: str, version: str) -> str:
    return f"{SERVED}{VERSIONS}/{quote(name, safe='')}/{version}"


def as_seen(location: str, place: str) -> str:
    """A folder of the server is the *place* that it serves; another kind stays what it is."""
    return location if _FOREIGN.match(location) else place


def parse(path: str) -> Place:
    """Raises InvalidValue for what is no place, and for a path that leaves it."""
    parts = artifact_parts(path.strip("/")) if path.strip("/") else ()
    ids = _PARTS.get(parts[0] if parts else "", 0)
    if not ids or len(parts) < 1 + ids:
        raise InvalidValue(f"{path!r:.200} is no place of files: they are below runs/<run id>.")
    return Place(parts[0], "/".join(parts[1 : 1 + ids]), "/".join(parts[1 + ids :]))


def place_in(kind: str, id_: str, path: str) -> Place:
    """Raises InvalidValue for a path that leaves what has the id."""
    return Place(kind, id_, "/".join(artifact_parts(path)))


def new_location(asked: str | None) -> str | None:
    """Where a new experiment keeps its files; None: with the others. Raises InvalidValue for a
    folder of the server."""
    if asked is None or not asked or asked.startswith(SERVED):
        return None
    if not _FOREIGN.match(asked):
        raise InvalidValue(
            f"artifact_location is {asked!r:.200}: a client cannot name a folder of the server. "
            "Leave it out, and the server keeps the files."
        )
    return asked


def model_source(asked: str) -> str:
    """The model that a client registers, as `runs:/` or `models:/`. Raises InvalidValue for a
    folder of the server."""
    served = _OF_ADDRESS.sub(SERVED, asked)
    if served.startswith(SERVED):
        kind, id_, path = parse(unquote(served.removeprefix(SERVED)))
        scheme = "runs" if kind == RUNS else "models"
        return f"{scheme}:/{id_}/{path}".rstrip("/")
    if not asked.startswith(("runs:/", "models:/")):
        raise InvalidValue(
            f"source is {asked!r:.200}: the server can register a model that was logged to it, "
            "such as runs:/<run id>/model or models:/<model id>."
        )
    return asked
