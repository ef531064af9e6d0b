"""Reading the model registry in an `mlruns` folder: `models/<name>/`, since MLflow 2.

meta.yaml, tags/, aliases/<alias> (its content is the version), version-<n>/meta.yaml and tags/.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from nbtrack.transfer.sources.meta_files import read_meta, texts_below
from nbtrack.transfer.sources.source_records import (
    BrokenRecord,
    SourceRegisteredModel,
    SourceVersion,
)

_DELETED_VERSION = "Deleted_Internal"


def read_registered_models(folder: Path) -> Iterator[SourceRegisteredModel | BrokenRecord]:
    if not folder.is_dir():
        return
    for model in sorted(folder.iterdir()):
        if model.is_symlink() or not (model / "meta.yaml").is_file():
            continue
        try:
            yield _model(model)
        except (BrokenRecord, ValueError) as exc:
            yield BrokenRecord(f"registered model {model.name!r}: {exc}")


def _model(folder: Path) -> SourceRegisteredModel:
    meta = read_meta(folder)
    aliases = texts_below(folder / "aliases")
    return SourceRegisteredModel(
        name=str(meta.get("name") or folder.name),
        created=meta.get("creation_timestamp"),
        description=meta.get("description"),
        tags=texts_below(folder / "tags"),
        aliases={alias: int(version) for alias, version in aliases.items()},
        versions=sorted(_versions(folder), key=lambda version: version.version),
    )


def _versions(folder: Path) -> Iterator[SourceVersion]:
    for place in folder.glob("version-*"):
        if place.is_symlink():
            continue
        meta = read_meta(place)
        if meta.get("current_stage") == _DELETED_VERSION:
            continue
        yield SourceVersion(
            version=int(meta["version"]) if "version" in meta else int(place.name[8:]),
            stage=str(meta.get("current_stage") or "None"),
            sources=[str(meta[n]) for n in ("source", "storage_location") if meta.get(n)],
            run_id=meta.get("run_id") or None,
            run_link=meta.get("run_link") or None,
            user=meta.get("user_id"),
            created=meta.get("creation_timestamp"),
            description=meta.get("description"),
            tags=texts_below(place / "tags"),
        )
