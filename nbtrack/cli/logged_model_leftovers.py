"""Logged models that were deleted, or go with their runs, and the folders that are theirs alone."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from nbtrack.stores.store import Store

_MODELS = """
    select model_id, name, source_run_id, is_deleted from current.logged_models
    order by created_us, model_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoneModel:
    """*folder* is its own; None if its files are in a run, or somewhere else."""

    model_id: str
    name: str
    folder: Path | None
    size: int


def gone_models(store: Store, root: Path, *, runs: Collection[str]) -> list[GoneModel]:
    """Deleted ones, and those that *runs* made, which will be gone. Raises StoreError."""
    frame = store.query(_MODELS)
    return [
        _gone(root / model_id, str(name or ""))
        for model_id, name, run_id, is_deleted in frame.itertuples(index=False)
        if is_deleted or run_id in runs
    ]


def remove_models(store: Store, models: Collection[GoneModel]) -> None:
    """Rows first, as of runs. Raises StoreBusy."""
    if models:
        store.remove_models([each.model_id for each in models])
    for each in models:
        if each.folder is not None:
            shutil.rmtree(each.folder, ignore_errors=True)


def _gone(folder: Path, name: str) -> GoneModel:
    is_there = folder.is_dir() and not folder.is_symlink()
    files = [file for file in folder.rglob("*") if file.is_file()] if is_there else []
    return GoneModel(
        model_id=folder.name,
        name=name,
        folder=folder if is_there else None,
        size=sum(file.lstat().st_size for file in files),
    )
