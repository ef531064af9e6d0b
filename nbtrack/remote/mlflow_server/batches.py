"""Lines of a journal, sorted by what they are about: what MLflow's API takes in one request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf, isfinite
from typing import Any

from nbtrack.journal.lines import NO_SENSE, told_points
from nbtrack.remote.mlflow_server.rest import Json

MOST_METRICS, MOST_OTHERS = 1000, 100  # of one request
CONTEXT_TAG = "mlflow.data.context"
_NOT_FINITE = {inf: "Infinity", -inf: "-Infinity"}
_DATASET = ("name", "digest", "source_type", "source", "schema", "profile")


@dataclass(slots=True)
class OfRun:
    """In these lines; of a fact that was said twice, the later one."""

    facts: Json = field(default_factory=dict)
    metrics: list[Json] = field(default_factory=list)
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str | None] = field(default_factory=dict)  # None: it was removed
    inputs: list[Json] = field(default_factory=list)


@dataclass(slots=True)
class OfExperiment:
    facts: Json = field(default_factory=dict)
    tags: dict[str, str | None] = field(default_factory=dict)


@dataclass(slots=True)
class Sorted:
    runs: dict[str, OfRun] = field(default_factory=dict)
    experiments: dict[str, OfExperiment] = field(default_factory=dict)
    models: dict[str, Json] = field(default_factory=dict)

    def run(self, run_id: str) -> OfRun:
        return self.runs.setdefault(run_id, OfRun())

    def experiment(self, experiment_id: str) -> OfExperiment:
        return self.experiments.setdefault(experiment_id, OfExperiment())


def sort_lines(text: bytes) -> Sorted:
    """What MLflow has no place for (cells, environments, executions) is left out, and so are
    damaged lines, as when they are folded."""
    found = Sorted()
    for line in text.splitlines():
        with suppress(*NO_SENSE):
            _take(found, json.loads(line))
    return found


def _take(found: Sorted, told: Json) -> None:
    kind = told["k"]
    if kind == "metric":
        point = _point(told["n"], float(told["v"]), told["s"], told["t"])
        found.run(told["r"]).metrics.append(point)
    elif kind == "points":
        points = zip(*told_points(told), strict=True)
        found.run(told["r"]).metrics += [_point(told["n"], *each) for each in points]
    elif kind == "param":
        found.run(told["r"]).params[told["n"]] = told["v"]
    elif kind == "tag":
        found.run(told["r"]).tags[told["n"]] = told.get("v")
    elif kind == "run":
        found.run(told["r"]).facts.update(told["x"])
    elif kind == "input":
        found.run(told["r"]).inputs.append(_input(told["x"]))
    elif kind == "experiment":
        found.experiment(told["n"]).facts.update(told["x"])
    elif kind == "exptag":
        found.experiment(told["n"]).tags[told["x"]["key"]] = told.get("v")
    elif kind == "model":
        found.models.setdefault(told["n"], {}).update(told["x"])


def _point(key: str, value: float, step: int, t: int) -> Json:
    """JSON has no NaN: what is not finite has a name there."""
    said = value if isfinite(value) else _NOT_FINITE.get(value, "NaN")
    return {"key": key, "value": said, "timestamp": t // 1000, "step": step}


def _input(facts: Json) -> Json:
    tags = json.loads(facts.get("tags") or "{}")
    if facts.get("context"):
        tags[CONTEXT_TAG] = facts["context"]
    dataset = {name: facts[name] for name in _DATASET if facts.get(name) is not None}
    return {"dataset": dataset, "tags": pairs(tags)}


def pairs(values: dict[str, Any]) -> list[Json]:
    return [{"key": key, "value": value} for key, value in values.items()]


def requests_of(run: OfRun) -> Iterator[Json]:
    """Bodies of log-batch, without the run's id: none is larger than MLflow takes."""
    tags = pairs({key: value for key, value in run.tags.items() if value is not None})
    params = pairs(run.params)
    for start in range(0, max(len(params), len(tags)), MOST_OTHERS):
        part = slice(start, start + MOST_OTHERS)
        yield {"params": params[part], "tags": tags[part]}
    for start in range(0, len(run.metrics), MOST_METRICS):
        yield {"metrics": run.metrics[start : start + MOST_METRICS]}


def halves(body: Json) -> list[Json]:
    """Two requests in place of one; [] if it is about one thing only."""
    things = [(kind, each) for kind, found in body.items() for each in found]
    if len(things) < 2:
        return []
    middle, made = len(things) // 2, []
    for part in (things[:middle], things[middle:]):
        request: Json = {}
        for kind, each in part:
            request.setdefault(kind, []).append(each)
        made.append(request)
    return made
