"""Which reader a source has that somebody names."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from nbtrack.artifact_store.paths import folder_of
from nbtrack.errors import FileMissing, InvalidValue
from nbtrack.transfer.sources.exported_tables import TablesReader
from nbtrack.transfer.sources.mlflow_files import FilesReader
from nbtrack.transfer.sources.mlflow_http import HttpReader
from nbtrack.transfer.sources.mlflow_postgres import PostgresDatabase
from nbtrack.transfer.sources.mlflow_sqlite import SqliteDatabase
from nbtrack.transfer.sources.mlflow_tables import DatabaseReader
from nbtrack.transfer.sources.row_runs import RowsReader
from nbtrack.transfer.sources.source_records import SourceReader
from nbtrack.transfer.sources.tensorboard import EventsReader
from nbtrack.transfer.sources.trackio import TrackioReader
from nbtrack.transfer.sources.wandb_exports import WandbExportReader, is_of_documentation
from nbtrack.transfer.sources.wandb_folders import WandbFoldersReader

_REMOTE = ("http", "https", "postgresql", "postgres")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")  # two letters or more: C: is a drive


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What somebody says of a source that does not say it itself: the *experiment* of its runs,
    and which columns are *params*, though all in them are numbers."""

    experiment: str | None = None
    params: Sequence[str] = ()


def open_source(kind: str, source: str, reading: Reading | None = None) -> SourceReader:
    """Raises InvalidValue for what is not of that kind, FileMissing for what is not there."""
    return _OPENERS[kind](source, reading or Reading())


def _open_mlflow(source: str, _: Reading) -> SourceReader:
    scheme = _SCHEME.match(source)
    kind = scheme[1].lower().partition("+")[0] if scheme else ""
    if kind in _REMOTE and not source[len(kind) :].partition(":")[2].startswith("//"):
        # Only this is shown: the rest may hold a password.
        raise InvalidValue(f"What begins with {kind}: goes on with //, as in {kind}://host/name.")
    if kind in ("http", "https"):
        return HttpReader(source)
    if kind in _REMOTE:
        database = PostgresDatabase(source)
        return DatabaseReader(database, title=database.title, folder=os.getcwd())
    place = _place_of_mlflow(source)
    _check_is_there(place)
    if place.is_file():
        return DatabaseReader(SqliteDatabase(place), title=str(place), folder=str(place.parent))
    if not any(place.glob("*/meta.yaml")) and (place / "mlruns").is_dir():
        place = place / "mlruns"
    return FilesReader(place)


def _place_of_mlflow(source: str) -> Path:
    scheme = _SCHEME.match(source)
    if scheme is None or scheme[1].lower() == "file":
        return folder_of(source).expanduser().absolute()
    if scheme[1].lower() in ("sqlite", "sqlite+pysqlite"):
        return Path(unquote(source.partition(":///")[2])).expanduser().absolute()
    # Only the scheme is shown: the rest of such a URI may hold a password.
    raise InvalidValue(
        f"A store of MLflow at {scheme[1]}: cannot be imported; what can are a folder mlruns, a "
        "file mlflow.db, sqlite:///mlflow.db, postgresql://… and, of any server, its http://…."
    )


def _open_csv(source: str, reading: Reading) -> SourceReader:
    place = _local(source)
    if place.is_dir():
        return TablesReader(place, "csv")
    return RowsReader(place, experiment=reading.experiment, params=reading.params)


def _open_parquet(source: str, _: Reading) -> SourceReader:
    return TablesReader(_local(source), "parquet")


def _open_tensorboard(source: str, reading: Reading) -> SourceReader:
    return EventsReader(_local(source), experiment=reading.experiment)


def _open_wandb(source: str, reading: Reading) -> SourceReader:
    """A folder that W&B writes, or a file: its own, JSON, or one of two kinds of CSV."""
    place, experiment = _local(source), reading.experiment
    if place.is_dir() or place.suffix == ".wandb":
        return WandbFoldersReader(place, experiment=experiment)
    if place.suffix.lower() == ".csv" and not is_of_documentation(place):
        return RowsReader(place, kind="wandb", experiment=experiment, params=reading.params)
    return WandbExportReader(place, experiment=experiment)


def _open_trackio(source: str, reading: Reading) -> SourceReader:
    return TrackioReader(_local(source), experiment=reading.experiment)


def _local(source: str) -> Path:
    place = folder_of(source).expanduser().absolute()
    _check_is_there(place)
    return place


def _check_is_there(place: Path) -> None:
    if not place.exists():
        raise FileMissing(f"There is no file or folder {str(place)!r}.")


_OPENERS: Mapping[str, Callable[[str, Reading], SourceReader]] = {
    "mlflow": _open_mlflow,
    "csv": _open_csv,
    "parquet": _open_parquet,
    "tensorboard": _open_tensorboard,
    "wandb": _open_wandb,
    "trackio": _open_trackio,
}
KINDS = tuple(_OPENERS)
