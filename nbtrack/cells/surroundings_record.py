"""Environment and state of git of a run: the content once, and a reference from each run.

Both are `environment` lines, found by their digest: packages and machine by the run's
`environment_digest`, the state of git (with the diff) by its tag `nbtrack.git.state`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbtrack.base.guard import guarded
from nbtrack.capture.git import GitState
from nbtrack.capture.watch import EnvironmentWatch, Snapshot
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.recording.active_run import ActiveRun

FIRST_WAIT_SECONDS, WAIT_SECONDS, LAST_WAIT_SECONDS = 0.3, 0.05, 1.0


class SurroundingsRecorder:
    """Watches the working folder; another one is watched after `%cd`."""

    def __init__(self) -> None:
        self._watch: EnvironmentWatch | None = None
        self._folder: Path | None = None
        self._has_snapshot = False
        self._waiting: list[ActiveRun] = []
        self._written: set[tuple[str, str]] = set()  # (writer, digest)
        self._git_seen: tuple[GitState, str] | None = None  # and its digest

    def start(self) -> None:
        """Begin to collect in the background; cheap, and before every tracked cell."""
        with guarded("watch the environment"):
            folder = Path.cwd()
            if self._watch is None or folder != self._folder:
                self.close()
                self._watch, self._folder = EnvironmentWatch(folder), folder
                self._has_snapshot = False
                self._watch.start()
            else:
                self._watch.refresh_if_changed()

    def record(self, run: ActiveRun) -> None:
        """What the cell that ends now ran in, as far as it is known after a short wait."""
        if self._watch is None:
            return
        self._waiting.append(run)
        self._write(WAIT_SECONDS if self._has_snapshot else FIRST_WAIT_SECONDS)

    def close(self) -> None:
        """The last chance of runs that ended before anything was known."""
        if self._watch is not None:
            if self._waiting:
                self._write(LAST_WAIT_SECONDS)
            self._watch.close()

    def _write(self, timeout: float) -> None:
        snapshot = None if self._watch is None else self._watch.wait(timeout)
        if snapshot is None:
            return
        self._has_snapshot = True
        waiting, self._waiting = self._waiting, []
        for run in waiting:
            tags = self._environment(run, snapshot)
            if snapshot.git is not None:
                tags |= self._git(run, snapshot.git)
            if tags and not run.is_deleted:
                run.set_tags(tags)

    def _environment(self, run: ActiveRun, snapshot: Snapshot) -> dict[str, str]:
        environment = snapshot.environment
        self._write_once(run, environment.digest, environment.as_dict())
        run.store.append(lines.run_line(run.run_id, t=now_us(), environment=environment.digest))
        return {"nbtrack.environment_as_of": snapshot.as_of} if snapshot.as_of else {}

    def _git(self, run: ActiveRun, git: GitState) -> dict[str, str]:
        if self._git_seen is None or self._git_seen[0] is not git:
            self._git_seen = git, _digest(git)
        digest = self._git_seen[1]
        self._write_once(run, digest, {"git": git.as_dict()})
        tags = {
            "mlflow.source.git.commit": git.commit,
            "mlflow.source.git.branch": git.branch,
            "mlflow.source.git.repoURL": git.remote,
            "nbtrack.git.dirty": "true" if git.dirty else "false",
            "nbtrack.git.state": digest,
        }
        return {key: value for key, value in tags.items() if value is not None}

    def _write_once(self, run: ActiveRun, digest: str, content: Mapping[str, Any]) -> None:
        key = (run.store.writer, digest)
        if key not in self._written:
            run.store.append(lines.environment_line(digest, content, t=now_us()))
            self._written.add(key)


def _digest(git: GitState) -> str:
    text = json.dumps({"git": git.as_dict()}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
