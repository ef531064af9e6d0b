"""What a page may ask of a run's artifacts: which there are, a look at one, its bytes.

Each waits for those that are still being made in the background, as `MlflowClient` does.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nbtrack.api.client import client_of
from nbtrack.artifact_store.artifact_preview import preview
from nbtrack.artifact_store.store import ArtifactStore
from nbtrack.errors import ArtifactNotFound, InvalidValue
from nbtrack.panels.artifacts.facts import artifacts_of_run
from nbtrack.panels.shared.panel import Handler, Panel
from nbtrack.panels.shared.requests import number_of, text_of

MOST_DOWNLOAD = 64 << 20  # bytes; beyond that the page offers the path
_PART = 3 << 20  # bytes of one message: 4 MiB as base64


def list_answer(panel: Panel, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Every file as {path, size, words, sha256, state}. Raises RunNotFound."""
    found = artifacts_of_run(panel.store, text_of(arguments, "run"))
    return {
        "folder": found.folder,
        "files": [asdict(file) for file in found.files],
        "more": found.more,
    }


def preview_answer(panel: Panel, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """{kind, content, is_cut}. Raises RunNotFound, ArtifactNotFound, InvalidValue."""
    artifacts, path = _open(panel, arguments)
    return asdict(preview(artifacts, path))


def download_answer(panel: Panel, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A part of a file from byte *offset* on: {data (base64), size, next (None: that was all)}.

    Raises InvalidValue for a folder and for a file of more than 64 MiB.
    """
    artifacts, path = _open(panel, arguments)
    file = artifacts.download(path)
    size = _size_to_send(file, path)
    offset = number_of(arguments, "offset")
    if not 0 <= offset <= size:
        raise InvalidValue(f"offset is {offset}; {path!r} has {size} bytes.")
    with file.open("rb") as opened:
        opened.seek(offset)
        data = opened.read(_PART)
    end = offset + len(data)
    going_on = end if data and end < size else None
    return {"data": base64.b64encode(data).decode(), "size": size, "next": going_on}


ARTIFACT_HANDLERS: Mapping[str, Handler] = {
    "artifacts": list_answer,
    "artifact_preview": preview_answer,
    "artifact_download": download_answer,
}


def _open(panel: Panel, arguments: Mapping[str, Any]) -> tuple[ArtifactStore, str]:
    run_id, path = text_of(arguments, "run"), text_of(arguments, "path")
    if not path:
        raise ArtifactNotFound(path, run_id)
    return client_of(panel.store).artifacts_of(run_id), path


def _size_to_send(file: Path, path: str) -> int:
    if file.is_dir():
        raise InvalidValue(f"{path!r} is a folder; download the files in it, or copy its path.")
    size = file.stat().st_size
    if size > MOST_DOWNLOAD:
        most = f"{MOST_DOWNLOAD >> 20} MiB"
        raise InvalidValue(f"{path!r} has more than {most}. Copy it from {str(file)!r}.")
    return size
