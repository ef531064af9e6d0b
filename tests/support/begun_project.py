"""A project that has been begun: what nearly all tests need, and costs more than they do."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from nbtrack.stores.local.attachment import Attachment
from nbtrack.stores.local.duckdb import DATABASE_NAME


def begun_project(folder: Path) -> Path:
    """*folder*, with an empty database in it, unless it is there.

    Making one takes 50 ms, and so does each read before there is one.
    """
    if not folder.exists():
        folder.mkdir(parents=True)
        shutil.copyfile(_empty_database(), folder / DATABASE_NAME)
    return folder


@cache
def _empty_database() -> Path:
    attachment = Attachment(lasting_folder() / DATABASE_NAME)
    with attachment.open(read_only=False):
        pass  # it is made by being opened
    attachment.close()
    return attachment.file


def lasting_folder() -> Path:
    """One that is there until this process ends."""
    folder = Path(tempfile.mkdtemp(prefix="nbtrack-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
