"""What lies in a folder of checkpoints, and its copies below `checkpoints/` in a run's artifacts.

A checkpoint is a file, or a folder of files that belong together.
"""

from __future__ import annotations

import glob
import hashlib
import zipfile
from collections.abc import Iterable
from pathlib import Path

from nbtrack.recording.run_files import RunFiles
from nbtrack.records.runs import FileInfo

FOLDER = "checkpoints"
# By checkpoint; when it was written, and how large its files are.
Seen = dict[Path, tuple[int, ...]]


def saved_as(place: Path) -> Seen:
    """What matches *place*, a glob; of a folder, what is in it."""
    pattern = str(place / "*") if place.is_dir() else str(place)
    found = {Path(name): _stamp(Path(name)) for name in glob.iglob(pattern, recursive=True)}
    return {saved: stamp for saved, stamp in found.items() if stamp}


def _stamp(saved: Path) -> tuple[int, ...]:
    """Empty: it is gone, or has nothing in it."""
    try:
        facts = [file.stat() for file in _files_of(saved).values()]
    except FileNotFoundError:
        return ()
    if not any(fact.st_size for fact in facts):
        return ()
    return max(fact.st_mtime_ns for fact in facts), *(fact.st_size for fact in facts)


def is_whole(saved: Path) -> bool:
    """Whether nobody was interrupted as he wrote it; of the formats that tell: torch's, Keras' and
    numpy's are zip files, whose end is written last."""
    return not any(_is_torn_zip(file) for file in _files_of(saved).values())


def _is_torn_zip(file: Path) -> bool:
    with open(file, "rb") as opened:
        begins = opened.read(4) == b"PK\x03\x04"
    return begins and not zipfile.is_zipfile(file)


def _files_of(saved: Path) -> dict[str, Path]:
    """By their names in the artifacts."""
    if not saved.is_dir():
        return {saved.name: saved}
    files = (file for file in sorted(saved.rglob("*")) if file.is_file())
    return {f"{saved.name}/{file.relative_to(saved).as_posix()}": file for file in files}


class KeptFiles:
    """Of one run. A content that it has already becomes another name of the same file."""

    def __init__(self, run: RunFiles) -> None:
        self._run = run
        self._known: dict[str, FileInfo] = {}  # by path

    def put(self, folder: str, saved: Path) -> str:
        """Into `checkpoints/<folder>`; the path of what is there now."""
        place = f"{FOLDER}/{folder}" if folder else FOLDER
        files = {f"{place}/{name}": file for name, file in _files_of(saved).items()}
        for path, file in files.items():
            self._put_file(path, file)
        path = f"{place}/{saved.name}"
        self._remove(each for each in self._at(path) if each not in files)
        return path

    def put_alone(self, folder: str, saved: Path) -> str:
        """In place of what else is in that folder."""
        path = self.put(folder, saved)
        self._remove_others(folder, path)
        return path

    def put_again(self, folder: str, kept: str) -> str:
        """What is at the path *kept*, into `checkpoints/<folder>` as well: not read from the user's
        file again, which may be the next one by now."""
        path = f"{FOLDER}/{folder}/{kept.rpartition('/')[2]}"
        files = {path + each.removeprefix(kept): self._known[each] for each in self._at(kept)}
        for name, file in files.items():
            self._link(name, file)
        self._remove(each for each in self._at(path) if each not in files)
        return path

    def put_again_alone(self, folder: str, kept: str) -> None:
        """In place of what else is in that folder."""
        self._remove_others(folder, self.put_again(folder, kept))

    def remove(self, saved: Path) -> None:
        self._remove(self._at(f"{FOLDER}/{saved.name}"))

    def _at(self, path: str) -> list[str]:
        """The file of that path, or all in the folder."""
        return [each for each in self._known if each == path or each.startswith(f"{path}/")]

    def _put_file(self, path: str, file: Path) -> None:
        with open(file, "rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        same = [known for known in self._known.values() if known.sha256 == digest]
        if same:
            self._link(path, same[0])
        else:
            self._note(self._run.copy_file(path, file))

    def _link(self, path: str, file: FileInfo) -> None:
        if path not in self._known or self._known[path].sha256 != file.sha256:
            self._note(self._run.link_file(path, file))

    def _note(self, stored: Iterable[FileInfo]) -> None:
        self._known.update({each.path: each for each in stored})

    def _remove_others(self, folder: str, path: str) -> None:
        its_own = self._at(path)
        self._remove(each for each in self._at(f"{FOLDER}/{folder}") if each not in its_own)

    def _remove(self, paths: Iterable[str]) -> None:
        gone = list(paths)
        self._run.remove_artifacts(gone)
        for path in gone:
            del self._known[path]
