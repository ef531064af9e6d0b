"""The lines of a journal: one self-contained JSON object each.

    {"k": kind, "r": run id, "n": name, "v": value, "s": step, "t": time, "x": {more facts}}

*t* is microseconds since 1970-01-01 UTC. No line depends on another one, so a torn or damaged
line costs itself only. JSON has no NaN: values that are not finite are written as strings.
The SQL that reads these lines is in `stores/local/schema.py`; the kinds are

| kind        | says                                   | r   | n      | v      | x                |
|-------------|----------------------------------------|-----|--------|--------|------------------|
| experiment  | it exists, or changed                  | -   | id     | -      | name, ...        |
| exptag      | a tag of an experiment; no v: removed  | -   | id     | value  | key              |
| run         | it exists, or changed (start, end ...) | run | -      | -      | see RUN_FACTS    |
| metric      | one point (s = step)                   | run | key    | number | -                |
| points      | s points of one metric: see `Points`   | run | key    | -      | -                |
| param       | s = 0 if inferred, else 1              | run | key    | text   | -                |
| tag         | no v: removed                          | run | key    | text   | -                |
| artifact    | a file (s = bytes); no v: removed      | run | path   | sha256 | -                |
| cell        | facts of the tracked cell              | run | -      | -      | columns of cells |
| input       | a dataset the run read                 | run | -      | -      | Dataset's fields |
| environment | content, once per digest               | -   | digest | -      | content          |
| model       | a logged model exists, or changed      | -   | id     | -      | MODEL_FACTS      |
| modelvalue  | of a model; no v: removed              | -   | id     | text   | of, key          |
| modelpoint  | what a point says beside its value     | run | key    | number | POINT_FACTS      |
| modellink   | v = input, output; none: no more       | run | id     | role   | -                |
| execution   | of a cell (s = its number); or changed | -   | kernel | -      | Execution.facts  |
| text        | a text, once per digest                | -   | digest | text   | -                |
| close       | the segment ends here, on purpose      | -   | -      | -      | -                |
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import isfinite
from typing import Any, NamedTuple

from nbtrack.records.executions import Execution

RUN_FACTS = ("experiment_id", "name", "user_id", "status", "start_us", "end_us", "lifecycle_stage",
             "artifact_uri", "writer", "environment")  # fmt: skip
# *path* is that in the source run's artifacts; "": the model has a folder of its own.
MODEL_FACTS = ("name", "experiment_id", "source_run_id", "model_type", "status", "path",
               "artifact_location", "lifecycle_stage")  # fmt: skip
POINT_FACTS = ("model_id", "dataset_name", "dataset_digest")
LINE_START = '{"k":'
POINTS_START = '{"k":"points",'
POINTS_OF_LINE = 64  # so that a look at a few KiB of a journal sees whole lines
MOST_POINTS_OF_LINE = 4096  # that are read: more is no line of ours
_FEWEST_POINTS_OF_LINE = 4  # of fewer, a line each is as quick
CLOSE_LINE = '{"k":"close"}\n'

# What is raised while a line is read that makes none.
NO_SENSE = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)

# Called per point: the C encoder, and each key's text only once.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
encode_key = lru_cache(maxsize=4096)(_encode)


_last_us = 0


def now_us() -> int:
    """The time, later than any this process was told before: "latest wins" must hold even when
    the clock is set back, or stands still between two calls."""
    global _last_us
    _last_us = max(time.time_ns() // 1000, _last_us + 1)
    return _last_us


def newest_us() -> int:
    """What `now_us` said last."""
    return _last_us


def metric_line(run_id: str, key: str, value: float, *, step: int, t: int) -> str:
    """*run_id* is written as it is: it must be free of quotes and backslashes (ours are hex)."""
    number = repr(value) if isfinite(value) else f'"{value!r}"'
    return (
        f'{{"k":"metric","r":"{run_id}","n":{encode_key(key)},"v":{number},"s":{step},"t":{t}}}\n'
    )


class Points(NamedTuple):
    """Of one metric, of the same length; *times* are microseconds since 1970.

    A line has them in *p*: `{"v": values, "s": steps, "d": times less t}`. That is a quarter of the
    bytes, and of the work, of as many lines of one point each.
    """

    values: Sequence[float]
    steps: Sequence[int]
    times: Sequence[int]

    def part(self, of: slice) -> Points:
        return Points(self.values[of], self.steps[of], self.times[of])


def points_lines(run_id: str, key: str, points: Points) -> str:
    """As few lines as hold them. Raises ValueError unless all are of one length."""
    if len(points.values) < _FEWEST_POINTS_OF_LINE:
        each = zip(*points, strict=True)
        return "".join([metric_line(run_id, key, v, step=s, t=t) for v, s, t in each])
    if not len(points.values) == len(points.steps) == len(points.times):
        raise ValueError(f"Points of {key!r} have {[len(each) for each in points]} of each.")
    starts = range(0, len(points.values), POINTS_OF_LINE)
    parts = (slice(start, start + POINTS_OF_LINE) for start in starts)
    return "".join([_points_line(run_id, key, points.part(part)) for part in parts])


def _points_line(run_id: str, key: str, points: Points) -> str:
    values, steps, times = points
    t = times[0]
    are_of_one_time = len(set(times)) == 1  # of a batch, often
    later = ",0" * len(times) if are_of_one_time else "".join([f",{each - t}" for each in times])
    steps_text, numbers = ",".join(map(str, steps)), ",".join(map(repr, values))
    if "n" in numbers:  # of nan or inf
        numbers = ",".join([repr(v) if isfinite(v) else f'"{v!r}"' for v in values])
    return (
        f'{{"k":"points","r":"{run_id}","n":{encode_key(key)},"s":{len(values)},"t":{t},"p":'
        f'{{"v":[{numbers}],"s":[{steps_text}],"d":[{later[1:]}]}}}}\n'
    )


def told_points(told: Mapping[str, Any]) -> Points:
    """What a line of kind points says. Raises one of NO_SENSE."""
    lists, count, t = told["p"], told["s"], told["t"]
    points = Points([float(v) for v in lists["v"]], lists["s"], [t + d for d in lists["d"]])
    are_whole = all(type(number) is int for number in (*points.steps, *points.times))
    if not are_whole or {count} != {len(each) for each in points}:
        raise ValueError(f"no {count!r:.20} points")
    return points


def param_line(run_id: str, key: str, value: str, *, t: int, is_inferred: bool = False) -> str:
    return _line(k="param", r=run_id, n=key, v=value, s=0 if is_inferred else 1, t=t)


def tag_line(run_id: str, key: str, value: str | None, *, t: int) -> str:
    return _line(k="tag", r=run_id, n=key, v=value, t=t)


def run_line(run_id: str, *, t: int, **facts: object) -> str:
    return _line(k="run", r=run_id, t=t, x=facts)


def experiment_line(experiment_id: str, *, t: int, **facts: object) -> str:
    return _line(k="experiment", n=experiment_id, t=t, x=facts)


def experiment_tag_line(experiment_id: str, key: str, value: str | None, *, t: int) -> str:
    return _line(k="exptag", n=experiment_id, v=value, t=t, x={"key": key})


def artifact_line(run_id: str, path: str, sha256: str | None, *, size: int | None, t: int) -> str:
    return _line(k="artifact", r=run_id, n=path, v=sha256, s=size, t=t)


def cell_line(run_id: str, *, t: int, **facts: object) -> str:
    return _line(k="cell", r=run_id, t=t, x=facts)


def input_line(run_id: str, *, t: int, **facts: object) -> str:
    return _line(k="input", r=run_id, t=t, x=facts)


def model_line(model_id: str, *, t: int, **facts: object) -> str:
    """*params_until*, a fact too: it took over the params that its run had at that time."""
    return _line(k="model", n=model_id, t=t, x=facts)


def model_value_line(model_id: str, of: str, key: str, value: str | None, *, t: int) -> str:
    """*of* is param, tag or file; the value of a file is its sha256."""
    return _line(k="modelvalue", n=model_id, v=value, t=t, x={"of": of, "key": key})


def model_point_line(
    run_id: str, key: str, value: float, *, step: int, t: int, **facts: object
) -> str:
    """Beside the line of the point itself, with the same step and time."""
    number = value if isfinite(value) else repr(value)
    return _line(k="modelpoint", r=run_id, n=key, v=number, s=step, t=t, x=facts)


def model_link_line(run_id: str, model_id: str, role: str, *, t: int, step: int = 0) -> str:
    """*role*: input, output (at *step*), or none: it was said, and does not hold any more."""
    return _line(k="modellink", r=run_id, n=model_id, v=role, s=step, t=t)


def environment_line(digest: str, content: Mapping[str, Any], *, t: int) -> str:
    return _line(k="environment", n=digest, t=t, x=content)


def execution_line(execution: Execution, *, t: int) -> str:
    """The newest one of an execution says all that is known of it."""
    return execution_facts_line(execution.kernel, execution.number, execution.facts(), t=t)


def execution_facts_line(kernel: str, number: int, facts: Mapping[str, Any], *, t: int) -> str:
    """Also of what a newer nbtrack says of it."""
    return _line(k="execution", n=kernel, s=number, t=t, x=facts)


def text_line(digest: str, text: str, *, t: int) -> str:
    return _line(k="text", n=digest, v=text, t=t)


def what_is_told(line: str) -> dict[str, Any]:
    """The fields of *line*. Raises ValueError, TypeError unless it is written as it is here: of two
    fields of one name, others who read it may take the first one."""
    told = json.loads(line)
    if not isinstance(told, dict) or _encode(told) + "\n" != line:
        raise ValueError(f"no line of a journal: {line!r:.200}")
    return told


def _line(**fields: object) -> str:
    return _encode({name: value for name, value in fields.items() if value is not None}) + "\n"
