"""The state of the git repository that a cell ran in, asked from the `git` program.

No command writes, prompts, pages, takes git's optional locks or runs a diff driver, and each
ends after five seconds. Without git, without a repository or without a commit there is less to
tell, never an error.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nbtrack.capture.notebook_diff import MAX_NOTEBOOK_BYTES, code_diff
from nbtrack.capture.redact import mask_diff, without_credentials

TIMEOUT_SECONDS = 5.0
MAX_DIFF_BYTES = 1 << 20
MAX_NOTEBOOKS = 20
MAX_WATCHED_FILES = 2000

_QUIET = ("git", "--no-optional-locks", "--no-pager", "-c", "core.fsmonitor=false")
_DIFF = ("diff", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames")
_SUBMODULES = "--ignore-submodules=dirty"


@dataclass(frozen=True, slots=True, kw_only=True)
class GitState:
    """What differs from the commit: *diff* holds tracked files only, with secrets masked.

    Of notebooks it holds the code cells, never the outputs: a notebook of which only outputs
    changed does not make the state *dirty*.
    """

    root: str
    commit: str | None  # None before the first commit
    branch: str | None  # None when HEAD is detached
    dirty: bool
    diff: str
    diff_note: str | None  # what the diff leaves out, and why
    remote: str | None  # without credentials

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class GitFiles:
    """Files whose times tell that the state may have changed."""

    control: tuple[str, ...]
    tracked: tuple[str, ...] | None  # None: more than MAX_WATCHED_FILES


def collect_git(folder: Path) -> GitState | None:
    """The state of the repository that *folder* is in; None without one, or without git."""
    root = _root(folder)
    status = None if root is None else _status(root)
    if root is None or status is None:
        return None
    commit, branch, changed = status
    parts = [] if commit is None else list(_diffs(root, changed))
    notes = [note for _, note in parts if note] + ([] if commit else ["no commit yet"])
    diff, cut = _capped("".join(text for text, _ in parts))
    return GitState(
        root=str(root),
        commit=commit,
        branch=branch,
        dirty=bool(parts) or (commit is None and bool(changed)),
        diff=diff,
        diff_note="; ".join(dict.fromkeys(notes + cut)) or None,
        remote=_remote(root),
    )


def watched_files(folder: Path) -> GitFiles:
    """The files to look at for a change; works, with less to look at, outside a repository."""
    answer = _git(folder, "rev-parse", "--show-toplevel", "--absolute-git-dir", "--git-common-dir")
    if answer is None:
        return GitFiles(control=(str(folder / ".git"),), tracked=())
    root, git_dir, common = _text(answer).splitlines()
    head = Path(git_dir, "HEAD")
    control = [head, Path(git_dir, "index"), Path(folder, common, "packed-refs")]
    if reference := _reference(head):
        control.append(Path(folder, common, reference))
    return GitFiles(control=tuple(map(str, control)), tracked=_tracked(Path(root)))


def _root(folder: Path) -> Path | None:
    answer = _git(folder, "rev-parse", "--show-toplevel")
    return None if not answer else Path(os.fsdecode(answer.rstrip(b"\n")))


def _status(root: Path) -> tuple[str | None, str | None, list[str]] | None:
    """Commit, branch and the paths that differ from HEAD, in one call (porcelain format v2)."""
    answer = _git(
        root, "status", "--porcelain=v2", "--branch", "-z", "--untracked-files=no",
        "--no-ahead-behind", "--no-renames", _SUBMODULES,
    )  # fmt: skip
    if answer is None:
        return None
    headers, changed = {}, []
    for entry in filter(None, os.fsdecode(answer).split("\0")):
        kind, _, rest = entry.partition(" ")
        if kind == "#":
            name, _, value = rest.partition(" ")
            headers[name] = value
        elif kind in "1u":  # changed, unmerged: the path is the last of 8 or 10 fields
            changed.append(rest.split(" ", 7 if kind == "1" else 9)[-1])
    return _known(headers.get("branch.oid")), _known(headers.get("branch.head")), changed


def _known(value: str | None) -> str | None:
    return None if value in (None, "(initial)", "(detached)") else value


def _diffs(root: Path, changed: list[str]) -> Iterator[tuple[str, str | None]]:
    """(text, note) for everything that makes the state dirty."""
    notebooks = [path for path in changed if path.endswith(".ipynb")]
    if len(notebooks) < len(changed):
        yield _source_diff(root)
    for path in notebooks[:MAX_NOTEBOOKS]:
        text, note = _notebook_diff(root, path)
        if text or note:
            yield text, note
    if len(notebooks) > MAX_NOTEBOOKS:
        yield "", f"{len(notebooks) - MAX_NOTEBOOKS} more changed notebooks left out"


def _source_diff(root: Path) -> tuple[str, str | None]:
    answer = _git(
        root, *_DIFF, _SUBMODULES, "HEAD", "--", ".", ":(exclude)*.ipynb", limit=MAX_DIFF_BYTES
    )
    if answer is None:
        return "", f"git gave no diff within {TIMEOUT_SECONDS:g} s"
    return mask_diff(_text(answer)), None


def _notebook_diff(root: Path, path: str) -> tuple[str, str | None]:
    before = _git(root, "cat-file", "blob", f"HEAD:{path}", limit=MAX_NOTEBOOK_BYTES)
    try:
        with open(root / path, "rb") as file:
            after = file.read(MAX_NOTEBOOK_BYTES + 1)
    except OSError:  # deleted
        after = b""
    text, note = code_diff(path, before or b"", after=after)
    return mask_diff(text), note


def _capped(diff: str) -> tuple[str, list[str]]:
    """Whole lines of at most MAX_DIFF_BYTES, and a note if that cut anything."""
    data = diff.encode("utf-8", "replace")
    if len(data) <= MAX_DIFF_BYTES:
        return diff, []
    kept = data[: data.rfind(b"\n", 0, MAX_DIFF_BYTES) + 1]
    return kept.decode("utf-8", "replace"), [f"cut after {MAX_DIFF_BYTES >> 20} MiB"]


def _remote(root: Path) -> str | None:
    """The address of origin, else of the first remote."""
    answer = _git(root, "config", "--get-regexp", r"^remote\..*\.url$")
    if not answer:
        return None
    remotes = dict(line.split(" ", 1) for line in _text(answer).splitlines() if " " in line)
    url = remotes.get("remote.origin.url", next(iter(remotes.values()), None))
    return None if url is None else without_credentials(url)


def _reference(head: Path) -> str | None:
    try:
        text = head.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text[5:].strip() if text.startswith("ref: ") else None


def _tracked(root: Path) -> tuple[str, ...] | None:
    answer = _git(root, "ls-files", "-z", limit=MAX_DIFF_BYTES)
    if answer is None or len(answer) > MAX_DIFF_BYTES:
        return None
    names = os.fsdecode(answer).split("\0")[:-1]
    return None if len(names) > MAX_WATCHED_FILES else tuple(f"{root}/{name}" for name in names)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _git(folder: Path, *arguments: str, limit: int = 1 << 24) -> bytes | None:
    """What git prints; None if it cannot run, fails or takes too long.

    A longer answer is cut at *limit* + 1 bytes, which tells the caller that there was more.
    """
    import subprocess
    from threading import Timer

    try:
        process = subprocess.Popen(
            [*_QUIET, "-C", str(folder), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:  # no git on this machine
        return None
    alarm = Timer(TIMEOUT_SECONDS, process.kill)
    alarm.daemon = True
    with process:
        alarm.start()
        try:
            assert process.stdout is not None
            answer = process.stdout.read(limit + 1)
            if len(answer) > limit:
                process.kill()
                return answer
        finally:
            alarm.cancel()
    return answer if process.returncode == 0 else None
