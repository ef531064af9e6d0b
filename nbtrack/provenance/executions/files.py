"""Files that a cell reads and writes, seen by Python's audit events.

An audit hook cannot be taken back: it is installed once and listens only while a cell runs. Code
of extensions that opens files without Python (Arrow, HDF5) tells nothing.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from nbtrack.base.guard import guarded, tried
from nbtrack.records.executions import SeenFile

MOST_FILES = 1_000  # of one cell
OTHERS_THREADS = ("nbtrack", "IPython", "Dummy", "IOPub", "Heartbeat", "Control", "Shell")
_CLOCK_STEP = 0.01  # seconds that a file's time may lie behind ours
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_PROCESSES = frozenset({"subprocess.Popen", "os.system", "os.posix_spawn", "os.exec", "pty.spawn",
                        "os.fork", "os.forkpty"})  # fmt: skip
# Of events: which arguments are paths, each with that of the open folder that it is relative to.
_READ = {
    "os.rename": ((0, 2),),
    "os.link": ((0, 2),),
    "os.symlink": ((0, None),),
    "shutil.move": ((0, None),),
}
_WRITTEN = {
    "os.mkdir": ((0, 2),),
    "os.remove": ((0, 1),),
    "os.rmdir": ((0, 1),),
    "os.truncate": ((0, None),),
    "os.rename": ((0, 2), (1, 3)),  # the old name is gone
    "os.link": ((1, 3),),
    "os.symlink": ((1, 2),),
    "shutil.move": ((0, None), (1, None)),
    "shutil.rmtree": ((0, 1),),
}
_OF_FOLDERS = frozenset({"os.listdir", "os.scandir", "os.chdir"})
_HEARD = _PROCESSES | _WRITTEN.keys() | _OF_FOLDERS | {"open", "sqlite3.connect"}
_OF_IMPORTS = _OF_FOLDERS | {"open"}


@dataclass(slots=True)
class Opened:
    """What a running cell did to files; paths as they were at that moment, absolute."""

    read: dict[str, None] = field(default_factory=dict)
    written: dict[str, None] = field(default_factory=dict)
    folders: dict[str, None] = field(default_factory=dict)  # the entries of which it asked for
    relative: bool = False
    started_processes: bool = False
    clock: float = field(default_factory=time.time)

    def note(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            self._open(*args[:3])
        elif event in _OF_FOLDERS:
            self._add(self.folders, args[0] if args and args[0] is not None else ".")
        elif event in _WRITTEN:
            for path in _paths(args, _READ.get(event, ())):
                self._add(self.read, path)
            for path in _paths(args, _WRITTEN[event]):
                self._add(self.written, path)
        elif event == "sqlite3.connect":
            self._add(self.read, args[0])
            self._add(self.written, args[0])
        elif event in _PROCESSES:
            self.started_processes = True

    def _open(self, path: object, mode: object, flags: object) -> None:
        writes = type(mode) is str and any(letter in mode for letter in "wax+")
        if type(mode) is not str and type(flags) is int:
            writes = bool(flags & _WRITES)
        self._add(self.written if writes else self.read, path)
        if writes and type(mode) is str and ("a" in mode or "+" in mode):
            self._add(self.read, path)

    def _add(self, where: dict[str, None], path: object) -> None:
        if type(path) is bytes:
            path = os.fsdecode(path)
        if type(path) is not str:
            path = _text_of(path)
        if path is None or len(where) >= MOST_FILES or not is_of_interest(path):
            return
        try:
            where.setdefault(os.path.abspath(path))
        except OSError:  # the working folder is gone, and with it what is meant
            return
        self.relative |= not os.path.isabs(path)

    def forget(self, folder: str) -> None:
        """What we ourselves did there."""
        inside = os.path.join(folder, "")
        for seen in (self.read, self.written, self.folders):
            for path in [p for p in seen if p == folder or p.startswith(inside)]:
                del seen[path]

    def look_for_written(self, folder: str) -> None:
        """What a process that it started has written in *folder*, by its time."""
        try:
            entries = os.scandir(folder)
        except OSError:
            return
        with entries:
            for _, entry in zip(range(MOST_FILES), entries):
                try:
                    facts = entry.stat()
                except OSError:
                    continue
                if facts.st_mtime >= self.clock - _CLOCK_STEP and not entry.is_dir():
                    self._add(self.written, entry.path)


def _paths(args: tuple[Any, ...], places: Iterable[tuple[int, int | None]]) -> Iterator[object]:
    for path, folder in places:
        is_told = folder is not None and folder < len(args)  # by this version of Python
        yield _below(args[folder] if is_told else None, args[path])  # type: ignore[index] # told


def _below(folder: object, path: object) -> object:
    """*path*, relative to the open *folder*; None where nobody knows which that is."""
    if type(folder) is not int or folder == -1:  # none is given
        return path
    if type(path) is bytes:
        path = os.fsdecode(path)
    try:
        opened = os.readlink(f"/proc/self/fd/{folder}")
    except OSError:
        return None
    return os.path.join(opened, path) if type(path) is str else None


def _text_of(path: object) -> str | None:
    from pathlib import PurePath

    from nbtrack.provenance.executions.safe_access import is_a

    return str(PurePath.__str__(path)) if is_a(path, PurePath) else None


@lru_cache(maxsize=1)
def _of_python() -> tuple[str, ...]:
    """Where Python and its libraries live, and what is no file of data."""
    import sysconfig

    paths = sysconfig.get_paths()
    found = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    found.add(os.path.join(sys.base_prefix, "lib", "python"))  # python311.zip, too
    found.add(os.path.join(Path(__file__).parents[2], ""))  # an installation to be edited
    return (*found, "/proc/", "/sys/", "/dev/", "/usr/share/", "/usr/lib/", "/etc/")


def is_of_interest(path: str) -> bool:
    return not (
        path.startswith(_of_python())
        or path.endswith((".pyc", ".so"))
        or "/.nbtrack/" in path
        or "/.git/" in path  # the commit is recorded for itself
        or "/ipykernel_" in path  # a cell's own source, for a traceback
        or path.startswith("<")
    )


def seen_file(path: str) -> SeenFile:
    try:
        facts = os.stat(path)
    except OSError:
        return SeenFile(path)
    return SeenFile(path, facts.st_size, facts.st_mtime_ns)


def _is_library(module: str) -> bool:
    """Of a top-level name, that is not imported for it."""
    if module in sys.stdlib_module_names:
        return True
    spec = tried(lambda: importlib.util.find_spec(module), on_fault=lambda _: None)
    origin = None if spec is None else spec.origin
    return type(origin) is str and origin.startswith(_of_python())


class FileWatch:
    """One of the process; cells that run in several threads at once share what is seen."""

    def __init__(self) -> None:
        self._running: list[Opened] = []
        self._is_installed = False

    def start(self, *, imports: Collection[str] = ()) -> Opened:
        """Of a cell that only *imports* libraries, the files are none of the user's: it goes
        without the hook, whose price is mostly that of imports, 56,000 calls of `id` among them."""
        if not self._is_installed and not (imports and all(map(_is_library, imports))):
            self._is_installed = True
            _of_python()
            sys.addaudithook(_heard)
        opened = Opened()
        self._running.append(opened)
        return opened

    def stop(self, opened: Opened) -> None:
        if opened in self._running:
            self._running = [each for each in self._running if each is not opened]

    def hear(self, event: str, args: tuple[Any, ...]) -> None:
        if not self._running or (event in _OF_IMPORTS and _is_of_library(args)):
            return
        if _is_busy.here or is_ours():
            return
        _is_busy.here = True
        try:
            with guarded("note a file"):  # what is raised here would fail the user's `open`
                for opened in self._running:
                    opened.note(event, args)
        finally:
            _is_busy.here = False


def _is_of_library(args: tuple[Any, ...]) -> bool:
    """At the first look: an import of scikit-learn opens 1,700 files and folders of libraries."""
    return bool(args) and type(args[0]) is str and not is_of_interest(args[0])


def is_ours() -> bool:
    """Whether this is a thread of nbtrack's, or of the kernel's, and not of the user's."""
    return threading.current_thread().name.startswith(OTHERS_THREADS)


class _Busy(threading.local):
    here = False


_is_busy = _Busy()
watch = FileWatch()


def _heard(
    event: str,
    args: tuple[Any, ...],
    known: frozenset[str] = _HEARD,
    hear: Callable[[str, tuple[Any, ...]], None] = watch.hear,
) -> None:
    # Called for every event of the process, `id()` among them: a function whose first look is at
    # its own arguments costs a third of a method that looks at attributes.
    if event in known:
        hear(event, args)
