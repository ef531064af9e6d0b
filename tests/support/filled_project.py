"""Projects that many tests begin with: filled once in each process, and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from nbtrack.recording.session import Session, current_session
from tests.support.begun_project import begun_project, lasting_folder

_filled: dict[str, Path] = {}


def fill_project(folder: Path, fill: Callable[[], object]) -> None:
    """Put what *fill* records into *folder*, which nobody may have read yet.

    *fill* is told apart by its name: it must do the same in each test.
    """
    name = f"{fill.__module__}.{fill.__qualname__}"
    if name not in _filled:
        _filled[name] = _recorded(fill)
    shutil.copytree(_filled[name], folder, dirs_exist_ok=True)


def _recorded(fill: Callable[[], object]) -> Path:
    folder = begun_project(lasting_folder() / ".nbtrack")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("nbtrack.recording.session._current", Session())
        current_session().set_tracking_uri(folder)
        fill()
        current_session().close()
    return folder
