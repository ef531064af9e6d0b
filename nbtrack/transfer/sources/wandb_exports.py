"""Reading what people write of W&B's runs: JSON of `wandb.Api().runs(…)`, or the CSV that its
documentation makes of them, with a column for each of summary, config and name."""

from __future__ import annotations

import ast
import csv
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.transfer.sources.derived_ids import experiment_called, run_id_of
from nbtrack.transfer.sources.json_pieces import Span, object_at, objects_in
from nbtrack.transfer.sources.key_names import renamed_notes
from nbtrack.transfer.sources.logged_run import LoggedRun, labels_in
from nbtrack.transfer.sources.row_columns import time_in
from nbtrack.transfer.sources.runs_only import LastRead, RunsOnly, without_place
from nbtrack.transfer.sources.source_records import (
    BrokenRecord,
    Points,
    SourceExperiment,
    SourceRun,
)

_NAMES = {
    "id": "id", "name": "name", "display_name": "name", "displayName": "name", "notes": "notes",
    "group": "group", "job_type": "job_type", "jobType": "job_type", "entity": "entity",
    "sweep": "sweep_id", "url": "url", "commit": "commit", "user": "user", "username": "user",
}  # fmt: skip
_TIMES = ("created_at", "createdAt", "startedAt", "start_time")
Record = Mapping[str, Any]


class WandbExportReader(RunsOnly):
    kind = "wandb"

    def __init__(self, file: Path, *, experiment: str | None = None) -> None:
        """Runs go to *experiment*, by default that of their project, else one called as *file*.
        Raises InvalidValue for what has no runs in it."""
        self.title = str(file)
        self._joined, self._default = experiment, file.stem
        self._left: Counter[str] = Counter()
        self._renamed: dict[str, str] = {}
        self._file, self._has_history = file, False
        self._records: dict[str, Record | Span] = {}
        self._projects: dict[str, str] = {}  # of runs
        for number, (found, record) in enumerate(_found_in(file)):
            project = _project_of(record) or self._default
            name = record.get("id") or record.get("name") or number
            run_id = run_id_of(self.kind, project, name)
            run_id = f"of record {number}" if run_id in self._records else run_id
            self._records[run_id], self._projects[run_id] = found, project
            self._has_history |= "history" in record
        self._record = LastRead(self._read_record)
        if not self._records:
            raise InvalidValue(f"There is no run in {str(file)!r}.")

    def notes(self) -> Sequence[str]:
        said = "it has no history: of each metric, its last value came"
        said = "" if self._has_history else said
        return [*filter(None, [said]), *renamed_notes(self._renamed)]

    def leftovers(self) -> Mapping[str, str]:
        return without_place(self._left)

    def experiments(self) -> Iterator[SourceExperiment | BrokenRecord]:
        found = map(self._experiment, self._projects.values())
        yield from {each.experiment_id: each for each in found}.values()

    def run_ids(self) -> Sequence[str]:
        return list(self._records)

    def run(self, run_id: str) -> SourceRun:
        if run_id.startswith("of record"):
            raise BrokenRecord("another one has its id")
        experiment_id = self._experiment(self._projects[run_id]).experiment_id
        return self._read(run_id, self._left).source_run(run_id, experiment_id)

    def points(self, run_id: str) -> Iterator[Points]:
        yield from self._read(run_id, Counter()).points

    def _experiment(self, project: str) -> SourceExperiment:
        is_files = project == self._default and not self._joined
        place = self.title if is_files else ""
        return experiment_called(project, joined=self._joined, place=place)

    def _read_record(self, run_id: str) -> Record:
        found = self._records[run_id]
        return _read_again(self._file, found) if isinstance(found, Span) else found

    def _read(self, run_id: str, left: Counter[str]) -> LoggedRun:
        record = self._record(run_id)
        run = LoggedRun(left=left, renamed=self._renamed)
        run.facts = {
            fact: record[n] for n, fact in _NAMES.items() if isinstance(record.get(n), str)
        }
        if record.get("tags"):
            run.facts["tags"] = labels_in(record["tags"])
        run.state = str(record.get("state") or "finished")
        run.start = next((t for n in _TIMES if (t := time_in(str(record.get(n))))), None)
        run.config = {
            (str(key),): value for key, value in _config(_object(record, "config")).items()
        }
        summary = _object(record, "summary") or _object(record, "summary_metrics")
        run.summary = {(str(key),): value for key, value in summary.items()}
        for line in record.get("history") or ():
            run.log({(str(key),): value for key, value in line.items() if value is not None})
        if not record.get("history"):
            own = {key: value for key, value in run.summary.items() if key[0].startswith("_")}
            run.log(own)
        run.complete()
        return run


def _project_of(record: Record) -> str:
    """ "project", or of a path entity/project/id."""
    found = record.get("project")
    if isinstance(found, Mapping):
        found = found.get("name")
    if isinstance(found, str) and found:
        return found
    path = record.get("path")
    parts = path.split("/") if isinstance(path, str) else path
    return str(parts[-2]) if isinstance(parts, list) and len(parts) > 2 else ""


def _object(record: Record, name: str) -> Mapping[str, Any]:
    """A text is what pandas made of it: a Python literal, or JSON."""
    found = record.get(name)
    if isinstance(found, str):
        found = _literal(found)
    if isinstance(found, Mapping):
        return found
    if found is None:
        return {}
    raise BrokenRecord(f"its {name} is {str(found)[:80]!r}")


def _config(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The file of W&B has {"value": …, "desc": …} for each."""
    return {key: each["value"] if _is_described(each) else each for key, each in config.items()}


def _is_described(found: object) -> bool:
    return isinstance(found, Mapping) and "value" in found and found.keys() <= {"value", "desc"}


def _literal(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return _value(ast.parse(text.strip(), mode="eval").body)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        raise BrokenRecord(f"{text[:80]!r} is neither JSON nor a dict of Python") from None


def _value(node: ast.AST) -> Any:
    """As `ast.literal_eval`, and nan and inf, which Python writes and does not read."""
    if isinstance(node, ast.Name) and node.id in ("nan", "inf"):
        return float(node.id)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand)
    if isinstance(node, ast.Dict):
        return {ast.literal_eval(k): _value(v) for k, v in zip(node.keys, node.values) if k}
    if isinstance(node, ast.List | ast.Tuple):
        return [_value(each) for each in node.elts]
    return ast.literal_eval(node)


def _found_in(file: Path) -> Iterator[tuple[Record | Span, Record]]:
    """Each record, and what is to be kept of it: of JSON, where it is, as all of them may be too
    much to hold. Raises InvalidValue."""
    if file.suffix.lower() == ".csv":
        yield from ((each, each) for each in _rows_in(file))
    elif file.suffix.lower() == ".jsonl":
        yield from _lines_in(file)
    else:
        yield from _records_in(file)


def _lines_in(file: Path) -> Iterator[tuple[Span, Record]]:
    start = 0
    with open(file, "rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                record = json.loads(line.decode("utf-8-sig")) if line.strip() else None
            except (ValueError, RecursionError) as exc:
                raise InvalidValue(f"Line {number} of {str(file)!r} is no JSON ({exc}).") from None
            if isinstance(record, dict):
                yield Span(start, len(line)), record
            start += len(line)


def _records_in(file: Path) -> Iterator[tuple[Span, Record]]:
    try:
        yield from objects_in(file, listed_in="runs")
    except (ValueError, RecursionError) as exc:
        raise InvalidValue(f"{str(file)!r} is no JSON ({exc}).") from None


def _read_again(file: Path, span: Span) -> Record:
    """Raises BrokenRecord if it is another one by now."""
    try:
        return object_at(file, span)
    except (ValueError, RecursionError):
        raise BrokenRecord("its file was written to while it was read") from None


def is_of_documentation(file: Path) -> bool:
    """Whether a CSV has the columns that W&B's documentation gives one."""
    with open(file, encoding="utf-8-sig", errors="replace", newline="") as text:
        header = next(csv.reader(text), [])
    return {"summary", "config", "name"} <= set(header)


def _rows_in(file: Path) -> Iterator[Record]:
    before = csv.field_size_limit(sys.maxsize)
    try:
        with open(file, encoding="utf-8-sig", newline="") as text:
            yield from ({k: v for k, v in row.items() if k and v} for row in csv.DictReader(text))
    except (UnicodeDecodeError, csv.Error) as exc:
        raise InvalidValue(f"{str(file)!r} is no CSV in UTF-8 ({exc}).") from None
    finally:
        csv.field_size_limit(before)
