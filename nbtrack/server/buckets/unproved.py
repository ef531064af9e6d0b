"""Contents that somebody who may not read all files has logged, and not sent yet: whoever knows a
digest need not have the file, which may be in the bucket for others.

    received/unproved/<run or model>/<sha256>    until all of it was sent for that run or model
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from nbtrack.base.locks import make_shared_folder
from nbtrack.errors import NotFound
from nbtrack.remote.outbox import files_in
from nbtrack.remote.protocol import MODELS, kind_of_owner
from nbtrack.stores.store import Store

_DIGEST = re.compile(r"[0-9a-f]{64}")


class Unproved:
    """Of the project in *home*."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "received" / "unproved"

    def of(self, owner: str) -> set[str]:
        with suppress(FileNotFoundError, NotADirectoryError):
            return {each.name for each in (self._folder / owner).iterdir()}
        return set()

    def note_all(self, lines: bytes, store: Store) -> None:
        """Of all files that *lines* tell of, but for what their runs and models have already."""
        told: dict[str, set[str]] = {}
        for file in files_in(lines):
            if _DIGEST.fullmatch(str(file.sha256)):  # of another one there is no content
                told.setdefault(file.owner, set()).add(str(file.sha256))
        for owner, digests in told.items():
            for sha256 in digests - _digests(store, owner):
                make_shared_folder(self._folder / owner)
                (self._folder / owner / sha256).touch()

    def forget(self, owner: str, sha256: str) -> None:
        """It was sent."""
        (self._folder / owner / sha256).unlink(missing_ok=True)


def _digests(store: Store, owner: str) -> set[str]:
    with suppress(NotFound):
        if kind_of_owner(owner) == MODELS:
            return {*store.list_model_files(owner).values()}
        return {each.sha256 for each in store.list_artifact_records(owner) if each.sha256}
    return set()
