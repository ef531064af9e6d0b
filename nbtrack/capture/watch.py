"""Keep the environment and the state of git fresh without making a cell wait for them.

Collecting runs in a background thread. Before each tracked cell `refresh_if_changed` looks at the
times of a few files, and collects again only what they say has changed.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

from nbtrack.base.guard import guarded
from nbtrack.capture.environment import Environment, collect_environment
from nbtrack.capture.file_times import GitTimes, PackageTimes
from nbtrack.capture.git import GitState, collect_git, watched_files


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """*as_of* is None if it held when the cell began; else it says when it was last known to:
    "kernel start" or "an earlier cell"."""

    environment: Environment
    git: GitState | None
    collected_at: int  # milliseconds since 1970-01-01 UTC
    as_of: str | None = None


class EnvironmentWatch:
    """The environment as seen from *folder*.

    `start()` at the start of the kernel, `refresh_if_changed()` before a tracked cell, `wait()`
    after it, `close()` before the process ends. None of them raises.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._packages: PackageTimes | None = None
        self._files: GitTimes | None = None
        self._snapshot: Snapshot | None = None
        self._started = self._unsure = False
        self._taken = "kernel start"
        self._reset()

    def start(self) -> None:
        """Begin to collect in the background; does nothing after the first time."""
        self._enter()
        if not self._started:
            self._started = True
            self._request({"packages", "files", "git"})

    def refresh_if_changed(self) -> bool:
        """Look at the files' times, and collect again what changed; True if anything did.

        Takes 2.5 µs a tracked file, and 0.1 ms outside a repository.
        """
        self.start()
        if self._packages is None or self._files is None or self._snapshot is None:
            return True  # the first collection is still under way
        changed = {"packages"} if self._packages.changed() else set()
        look = self._files.look()
        if look.control_changed:
            changed |= {"files", "git"}
        elif look.changed is not None:
            # These times are from before the next collection: no need to look again there.
            self._files = look.changed
            changed |= {"git"}
        self._unsure = look.unsure
        self._request(changed)
        return bool(changed)

    def wait(self, timeout: float) -> Snapshot | None:
        """The newest snapshot, after at most *timeout* seconds; None if there never was one."""
        self._enter()
        is_fresh = self._idle.wait(timeout) and not self._unsure
        snapshot = self._snapshot
        return snapshot if is_fresh or snapshot is None else replace(snapshot, as_of=self._taken)

    def current(self) -> Snapshot | None:
        """What is known now, without waiting."""
        return self.wait(0)

    def close(self, timeout: float = 1.0) -> None:
        """Collect nothing more, and give the thread *timeout* seconds to end."""
        self._enter()
        self._closed = True
        if self._worker is not None:
            self._worker.join(timeout)

    def _enter(self) -> None:
        # A forked child has no such thread, and perhaps a lock that nobody will release.
        if self._pid != os.getpid():
            self._reset()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._idle = threading.Event()
        self._idle.set()
        self._wanted: set[str] = set()
        self._worker: threading.Thread | None = None
        self._closed = False
        # Forked in the middle of the first collection: the child begins it anew.
        self._started = self._snapshot is not None

    def _request(self, parts: set[str]) -> None:
        with self._lock:
            self._wanted |= parts
            if self._closed or not parts or not self._idle.is_set():
                return
            self._idle.clear()
            self._worker = threading.Thread(
                target=self._work, name="nbtrack-environment", daemon=True
            )
        self._worker.start()

    def _work(self) -> None:
        while parts := self._take():
            with guarded("look at the environment"):
                self._collect(parts)

    def _take(self) -> set[str]:
        with self._lock:
            parts, self._wanted = self._wanted, set()
            if not parts or self._closed:
                self._idle.set()
                return set()
            return parts

    def _collect(self, parts: set[str]) -> None:
        # Times before content: what changes in between is seen by the next look.
        old = self._snapshot
        if "files" in parts:
            self._files = GitTimes(watched_files(self._folder))
        if "packages" in parts or old is None:
            self._packages = PackageTimes()
            environment = collect_environment()
        else:
            environment = old.environment
        git = old.git if old is not None and "git" not in parts else collect_git(self._folder)
        self._taken = "kernel start" if old is None else "an earlier cell"
        now = time.time_ns() // 1_000_000
        self._snapshot = Snapshot(environment=environment, git=git, collected_at=now)
