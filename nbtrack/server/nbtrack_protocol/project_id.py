"""Which project it is: a random id in its folder, made when it is asked for first.

At one address there may be another project tomorrow, through another tunnel say, and then clients
do not send it what they logged to this one.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from nbtrack.base.locks import held, make_shared_folder
from nbtrack.errors import AnotherProject

_FILE = "project.id"
WAIT_SECONDS = 10.0


def project_id(folder: Path) -> str:
    """Of the project in *folder*; of several that make it at once, one does."""
    file = folder / _FILE
    with suppress(FileNotFoundError):
        return file.read_text()
    make_shared_folder(folder)
    with held(folder / "received.lock", wait_seconds=WAIT_SECONDS):
        if not file.exists():
            new = folder / f"{_FILE}-new"
            new.write_text(os.urandom(16).hex())
            new.replace(file)
    return file.read_text()


def check_project(its_id: str, said: str | None) -> None:
    """Raises AnotherProject if a client means one with another id than this."""
    if said and said != its_id:
        raise AnotherProject(
            "At this address is another project than the one that was recorded to before. What "
            "was logged to that one waits in its folder on your machine: move that folder away "
            "(see NBTRACK_SERVERS_DIR) to begin with this project, or bring the other one back."
        )
