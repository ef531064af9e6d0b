"""The files of a run of W&B: those that `wandb.save` names, and its folder `wandb.run.dir`."""

from __future__ import annotations

import atexit
import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from nbtrack.base.guard import guarded, warn_once
from nbtrack.recording.active_run import ActiveRun
from nbtrack.settings import working_folder


class RunFolder:
    """A folder of this process, whose files are artifacts of *run* when that has ended."""

    def __init__(self, run: ActiveRun | None) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="nbtrack-wandb-")).resolve()
        self._run, self._process = run, os.getpid()
        atexit.register(self._close)  # of a run that the script leaves open, too

    def log(self) -> None:
        """Once: what is put there later, is for whoever reads it before the process ends."""
        run, self._run = self._run, None
        if run is not None:
            with guarded("record the files of wandb.run.dir"):
                if any(self.path.iterdir()):
                    run.log_artifacts(self.path)

    def _close(self) -> None:
        if os.getpid() != self._process:  # a fork, whose end is not that of the run
            return
        self.log()
        shutil.rmtree(self.path, ignore_errors=True)


def save_files(run: ActiveRun, named: str, base: Path | None, own: Path | None) -> list[str]:
    """Log what *named*, a path with wildcards, finds, by its path in *base*: by default *own*, the
    folder of the run, the working folder, or that of the path before its wildcards."""
    found = [named] if os.path.exists(named) else sorted(glob.glob(named, recursive=True))
    files = [file for place in found for file in _files_in(Path(place).absolute())]
    if not files:
        warn_once(f"nbtrack: wandb.save({named!r:.200}) found no file; nothing was saved.")
    bases = [each for each in (base, own, working_folder(), _fixed_part(named)) if each is not None]
    for file in files:
        folder = _path_in(file, bases).parent.as_posix()
        run.log_artifact(file, None if folder == "." else folder)
    return [str(file) for file in files]


def _files_in(place: Path) -> Iterator[Path]:
    if place.is_dir():
        yield from sorted(file for file in place.rglob("*") if file.is_file())
    else:
        yield place


def _fixed_part(named: str) -> Path:
    folder = Path(named).absolute().parent
    while glob.has_magic(str(folder)):
        folder = folder.parent
    return folder


def _path_in(file: Path, bases: list[Path]) -> Path:
    """Never one that leads out."""
    whole = Path(os.path.normpath(file))
    for base in bases:
        normal = Path(os.path.normpath(base.absolute()))
        if whole.is_relative_to(normal):
            return whole.relative_to(normal)
    return Path(whole.name)
