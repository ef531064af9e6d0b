"""Which files several runs have under one path, of those that can be looked at side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from nbtrack.records.runs import FileInfo
from nbtrack.stores.store import Store

Kind = Literal["picture", "text"]

_MOST = 60  # paths of one kind
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".bmp", ".vl.json")
_TEXTS = (
    *(".csv", ".tsv", ".parquet", ".json", ".jsonl", ".txt", ".md", ".markdown", ".log"),
    *(".yaml", ".yml", ".toml", ".ini", ".cfg", ".py", ".sql", ".xml"),
)
_FIGURES = (".plotly.json", ".bokeh.json")  # what draws them is no text for people
_MODEL = "MLmodel"  # the folder that has one is a model, whose files say when it was saved


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedFile:
    path: str
    kind: Kind
    runs: Sequence[str]  # those that have it
    is_same: bool  # in all of them


def shared_files(store: Store, run_ids: Sequence[str]) -> list[SharedFile]:
    """By path, pictures first."""
    owners: dict[str, dict[str, str | None]] = {}
    for run_id in dict.fromkeys(run_ids):
        for file in _telling(store.list_artifact_records(run_id)):
            owners.setdefault(file.path, {})[run_id] = file.sha256
    shared = {path: digests for path, digests in sorted(owners.items()) if len(digests) > 1}
    return [*_of_kind(shared, "picture")[:_MOST], *_of_kind(shared, "text")[:_MOST]]


def _telling(files: Iterable[FileInfo]) -> list[FileInfo]:
    """Without models, and without the numbers of a plot that stands beside its picture."""
    files = list(files)
    paths = {file.path for file in files}
    models = tuple(p.removesuffix(_MODEL) for p in paths if p.rpartition("/")[2] == _MODEL)
    return [
        file
        for file in files
        if not (models and file.path.startswith(models))
        and f"{file.path.removesuffix('.json')}.png" not in paths
    ]


def _of_kind(shared: Mapping[str, Mapping[str, str | None]], kind: Kind) -> list[SharedFile]:
    return [
        SharedFile(path=path, kind=kind, runs=list(digests), is_same=_is_same(digests.values()))
        for path, digests in shared.items()
        if _kind_of(path) == kind
    ]


def _kind_of(path: str) -> Kind | None:
    name = path.lower()
    if name.endswith(_PICTURES):
        return "picture"
    return "text" if name.endswith(_TEXTS) and not name.endswith(_FIGURES) else None


def _is_same(digests: Iterable[str | None]) -> bool:
    known = set(digests)
    return len(known) == 1 and None not in known
