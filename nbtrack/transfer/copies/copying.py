"""Runs, copied from one side to another, as far as they are not there.

Both sides are asked for the lines of their journals that say what is stored, and what only the
first one has is added to the other. So a copy can be broken off anywhere and begun again, a run
that has grown or was changed since is brought up to date, and of one that is there nothing is sent.
Where both sides have changed the same thing, the later change stands, on both.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from nbtrack.display.number_format import format_size
from nbtrack.errors import InvalidValue, NameTaken, NotFound
from nbtrack.recording.experiments import DEFAULT_ID
from nbtrack.records.executions import CONTENT_KEY, Execution
from nbtrack.records.registry import RegistryQuery
from nbtrack.records.runs import Run, RunStatus
from nbtrack.records.transfers import LinesOf
from nbtrack.transfer.copies.files import FileCopy, OwnerFiles, copy_files
from nbtrack.transfer.copies.sides import Side

SEGMENT_BYTES = 8 << 20  # of lines that are added at once
POINTS_AT_ONCE = 50_000
_GIT_STATE = "nbtrack.git.state"  # the tag that names one by its digest
Progress = Callable[[int, int, str], None]


@dataclass(slots=True, repr=False)
class Copied:
    """What a copy did and found; *faults* are what is not the same on both sides after it."""

    runs: int = 0
    points: int = 0
    params: int = 0
    files: int = 0
    lines_sent: int = 0
    files_sent: int = 0
    bytes_sent: int = 0
    notes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        return "\n".join(self.told())

    def told(self) -> list[str]:
        """What a user is told, in lines; text from runs is in it."""
        counts = {"run": self.runs, "point": self.points, "param": self.params, "file": self.files}
        what = ", ".join(_count(number, thing) for thing, number in counts.items())
        verdict = "not all is the same on both sides:" if self.faults else "the same on both sides."
        sent = "Nothing was to be sent."
        if self.lines_sent or self.files_sent:
            files = f"{_count(self.files_sent, 'file')} ({format_size(self.bytes_sent)})"
            sent = f"Sent: {_count(self.lines_sent, 'line')}, {files}."
        return [f"{what}: {verdict}", *self.faults, sent, *self.notes]


class Copying:
    def __init__(self, source: Side, target: Side) -> None:
        self._source, self._target = source, target
        self._done = Copied()
        self._changed: set[str] = set()  # runs of which something is sent
        self._waiting: list[str] = []
        self._bytes = 0

    def copy(self, runs: Sequence[Run], progress: Progress) -> Copied:
        """Raises NameTaken, StoreBusy, and what a side raises."""
        copied = [run for run in runs if self._is_over(run)]
        progress(0, len(copied), "what they share")
        facts = {run.info.run_id: self._facts(run.info.run_id) for run in copied}
        for run_id, lines in facts.items():
            self._check_models(run_id, lines)
        self._copy_experiments({run.info.experiment_id for run in copied})
        self._copy_shared([line for each in facts.values() for line in each])
        for number, run in enumerate(copied):
            progress(number, 2 * len(copied), f"lines of {run.info.run_name}"[:40])
            self._take_run(run.info.run_id, facts[run.info.run_id])
        self._add()
        for number, run in enumerate(copied, start=len(copied)):
            progress(number, 2 * len(copied), f"files of {run.info.run_name}"[:40])
            self._end_run(run, facts[run.info.run_id])
        self._tell_versions(set(facts))
        return self._done

    def _is_over(self, run: Run) -> bool:
        is_over = run.info.status not in (RunStatus.RUNNING, RunStatus.SCHEDULED)
        if not is_over:
            self._done.notes.append(
                f"Run {run.info.run_name!r} ({run.info.run_id[:8]}) is {run.info.status}: it is "
                "copied once it has ended."
            )
        return is_over

    # --- what several runs share

    def _copy_experiments(self, experiment_ids: Iterable[str]) -> None:
        """As far as they are not there: what they are called there, they go on to be called."""
        for experiment_id in sorted(experiment_ids):
            found = self._source.ask("get_experiment", experiment_id=experiment_id)
            other = self._target.ask("find_experiment", name=found.name)
            if other is not None and other.experiment_id != experiment_id:
                raise NameTaken(
                    f"{self._target.name} has another experiment {found.name!r}, with the id "
                    f"{other.experiment_id} (here: {experiment_id}). Rename one of them first."
                )
            of = LinesOf(experiments=(experiment_id,))
            ours, theirs = (side.ask("read_lines", of=of) for side in (self._source, self._target))
            if not theirs:
                self._take(ours)
            elif experiment_id != DEFAULT_ID:
                self._check_same(experiment_id, _names_in(ours), _names_in(theirs))

    def _check_same(self, experiment_id: str, ours: set[str], theirs: set[str]) -> None:
        """Two that came from MLflow may have one id, and nothing else in common."""
        if ours and theirs and ours.isdisjoint(theirs):
            raise NameTaken(
                f"The experiment {experiment_id} of {self._target.name} is another one: it is "
                f"called {_listed(theirs)}, and {_listed(ours)} in {self._source.name}. Copy these "
                "runs into another project; or, if it is the same all the same, rename one of them "
                "as the other first."
            )

    def _copy_shared(self, lines: Sequence[str]) -> None:
        """What runs name by a digest, and the executions of their kernels; of these they have some
        themselves, so that all of them go before."""
        told = [json.loads(line) for line in lines]
        kernels = _kernels_of(told)
        executions: list[str] = []
        for kernel in kernels.items():
            of = LinesOf(kernels=(kernel,))
            found = self._source.ask("read_lines", of=of)
            self._take(_without(found, self._target.ask("read_lines", of=of)))
            executions += found
        named = {*_contents_of(told), *_texts_of(json.loads(line) for line in executions)}
        missing = self._target.ask("missing_contents", digests=sorted(named))
        for digest in missing:
            self._take(self._source.ask("read_lines", of=LinesOf(contents=(digest,))))
        self._add()

    # --- one run

    def _check_models(self, run_id: str, facts: Sequence[str]) -> None:
        """Who says that a model is of another run than it is there would change it there."""
        told = map(json.loads, facts)
        for model_id in sorted({each["n"] for each in told if each["k"] == "model"}):
            with suppress(NotFound):
                known = self._target.ask("look_up_model", model_id=model_id).model
                if known.source_run_id != run_id:
                    raise InvalidValue(
                        f"Model {model_id} is of run {run_id} in {self._source.name}, and of "
                        f"{known.source_run_id} in {self._target.name}: neither run nor model is "
                        "copied. Copy the other runs without it."
                    )

    def _take_run(self, run_id: str, facts: list[str]) -> None:
        for lines in self._missing(run_id, facts):
            if lines:
                self._changed.add(run_id)
            self._take(lines)

    def _end_run(self, run: Run, facts: list[str]) -> None:
        run_id = run.info.run_id
        if run_id in self._changed:
            self._check(run, sum(len(lines) for lines in self._missing(run_id, facts)))
        files = [copy_files(self._source, self._target, owner) for owner in _owners(run_id, facts)]
        self._count(run_id, facts, files)

    def _facts(self, run_id: str, *, side: Side | None = None) -> list[str]:
        found: list[str] = (side or self._source).ask("read_lines", of=LinesOf(runs=(run_id,)))
        return found

    def _missing(self, run_id: str, facts: list[str]) -> Iterator[list[str]]:
        """The run itself comes last: until then, it is not there."""
        yield from self._missing_points(run_id)
        yield _without(facts, self._facts(run_id, side=self._target))

    def _missing_points(self, run_id: str) -> Iterator[list[str]]:
        ours = self._source.ask("read_point_digests", run_id=run_id)
        theirs = self._target.ask("read_point_digests", run_id=run_id)
        new = [key for key in ours if key not in theirs]
        yield from self._points(self._source, run_id, new)
        for key in ours:
            if key in theirs and ours[key] != theirs[key]:
                yield self._missing_points_of(run_id, key)

    def _missing_points_of(self, run_id: str, key: str) -> list[str]:
        known = [line for page in self._points(self._target, run_id, [key]) for line in page]
        found = [line for page in self._points(self._source, run_id, [key]) for line in page]
        return _without(found, known)

    def _points(self, side: Side, run_id: str, keys: Sequence[str]) -> Iterator[list[str]]:
        start = 0
        while keys and (found := side.ask(
            "read_point_lines", run_id=run_id, keys=list(keys), start=start, limit=POINTS_AT_ONCE
        )):  # fmt: skip
            yield found
            start += len(found)
            if len(found) < POINTS_AT_ONCE:
                return

    # --- what is to be added

    def _take(self, lines: Sequence[str]) -> None:
        self._waiting += lines
        self._bytes += sum(len(line) for line in lines)
        if self._bytes >= SEGMENT_BYTES:
            self._add()

    def _add(self) -> None:
        if self._waiting:
            self._target.add("".join(self._waiting))
            self._done.lines_sent += len(self._waiting)
        self._waiting, self._bytes = [], 0

    # --- whether it is so

    def _check(self, run: Run, missing: int) -> None:
        if missing:
            self._done.faults.append(
                f"Run {run.info.run_name!r} ({run.info.run_id[:8]}): {missing:,} records are not "
                f"in {self._target.name}. If the run is being changed, copy it again."
            )

    def _count(self, run_id: str, facts: Sequence[str], files: Sequence[FileCopy]) -> None:
        done, points = self._done, self._source.ask("read_point_digests", run_id=run_id)
        done.runs += 1
        done.points += sum(each.count for each in points.values())
        done.params += len({t["n"] for t in map(json.loads, facts) if t["k"] == "param"})
        for each in files:
            done.files += each.verified
            done.files_sent += each.sent
            done.bytes_sent += each.bytes_sent
            done.notes += each.notes
            done.faults += each.faults

    def _tell_versions(self, run_ids: set[str]) -> None:
        versions = self._source.ask("search_model_versions", query=RegistryQuery())
        there = {
            (version.name, version.digest)
            for version in self._target.ask("search_model_versions", query=RegistryQuery())
        }
        for version in versions:
            if version.run_id in run_ids and (version.name, version.digest) not in there:
                self._done.notes.append(
                    f"Version {version.version} of {version.name!r} (stage "
                    f"{version.current_stage}) stays where it was registered, with its stages, "
                    "aliases and their history: a registry is not copied. Its model is: register "
                    f"it in {self._target.name} anew."
                )


def _without(lines: Sequence[str], known: Sequence[str]) -> list[str]:
    """As often as they are in *lines* more than in *known*."""
    left = Counter(known)
    found = []
    for line in lines:
        if left[line]:
            left[line] -= 1
        else:
            found.append(line)
    return found


def _names_in(lines: Sequence[str]) -> set[str]:
    """What an experiment has ever been called."""
    facts = [told["x"] for told in map(json.loads, lines) if told["k"] == "experiment"]
    return {each[name] for each in facts for name in ("name", "renamed") if name in each}


def _listed(names: Iterable[str]) -> str:
    return " or ".join(map(repr, sorted(names)))


def _owners(run_id: str, facts: Sequence[str]) -> list[OwnerFiles]:
    """The run and its models, with the files that each has, as far as they are their own."""
    found: dict[str, dict[str, tuple[int, str | None]]] = {run_id: {}}
    for told in map(json.loads, facts):
        if told["k"] == "artifact":
            _note_file(found[run_id], told["n"], told)
        elif told["k"] == "modelvalue" and told["x"]["of"] == "file":
            _note_file(found.setdefault(told["n"], {}), told["x"]["key"], told)
    return [
        OwnerFiles(owner, {path: sha256 for path, (_, sha256) in files.items() if sha256})
        for owner, files in found.items()
    ]


def _note_file(
    files: dict[str, tuple[int, str | None]], path: str, told: Mapping[str, Any]
) -> None:
    """The latest stands."""
    if told["t"] >= files.get(path, (told["t"], None))[0]:
        files[path] = told["t"], told.get("v")


def _kernels_of(told: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """The last execution of each kernel that a run is of."""
    found: dict[str, int] = {}
    for each in told:
        if each["k"] == "execution":
            found[each["n"]] = max(each["s"], found.get(each["n"], 0))
    return found


def _contents_of(told: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for each in told:
        if each["k"] == "run" and (digest := each["x"].get("environment")):
            yield digest
        elif each["k"] == "tag" and each["n"] == _GIT_STATE and "v" in each:
            yield each["v"]
        elif each["k"] == "input" and (digest := each["x"].get("digest")):
            yield CONTENT_KEY + digest


def _texts_of(executions: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for each in executions:
        yield from Execution.of_facts(each["n"], each["s"], each["x"]).texts


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing if number == 1 else f'{thing}s'}"
