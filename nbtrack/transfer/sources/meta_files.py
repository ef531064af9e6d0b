"""The small files of MLflow's file store: meta.yaml, a file per param and tag, lines of points."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbtrack.transfer.sources.source_records import BrokenRecord


def read_meta(folder: Path) -> dict[str, Any]:
    """The facts in its meta.yaml. Raises BrokenRecord."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast
    try:
        found = yaml.load(_read(folder / "meta.yaml"), Loader=loader)
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        raise BrokenRecord(f"its meta.yaml is no YAML ({str(exc)[:80]!r})") from None
    if not isinstance(found, dict):
        raise BrokenRecord("its meta.yaml is empty, or cut")
    return found


def texts_below(folder: Path) -> dict[str, str]:
    """{path of a file below *folder*: what is in it}; a name with a slash is a folder there."""
    return {key: _read(file) for key, file in sorted(_files(folder, ""))}


def numbers_in(folder: Path) -> Iterator[tuple[str, list[list[str]]]]:
    """The fields of each line of each file below *folder*."""
    for key, file in _files(folder, ""):
        fields = [line.split() for line in _read(file).splitlines()]
        if not fields:
            raise BrokenRecord(f"the metric {key!r} has an empty file")
        yield key, fields


def _files(folder: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    try:
        with os.scandir(folder) as entries:
            found = list(entries)
    except FileNotFoundError:
        return
    except OSError as exc:
        raise BrokenRecord(f"{exc.strerror}: {str(folder)!r}") from None
    for entry in found:
        name = prefix + os.fsencode(entry.name).decode("utf-8", "replace")
        if entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path), f"{name}/")
        elif entry.is_file(follow_symlinks=False):  # a link may lead to what is no part of it
            yield name, Path(entry.path)


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8", "replace")
    except OSError as exc:
        raise BrokenRecord(f"{exc.strerror}: {file.name!r}") from None
