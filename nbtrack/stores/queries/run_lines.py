"""What is stored of runs, as the lines of a journal that say it: for another project.

All of it is there, with its times, also what was said again later: lines that a project has, beside
lines that it has not, are the same again in both. Two projects compare them as they are; so a place
of files that is a folder, which is another one on each machine, is left out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from nbtrack.artifact_store.paths import is_folder
from nbtrack.journal import lines
from nbtrack.journal.lines import MODEL_FACTS, POINT_FACTS, RUN_FACTS
from nbtrack.records.transfers import LinesOf, PointsDigest
from nbtrack.stores.local.schema import TABLES

if TYPE_CHECKING:
    import numpy as np

    from nbtrack.stores.connection import Connection

LOCATIONS = ("artifact_uri", "artifact_location")
_FACTS = {
    name: tuple(column for column in TABLES[name] if column not in ("run_key", "t"))
    for name in ("cells", "inputs")
}
_EXPERIMENT_FACTS = tuple(
    column for column in TABLES["experiment_events"] if column not in ("experiment_id", "t")
)
_OF_RUN = "from stored.{} where run_key in (select run_key from stored.run_keys where run_id = $id)"
_OF_MODELS = (
    "from stored.{} where model_id in"
    " (select model_id from stored.model_events where source_run_id = $id)"
)
# Of an execution the newest line says all that is known, but for its run: PostgreSQL keeps no more.
_EXECUTIONS = (
    "select kernel, number, max(t), arg_max(facts, t), arg_max(run_id, t) from stored.executions"
)
_OF_THE_RUN = (
    "(kernel, number) in (select kernel, number from stored.executions where run_id = $id)"
)
_EACH_ONCE = "group by kernel, number order by kernel, number"
_POINTS = f"select key, step, t, value {_OF_RUN.format('metrics')}"


def read_lines(connection: Connection, of: LinesOf) -> list[str]:
    """In an order that is the same for the same records."""
    found: list[str] = []
    for run_id in of.runs:
        found += _Reader(connection, run_id).lines()
    for experiment_id in of.experiments:
        found += _lines_of_experiment(connection, experiment_id)
    for kernel, number in of.kernels:
        found += _lines_of_kernel(connection, kernel, number)
    return found + list(_lines_of_contents(connection, of.contents))


def missing_contents(connection: Connection, digests: Sequence[str]) -> list[str]:
    """Those of *digests* that are of no environment and no text here."""
    missing = set(digests)
    for table in ("environments", "texts"):
        rows = connection.execute(
            f"select digest from stored.{table} where list_contains($digests, digest)",
            {"digests": list(digests)},
        ).fetchall()
        missing -= {digest for (digest,) in rows}
    return sorted(missing)


def read_point_lines(
    connection: Connection, run_id: str, keys: Sequence[str], *, start: int, limit: int
) -> list[str]:
    """Of these metrics, *limit* lines from the one of number *start*."""
    rows = connection.execute(
        f"{_POINTS} and list_contains($keys, key) order by key, step, t, value"
        " limit $limit offset $start",
        {"id": run_id, "keys": list(keys), "limit": limit, "start": start},
    ).fetchall()
    return [lines.metric_line(run_id, k, value, step=s, t=t) for k, s, t, value in rows]


def read_point_digests(connection: Connection, run_id: str) -> dict[str, PointsDigest]:
    """By key."""
    import numpy as np

    columns = connection.execute(f"{_POINTS} order by key", {"id": run_id}).fetchnumpy()
    keys = np.asarray(columns["key"])
    steps, times = (np.asarray(columns[name], np.int64) for name in ("step", "t"))
    values = np.asarray(columns["value"], np.float64)
    starts = [0, *(np.flatnonzero(keys[1:] != keys[:-1]) + 1).tolist(), len(keys)]
    return {
        str(keys[start]): digest_of_points(steps[start:end], times[start:end], values[start:end])
        for start, end in pairwise(starts)
        if end > start
    }


def digest_of_points(
    steps: np.ndarray[Any, Any], times: np.ndarray[Any, Any], values: np.ndarray[Any, Any]
) -> PointsDigest:
    """Of int64, int64 and float64, in any order."""
    import numpy as np

    bits = np.where(np.isnan(values), np.nan, values).view(np.int64)  # there is one NaN only
    order = np.lexsort((bits, times, steps))
    digest = hashlib.sha256()
    for column in (steps, times, bits):
        digest.update(np.ascontiguousarray(column, np.int64)[order].tobytes())
    return PointsDigest(len(steps), digest.hexdigest())


class _Reader:
    """Of one run."""

    def __init__(self, connection: Connection, run_id: str) -> None:
        self._connection, self._id = connection, run_id

    def lines(self) -> Iterator[str]:
        """The run itself comes last: before that, it is not there."""
        yield from self._models()
        for key, value, is_explicit, t in self._rows("params", "key, value, is_explicit, t"):
            yield lines.param_line(self._id, key, value, t=t, is_inferred=not is_explicit)
        for key, value, t in self._rows("tags", "key, value, t"):
            yield lines.tag_line(self._id, key, value, t=t)
        for path, sha256, size, t in self._rows("artifacts", "path, sha256, size, t"):
            yield lines.artifact_line(self._id, path, sha256, size=size, t=t)
        for t, facts in self._facts("cells", _FACTS["cells"]):
            yield lines.cell_line(self._id, t=t, **facts)
        for t, facts in self._facts("inputs", _FACTS["inputs"]):
            yield lines.input_line(self._id, t=t, **facts)
        yield from self._links()
        for row in self._connection.execute(
            f"{_EXECUTIONS} where {_OF_THE_RUN} {_EACH_ONCE}", {"id": self._id}
        ).fetchall():  # fmt: skip
            yield _execution_line(*row)
        for t, facts in self._facts("run_events", RUN_FACTS):
            yield lines.run_line(self._id, t=t, **facts)

    def _models(self) -> Iterator[str]:
        columns = (*MODEL_FACTS, "params_until")
        for model_id, t, *facts in self._rows(
            "model_events", f"model_id, t, {', '.join(columns)}", of=_OF_MODELS
        ):
            yield lines.model_line(model_id, t=t, **_given(columns, facts))
        for model_id, of, key, value, t in self._rows(
            "model_values", 'model_id, "of", key, value, t', of=_OF_MODELS
        ):
            yield lines.model_value_line(model_id, of, key, value, t=t)

    def _links(self) -> Iterator[str]:
        names = ", ".join(POINT_FACTS)
        for key, value, step, t, *facts in self._rows(
            "model_points", f"key, value, step, t, {names}"
        ):
            about = _given(POINT_FACTS, facts)
            yield lines.model_point_line(self._id, key, value, step=step, t=t, **about)
        for model_id, role, step, t in self._rows("model_links", "model_id, role, step, t"):
            yield lines.model_link_line(self._id, model_id, role, t=t, step=step)

    def _rows(self, table: str, columns: str, *, of: str = _OF_RUN) -> list[tuple[Any, ...]]:
        query = f"select {columns} {of.format(table)} order by {columns}"
        return self._connection.execute(query, {"id": self._id}).fetchall()

    def _facts(self, table: str, names: Sequence[str]) -> Iterator[tuple[int, dict[str, Any]]]:
        for t, *values in self._rows(table, f"t, {_quoted(names)}"):
            yield t, _given(names, values)


def _lines_of_experiment(connection: Connection, experiment_id: str) -> Iterator[str]:
    rows = connection.execute(
        f"select t, {_quoted(_EXPERIMENT_FACTS)} from stored.experiment_events"
        f" where experiment_id = $id order by t, {_quoted(_EXPERIMENT_FACTS)}",
        {"id": experiment_id},
    ).fetchall()
    for t, *values in rows:
        facts = _given(_EXPERIMENT_FACTS, values)
        yield lines.experiment_line(experiment_id, t=t, **facts)
    rows = connection.execute(
        "select key, value, t from stored.experiment_tags where experiment_id = $id"
        " order by key, value, t",
        {"id": experiment_id},
    ).fetchall()
    for key, value, t in rows:
        yield lines.experiment_tag_line(experiment_id, key, value, t=t)


def _lines_of_kernel(connection: Connection, kernel: str, number: int) -> Iterator[str]:
    rows = connection.execute(
        f"{_EXECUTIONS} where kernel = $kernel and number <= $number {_EACH_ONCE}",
        {"kernel": kernel, "number": number},
    ).fetchall()
    for row in rows:
        yield _execution_line(*row)


def _execution_line(kernel: str, number: int, t: int, text: str, run_id: str | None) -> str:
    facts = json.loads(text)
    if run_id is not None:
        facts.setdefault("run_id", run_id)
    return lines.execution_facts_line(kernel, number, facts, t=t)


def _lines_of_contents(connection: Connection, digests: Sequence[str]) -> Iterator[str]:
    wanted = {"digests": list(digests)}
    for table, column, line in (
        ("environments", "content", _environment_line), ("texts", "text", lines.text_line),
    ):  # fmt: skip
        rows = connection.execute(
            f"select digest, min({column}), min(t) from stored.{table}"
            " where list_contains($digests, digest) group by digest order by digest",
            wanted,
        ).fetchall()
        for digest, text, t in rows:
            yield line(digest, text, t=t)


def _environment_line(digest: str, content: str, *, t: int) -> str:
    return lines.environment_line(digest, json.loads(content), t=t)


def _given(names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    """What is known, but for folders."""
    return {
        name: value
        for name, value in zip(names, values, strict=True)
        if value is not None and not (name in LOCATIONS and is_folder(value))
    }


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
