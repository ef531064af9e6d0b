"""The commit that is checked out, read from git's own files: no process is started for it."""

from __future__ import annotations

import re
from pathlib import Path

_COMMIT = re.compile(r"[0-9a-f]{40,64}")


def head_commit(folder: Path) -> str | None:
    """The full hash of HEAD of the repository around *folder*; None if there is none.

    Layout: https://git-scm.com/docs/gitrepository-layout
    """
    for place in (folder, *folder.parents):
        git = place / ".git"
        if git.exists():
            return _read_head(_git_folder(git))
    return None


def _git_folder(git: Path) -> Path:
    if git.is_dir():
        return git
    # A worktree or submodule: a file that says where the real folder is.
    pointer = _text(git).removeprefix("gitdir:").strip()
    return (git.parent / pointer).resolve()


def _read_head(git: Path) -> str | None:
    head = _text(git / "HEAD")
    if not head.startswith("ref:"):
        return head if _COMMIT.fullmatch(head) else None
    reference = head.removeprefix("ref:").strip()
    common = git / _text(git / "commondir") if (git / "commondir").exists() else git
    commit = _text(common / reference) or _packed(common, reference)
    return commit if _COMMIT.fullmatch(commit) else None


def _packed(git: Path, reference: str) -> str:
    for line in _text(git / "packed-refs").splitlines():
        commit, _, name = line.partition(" ")
        if name == reference:
            return commit
    return ""


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
