"""A run of W&B, or of a tracker with its verbs, put together from what was logged or exported."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nbtrack.records.tags import NOTE_TAG, RUN_NAME_TAG
from nbtrack.transfer.sources.key_names import KeyNames
from nbtrack.transfer.sources.runs_only import KeptPoints, path_of
from nbtrack.transfer.sources.source_records import SourceRun

_STATES = {
    "running": "RUNNING", "pending": "SCHEDULED", "finished": "FINISHED", "failed": "FAILED",
    "crashed": "KILLED", "killed": "KILLED", "preempted": "KILLED",
    "preempting": "RUNNING",
}  # fmt: skip
_FACT_TAGS = {
    "notes": NOTE_TAG, "commit": "mlflow.source.git.commit",
    "program": "mlflow.source.name",
}  # fmt: skip
_OWN_FACTS = ("id", "entity", "group", "job_type", "sweep_id", "host", "url")
_TYPE = "_type"  # of an object that is no number: a histogram, an image
_SPELLED = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
Key = tuple[str, ...]


@dataclass(slots=True)
class LoggedRun:
    """*left* counts what there is no place for; *renamed* is as `KeyNames` fills it. *paths* are
    of files that values name, *tables* those that were logged as values, as JSON by their paths."""

    left: Counter[str]
    renamed: dict[str, str]
    kind: str = "wandb"
    facts: dict[str, Any] = field(default_factory=dict)
    config: dict[Key, Any] = field(default_factory=dict)
    summary: dict[Key, Any] = field(default_factory=dict)
    state: str = "crashed"
    start: int | None = None
    end: int | None = None
    paths: list[str] = field(default_factory=list)
    tables: dict[str, bytes] = field(default_factory=dict)
    points: KeptPoints = field(init=False)
    _texts: dict[Key, str] = field(default_factory=dict)
    _step: int = 0
    _measured: set[Key] = field(default_factory=set)
    _looks: int = 0

    def __post_init__(self) -> None:
        self.points = KeptPoints(self.renamed)

    def log(self, values: Mapping[Key, Any], step: int | None = None) -> None:
        """One line of its history, with W&B's own `_step` and `_timestamp` in it."""
        self._step = _whole(values.get(("_step",)), self._step if step is None else step)
        seconds = values.get(("_timestamp",))
        time = self.end or self.start or 0
        if isinstance(seconds, int | float):
            time = int(seconds * 1000)
        self._seen_at(time)
        flat = dict(flat_values(values))
        objects = self._objects(flat)
        for key, value in _outside(flat, objects):
            value = _spelled(value)
            if isinstance(value, list):
                self.left["lists of values"] += 1
            elif isinstance(value, str):
                self._texts[key] = value
            elif value is not None:
                self.points.add(".".join(key), float(value), self._step, time)
                self._measured.add(key)

    def log_system(self, values: Mapping[Key, Any], time: int) -> None:
        """W&B has no steps for these; each look is one."""
        self._seen_at(time)
        for key, value in values.items():
            if _is_number(value := _spelled(value)):
                self.points.add(f"system/{'.'.join(key)}", float(value), self._looks, time)
        self._looks += 1

    def ended(self, code: int, seconds: int) -> None:
        self.state = "failed" if code else "finished"
        if self.start is not None:
            self._seen_at(self.start + seconds * 1000)

    def complete(self) -> None:
        """What only the summary says is a point at the last step; a text is a tag."""
        for key, value in _outside(flat := dict(flat_values(self.summary)), _kinds(flat)):
            value = _spelled(value)
            if isinstance(value, str):
                self._texts[key] = value
            elif isinstance(value, int | float) and key not in self._measured:
                time = self.end or self.start or 0
                self.points.add_single(".".join(key), float(value), self._step, time)

    def source_run(self, run_id: str, experiment_id: str) -> SourceRun:
        status = _STATES.get(self.state.lower(), "FINISHED")
        params, tags = KeyNames(self.renamed), KeyNames(self.renamed)
        name = str(self.facts.get("name") or self.facts.get("id") or "")
        return SourceRun(
            run_id=run_id,
            experiment_id=experiment_id,
            name=name,
            status=status,
            user=str(self.facts.get("user") or ""),
            start=self.start,
            end=None if status in ("RUNNING", "SCHEDULED") else self.end,
            is_deleted=False,
            artifact_uri="",
            params=params.all(self._params()),
            tags={**tags.all(dict(self._tags())), **({RUN_NAME_TAG: name} if name else {})},
        )

    def _params(self) -> dict[str, str]:
        found = ((key, value) for key, value in flat_values(self.config) if key[:1] != ("_wandb",))
        return {".".join(key): _shown(value) for key, value in found if value is not None}

    def _tags(self) -> Iterator[tuple[str, str]]:
        own = {fact: f"{self.kind}.{fact}" for fact in _OWN_FACTS}
        for fact, tag in {**_FACT_TAGS, **own}.items():
            if self.facts.get(fact):
                yield tag, str(self.facts[fact])
        if labels := self.facts.get("tags"):
            yield f"{self.kind}.tags", ", ".join(map(str, labels))
        for key, value in self._texts.items():
            yield f"summary.{'.'.join(key)}", value

    def _objects(self, flat: Mapping[Key, Any]) -> Mapping[Key, str]:
        """Those of *flat* that are no numbers: some are files, or tables."""
        kinds = _kinds(flat)
        for key, kind in kinds.items():
            if isinstance(path := flat.get((*key, "file_path")), str):
                self.paths.append(path)
            elif isinstance(rows := flat.get((*key, "_value")), list):
                place = f"tables/{path_of('.'.join(key))}/{self._step}.json"
                self.tables[place] = json.dumps(rows).encode()
            elif not kind.endswith("-file"):  # W&B's, which are in the folder of its files
                self.left[f"{kind}s"] += 1
        return kinds

    def _seen_at(self, time: int) -> None:
        self.start = time if self.start is None else min(self.start, time)
        self.end = time if self.end is None else max(self.end, time)


def _kinds(flat: Mapping[Key, Any]) -> dict[Key, str]:
    return {key[:-1]: str(value) for key, value in flat.items() if key[-1:] == (_TYPE,)}


def _outside(flat: Mapping[Key, Any], objects: Mapping[Key, str]) -> Iterator[tuple[Key, Any]]:
    """Without W&B's own, and what is within an object."""
    for key, value in flat.items():
        is_within = any(key[:n] in objects for n in range(len(key) + 1)) if objects else False
        if not (is_within or key[0].startswith("_")):
            yield key, value


def flat_values(values: Mapping[Key, Any]) -> Iterator[tuple[Key, Any]]:
    """Objects within objects: each value, with all keys that lead to it."""
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from flat_values({(*key, str(part)): each for part, each in value.items()})
        elif key:
            yield key, value


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, default=str) if isinstance(value, list | dict) else str(value)


def _spelled(value: Any) -> Any:
    """JSON has no NaN: W&B and trackio write it as a text."""
    return _SPELLED.get(value, value) if isinstance(value, str) else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(value: Any, default: int) -> int:
    return int(value) if _is_number(value) and value == value else default


def labels_in(value: Any) -> Sequence[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]
