"""The commit that is checked out, read from git's own files: no process is started for it."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_LOOK_AGAIN_SECONDS = 1.0  # where there is no repository, one may be made

# Every run asks, and reading it all takes 200 µs: what was read holds while its files are the same.
_seen: dict[Path, _Seen] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    commit: str | None
    files: tuple[Path, ...]  # what it was read from, or would have been; none: no repository
    times: tuple[object, ...]
    moment: float

    def holds(self) -> bool:
        if not self.files:
            return time.monotonic() - self.moment < _LOOK_AGAIN_SECONDS
        return self.times == _times(self.files)


def head_commit(folder: Path) -> str | None:
    """The full hash of HEAD of the repository around *folder*; None if there is none.

    Layout: https://git-scm.com/docs/gitrepository-layout
    """
    seen = _seen.get(folder)
    if seen is None or not seen.holds():
        seen = _seen[folder] = _look(folder)
    return seen.commit


def _look(folder: Path) -> _Seen:
    files: tuple[Path, ...] = ()
    for place in (folder, *folder.parents):
        git = place / ".git"
        if git.exists():
            files = _files_of_head(_git_folder(git))
            break
    # Before reading: what changes meanwhile is read again the next time.
    times, moment = _times(files), time.monotonic()
    return _Seen(commit=_read_head(files), files=files, times=times, moment=moment)


def _git_folder(git: Path) -> Path:
    if git.is_dir():
        return git
    # A worktree or submodule: a file that says where the real folder is.
    pointer = _text(git).removeprefix("gitdir:").strip()
    return (git.parent / pointer).resolve()


def _files_of_head(git: Path) -> tuple[Path, ...]:
    """HEAD; if it names a branch, the branch's file; if there is none, the list of packed ones."""
    reference = _reference(_text(git / "HEAD"))
    if reference is None:
        return (git / "HEAD",)
    common = git / _text(git / "commondir") if (git / "commondir").exists() else git
    branch = (git / "HEAD", common / reference)
    return branch if branch[1].exists() else (*branch, common / "packed-refs")


def _read_head(files: tuple[Path, ...]) -> str | None:
    if not files:
        return None
    head = _text(files[0])
    if (reference := _reference(head)) is not None and len(files) > 1:
        head = _text(files[1]) or _packed(files[-1], reference)
    return head if _COMMIT.fullmatch(head) else None


def _reference(head: str) -> str | None:
    return head.removeprefix("ref:").strip() if head.startswith("ref:") else None


def _packed(file: Path, reference: str) -> str:
    for line in _text(file).splitlines():
        commit, _, name = line.partition(" ")
        if name == reference:
            return commit
    return ""


def _times(files: tuple[Path, ...]) -> tuple[object, ...]:
    return tuple(map(_time, files))


def _time(file: Path) -> object:
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
