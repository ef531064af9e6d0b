"""Whose records the lines of a journal are: each is read here, before it is taken in.

A line that another parser could read otherwise is refused.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, Protocol

from nbtrack.errors import MlflowException, NotAllowed, NotFound
from nbtrack.remote.protocol import MOST_BYTES
from nbtrack.server.grants import EXPERIMENT, Need
from nbtrack.server.roles import Role
from nbtrack.server.scoped_contents import check_content

_OF_RUN = ("run", "metric", "points", "param", "tag", "artifact", "cell", "input", "modelpoint",
           "modellink")  # fmt: skip
_CONTENTS = ("environment", "text")
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


class About(Protocol):
    """A request with lines, and what is needed for what they name; see `scopes.About`."""

    role: Role
    body: bytes

    def experiment(self, experiment_id: str, role: Role | None = None) -> Need: ...

    def run(self, run_id: str, role: Role | None = None) -> Need: ...

    def kernel(self, kernel: str) -> Iterable[Need]: ...

    def logged_model(self, model_id: str, role: Role | None = None) -> Need: ...


def owners_in(about: About) -> Iterator[Need]:
    """Raises NotAllowed for lines that are nobody's, or not whole."""
    text = _decompressed(about.body)
    if text and not text.endswith(b"\n"):
        most = f"{2 * MOST_BYTES >> 20} MiB"
        raise NotAllowed(
            f"Lines are cut off, or one is longer than {most}: whoever may not log to all sends"
            " whole ones. A newer nbtrack cuts between them."
        )
    owners = _Owners(about)
    for line in text.split(b"\n"):
        if line.strip(b" "):  # else it says nothing, wherever it is read
            told = json.loads(line.decode(), object_pairs_hook=_once)
            owners.note(told)
            if told["k"] in (*_CONTENTS, "artifact", "modelvalue"):
                check_content(line, told)
    yield from owners.needs()


def _decompressed(body: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(body, 2 * MOST_BYTES)
    except zlib.error:  # as it is told to whoever may log to all
        message = "The lines are not compressed as they should be."
        raise MlflowException(message, error_code="INVALID_PARAMETER_VALUE") from None


class _Owners:
    """Experiments by id, with all names that they are given; runs and models by id, with the
    experiments that their lines put them in."""

    def __init__(self, about: About) -> None:
        self._about = about
        self._experiments: dict[str, set[str]] = {}
        self._runs: dict[str, set[str]] = {}
        self._models: dict[str, set[str]] = {}
        self._kernels: set[str] = set()

    def note(self, line: dict[str, Any]) -> None:
        kind, facts = line["k"], line.get("x") or {}
        if kind in _OF_RUN:
            self._note(self._runs, _id(line["r"]), facts if kind == "run" else {})
        if kind in ("model", "modelvalue"):
            self._note(self._models, _id(line["n"]), facts if kind == "model" else {})
        elif kind == "modellink":
            self._models.setdefault(_id(line["n"]), set())
        elif kind == "modelpoint" and facts.get("model_id") is not None:
            self._models.setdefault(_id(facts["model_id"]), set())
        elif kind in ("experiment", "exptag"):
            self._note_experiment(_id(line["n"]), facts if kind == "experiment" else {})
        elif kind == "execution":
            self._note_execution(_id(line["n"]), facts)
        elif kind not in (*_OF_RUN, *_CONTENTS, "close"):
            raise NotAllowed(f"Nobody knows whose a line {kind!r:.40} is.")

    def _note(self, known: dict[str, set[str]], id_: str, facts: dict[str, Any]) -> None:
        told = known.setdefault(id_, set())
        if facts.get("experiment_id") is not None:
            told.add(_id(facts["experiment_id"]))
        if facts.get("source_run_id"):
            self._runs.setdefault(_id(facts["source_run_id"]), set())

    def _note_experiment(self, id_: str, facts: dict[str, Any]) -> None:
        names = self._experiments.setdefault(id_, set())
        names |= {str(facts[key]) for key in ("name", "renamed") if facts.get(key) is not None}

    def _note_execution(self, kernel: str, facts: dict[str, Any]) -> None:
        """Whoever reads a run reads all that its kernel executed before."""
        self._kernels.add(kernel)
        if facts.get("run_id") is not None:
            self._runs.setdefault(_id(facts["run_id"]), set())

    def needs(self) -> Iterator[Need]:
        for kernel in self._kernels:
            yield from self._about.kernel(kernel)
        for kind, known in (("run", self._runs), ("model", self._models)):
            for id_, told in known.items():
                yield from self._of(kind, id_, told)
        for id_, names in self._experiments.items():
            yield from self._experiment(id_)
            yield from (Need(self._about.role, EXPERIMENT, name) for name in names)

    def _of(self, kind: str, id_: str, told: set[str]) -> Iterator[Need]:
        """Of what is there, its own; and where its lines put it."""
        with suppress(NotFound):
            yield self._about.run(id_) if kind == "run" else self._about.logged_model(id_)
            told = {*told, ""}
        if not told:
            raise NotAllowed(f"Nobody knows whose the {kind} {id_!r} is.")
        for each in filter(None, told):
            yield from self._experiment(each)

    def _experiment(self, id_: str) -> Iterator[Need]:
        """One that is not there has a line of its own, with its name."""
        try:
            yield self._about.experiment(id_)
        except NotFound:
            if not self._experiments.get(id_):
                raise NotAllowed(f"There is no experiment {id_!r}.") from None


def _id(told: object) -> str:
    if not isinstance(told, str) or not _ID.fullmatch(told):
        raise NotAllowed(f"{told!r:.80} is no id.")
    return told


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two fields of one name, one parser takes the first and another the last."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotAllowed("A line says the same twice.")
    return found
