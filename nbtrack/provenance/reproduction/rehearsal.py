"""What a kernel has to know in which a slice runs once more, and what it must not do there.

Cells that run again may remove, move and overwrite what has been made since, start programs and
speak to other machines. A guard refuses that: by audit events, so it sees what Python does in this
process, and not what libraries in C++ and other processes do.
"""

from __future__ import annotations

import json
import os
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from nbtrack.provenance.executions.generator_states import restore
from nbtrack.recording.session import current_session

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CACHES = (".cache", ".config/matplotlib", ".ipython", ".local/share/jupyter")  # in the home
_DEVICES = ("/dev", "/proc/self")
_LOCAL_HOSTS = frozenset(("localhost", "127.0.0.1", "::1", ""))
# They only say what the machine is; libraries ask them on their own.
_HARMLESS = frozenset(["lscpu", "uname", "ldconfig", "nvidia-smi", "sysctl", "cat", "pgrep"])
_PROGRAMS = ("os.system", "os.exec", "os.posix_spawn", "os.forkpty", "pty.spawn")
_SWITCH = "(allow_effects=True, in a terminal --allow-effects, permits programs and the network)"
_LIBRARY = sysconfig.get_path("stdlib") + os.sep
_PACKAGES = ("site-packages", "dist-packages")
_OWN_CODE = str(Path(__file__).parents[2]) + os.sep

_refused: list[str] = []


def begin_rehearsal(given: str = "{}") -> None:
    """What this process does is a repetition: the model registry is not changed by it.

    *given* is JSON: *folders* in which all is allowed, *files* that are put back afterwards, and
    whether there may be *effects*: programs that are started, and the network.
    """
    current_session().is_rehearsing = True
    told = json.loads(given)
    if told:
        guard = _Guard(told["folders"], told["files"], may_have_effects=told["effects"])
        sys.addaudithook(guard)


def refusals() -> str:
    """JSON; also of what the cells themselves then passed over."""
    return json.dumps(_refused)


def restore_generators(texts: str) -> None:
    """A JSON list of what `generator_states.text_of` wrote."""
    for text in json.loads(texts):
        restore(text)


class _Guard:
    """An audit hook that raises PermissionError."""

    def __init__(
        self, folders: Sequence[str], files: Sequence[str], *, may_have_effects: bool
    ) -> None:
        caches = [os.path.expanduser(f"~/{name}") for name in _CACHES]
        allowed = (*folders, tempfile.gettempdir(), *caches, *_DEVICES)
        self._folders = tuple(os.path.realpath(each) + os.sep for each in allowed)
        self._files = {os.path.realpath(each) for each in files}
        self._checks: dict[str, Callable[[tuple[Any, ...]], Iterator[str]]] = {
            "open": self._opening,
            "os.truncate": lambda args: self._changing("overwrite", args[:1], _target),
            "os.remove": lambda args: self._removing(args[0], args[1]),
            "os.rmdir": lambda args: self._removing(args[0], args[1]),
            "os.rename": self._renaming,
            "shutil.rmtree": lambda args: self._changing("remove", args[:1], _entry),
            "shutil.move": lambda args: self._changing("move", args[:2], _entry),
            **({} if may_have_effects else _EFFECTS),
        }

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        check = self._checks.get(event)
        if check is None:
            return
        for problem in check(args):
            if not _is_asked_by_nbtrack():
                _refused.append(problem)
                raise PermissionError(f"nbtrack reproduce: this would {problem}")

    def _opening(self, args: tuple[Any, ...]) -> Iterator[str]:
        path, mode, flags = args
        is_writing = bool((flags or 0) & _WRITING) or not set(mode or "").isdisjoint("wax+")
        if is_writing:
            yield from self._changing("write", [path], _target)

    def _removing(self, path: Any, folder: int) -> Iterator[str]:
        if folder == -1:  # else it is an entry of a tree, and for the tree it was asked already
            yield from self._changing("remove", [path], _entry)

    def _renaming(self, args: tuple[Any, ...]) -> Iterator[str]:
        source, target, *folders = args
        paths = [path for path, folder in zip((source, target), folders) if folder == -1]
        yield from self._changing("move", paths, _entry)

    def _changing(
        self, verb: str, paths: Sequence[Any], place_of: Callable[[str], str]
    ) -> Iterator[str]:
        for path in paths:
            if not isinstance(path, str | bytes | os.PathLike):
                continue  # an open file, of which it was asked when it was opened
            place = place_of(os.fsdecode(path))
            if not self._is_allowed(place):
                yield f"{verb} {place}, which lies outside of the copy in which the cells run again"

    def _is_allowed(self, place: str) -> bool:
        is_own = (place + os.sep).startswith(self._folders)
        return is_own or place in self._files or "__pycache__" in place.split(os.sep)


def _target(path: str) -> str:
    """Where it leads: what is written through a link changes what it points to."""
    return os.path.realpath(path)


def _entry(path: str) -> str:
    """Where it stands: a link is removed and moved itself."""
    folder, name = os.path.split(os.path.abspath(path))
    return os.path.join(os.path.realpath(folder), name)


def _starting(args: tuple[Any, ...]) -> Iterator[str]:
    program, given = os.fsdecode(args[0]), args[1]
    if os.path.basename(program) not in _HARMLESS:
        words = [given] if isinstance(given, str | bytes | os.PathLike) else given
        yield f"start the program {' '.join(map(os.fsdecode, words))} {_SWITCH}"


def _starting_any(args: tuple[Any, ...]) -> Iterator[str]:
    program = args[0] if args else "of a shell"
    words = os.fsdecode(program) if isinstance(program, bytes) else program
    yield f"start the program {words} {_SWITCH}"


def _connecting(args: tuple[Any, ...]) -> Iterator[str]:
    address = args[1]
    if isinstance(address, tuple) and str(address[0]) not in _LOCAL_HOSTS:
        yield f"speak to another machine, {address[0]} {_SWITCH}"


_EFFECTS: dict[str, Callable[[tuple[Any, ...]], Iterator[str]]] = {
    "subprocess.Popen": _starting,
    "socket.connect": _connecting,
    **dict.fromkeys(_PROGRAMS, _starting_any),
}


def _is_asked_by_nbtrack() -> bool:
    """Whether it is nbtrack that calls the standard library: it says what the code was in Git."""
    frame = sys._getframe(2)  # the walk itself is nbtrack's too
    while frame.f_back is not None and _is_of_the_library(frame.f_code.co_filename):
        frame = frame.f_back
    return frame.f_code.co_filename.startswith(_OWN_CODE)


def _is_of_the_library(filename: str) -> bool:
    is_within = filename.startswith(_LIBRARY) and not any(each in filename for each in _PACKAGES)
    return is_within or filename.startswith("<frozen")
