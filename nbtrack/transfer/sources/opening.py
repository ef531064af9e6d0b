"""Which reader a source has that somebody names."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from nbtrack.artifact_store.paths import folder_of
from nbtrack.errors import FileMissing, InvalidValue
from nbtrack.transfer.sources.mlflow_files import FilesReader
from nbtrack.transfer.sources.mlflow_sqlite import SqliteReader
from nbtrack.transfer.sources.source_records import SourceReader

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")  # two letters or more: C: is a drive


def open_mlflow(source: str) -> SourceReader:
    """Raises InvalidValue for what is no store of MLflow, FileMissing for what is not there."""
    place = _place_of(source)
    if not place.exists():
        raise FileMissing(f"There is no file or folder {str(place)!r}.")
    if place.is_file():
        return SqliteReader(place)
    if not any(place.glob("*/meta.yaml")) and (place / "mlruns").is_dir():
        place = place / "mlruns"
    return FilesReader(place)


def _place_of(source: str) -> Path:
    scheme = _SCHEME.match(source)
    if scheme is None or scheme[1].lower() == "file":
        return folder_of(source).expanduser().absolute()
    if scheme[1].lower() in ("sqlite", "sqlite+pysqlite"):
        return Path(unquote(source.partition(":///")[2])).expanduser().absolute()
    # Only the scheme is shown: the rest of such a URI may hold a password.
    raise InvalidValue(
        f"A store of MLflow at {scheme[1]}: cannot be imported yet; what can are a folder mlruns, "
        "a file mlflow.db and sqlite:///mlflow.db. Run this where the server keeps its files."
    )
