"""What an MLflow server calls the experiments and runs that were begun here.

It gives them ids of its own, and nobody waits for those who logs. So each has an id from here, and
a file beside the journal knows both; on the server, the tag RUN_ID_TAG says it of a run, to all who
come with nbtrack. To the file is only added, a JSON object a line:

    {"k": "experiment", "o": ours, "t": theirs, "n": name}
    {"k": "begun", "o": ours}        it is being made there, by this machine
    {"k": "run", "o": ours, "t": theirs, "at": where its files are, "w": writer; none: of others}
    {"k": "ended", "o": ours}
    {"k": "waits", "o": ours, "p": its parent, which is not known there yet; none: it is}
    {"k": "model", "o": its id, "r": ours, of the run it is in, "at": the folder there}
"""

from __future__ import annotations

import json
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from nbtrack.base.locks import make_shared_folder

RUN_ID_TAG = "nbtrack.run_id"
FILE = "mlflow.ids.jsonl"


class KnownRun(NamedTuple):
    theirs: str
    files: str  # its artifact_uri there
    writer: str | None  # of this machine, "" if it was made by id; None: somebody else made it


class Ids:
    """Safe for several threads; several processes add to one file."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._lock = threading.RLock()
        self._read_to = 0
        self._experiments: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._runs: dict[str, KnownRun] = {}
        self._ours: dict[tuple[str, str], str] = {}
        self._begun: set[str] = set()
        self._ended: set[str] = set()
        self._waiting: dict[str, str] = {}
        self._models: dict[str, tuple[str, str]] = {}

    def experiment(self, ours: str) -> str | None:
        with self._known():
            return self._experiments.get(ours)

    def name_of_experiment(self, ours: str) -> str | None:
        """As it was made there."""
        with self._known():
            return self._names.get(ours) or None

    def our_experiment(self, theirs: str) -> str:
        with self._known():
            return self._ours.get(("experiment", theirs), theirs)

    def run(self, ours: str) -> KnownRun | None:
        with self._known():
            return self._runs.get(ours)

    def our_run(self, theirs: str) -> str | None:
        with self._known():
            return self._ours.get(("run", theirs))

    def is_begun(self, ours: str) -> bool:
        with self._known():
            return ours in self._begun

    def running(self, writer: str) -> list[str]:
        """Runs that it has begun, and not ended."""
        with self._known():
            return [o for o, r in self._runs.items() if r.writer == writer and o not in self._ended]

    def found_parents(self) -> dict[str, str]:
        """Of runs that waited for them; both by our ids."""
        with self._known():
            return {run: parent for run, parent in self._waiting.items() if parent in self._runs}

    def model(self, model_id: str) -> tuple[str, str] | None:
        """The run that it is in, as it is called here, and the folder in that."""
        with self._known():
            return self._models.get(model_id)

    def note(self, kind: str, ours: str, **facts: str | None) -> None:
        told = {"k": kind, "o": ours, **{k: v for k, v in facts.items() if v is not None}}
        with self._lock:
            make_shared_folder(self._file.parent)
            descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
            try:
                os.write(descriptor, json.dumps(told).encode() + b"\n")
            finally:
                os.close(descriptor)

    def _known(self) -> threading.RLock:
        """To be held while what is known is looked at."""
        with self._lock, suppress(FileNotFoundError), open(self._file, "rb") as file:
            if file.seek(0, os.SEEK_END) > self._read_to:
                file.seek(self._read_to)
                text = file.read()
                text = text[: text.rfind(b"\n") + 1]
                self._read_to += len(text)
                for line in text.splitlines():
                    self._take(line)
        return self._lock

    def _take(self, line: bytes) -> None:
        with suppress(ValueError, KeyError, TypeError):  # torn by a full disk
            told: dict[str, Any] = json.loads(line)
            kind, ours = told["k"], told["o"]
            if kind == "experiment":
                self._experiments[ours] = told["t"]
                self._ours[kind, told["t"]] = ours
                self._names[ours] = told.get("n", "")
            elif kind == "run":
                self._runs[ours] = KnownRun(told["t"], told.get("at", ""), told.get("w"))
                self._ours[kind, told["t"]] = ours
            elif kind == "model":
                self._models[ours] = told["r"], told["at"]
            elif kind == "waits":
                self._waiting.pop(ours, None)
                if "p" in told:
                    self._waiting[ours] = told["p"]
            elif kind in ("begun", "ended"):
                (self._begun if kind == "begun" else self._ended).add(ours)
