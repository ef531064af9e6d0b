"""The runs that are kept: a row each, in no order, with their facts and columns of their values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from nbtrack.records.runs import (
    Run,
    RunColumns,
    RunData,
    RunInfo,
    RunInputs,
    RunOutputs,
    RunQuery,
)
from nbtrack.records.tags import PARENT_TAG
from nbtrack.stores.kept.columns import Column, NumberColumn, TextColumn
from nbtrack.stores.kept.loading import ATTRIBUTES, KINDS, Kind, Values
from nbtrack.stores.kept.newest import Newest
from nbtrack.stores.queries.run_queries import run_info

if TYPE_CHECKING:
    from nbtrack.stores.kept.columns import Flags, Integers, Objects

_FEW_DIFFERENT = ("experiment_id", "user_id", "status", "lifecycle_stage")
_TIMES = ("start_us", "end_us")
_BYTES_OF_A_RUN = 330  # its facts, measured, beside the characters of its texts
_MOST_INFOS = 10_000  # 250 bytes each
_MOST_BYTES_OF_RUNS = 8 << 20  # those that were shown lately
_MOST_CELLS_OF_ANSWERS = 200_000  # 32 bytes each
_MOST_BYTES_DERIVED = 24 << 20
MOST_FACTS = 50_000  # of keys, 350 bytes each
_CELLS_OF_AN_INFO = 8
_BYTES_OF_A_VALUE = 100  # beside its characters: two objects, and a place in a dict


class KeptTable:
    def __init__(self) -> None:
        import numpy as np

        self.run_keys: Integers = np.zeros(0, dtype=np.int64)
        self.version = 0  # counts what was put
        self.read_at: Integers = np.zeros(0, dtype=np.int64)  # the version that last touched a row
        self.facts: dict[str, Objects] = {n: np.zeros(0, dtype=object) for n in ATTRIBUTES}
        self.times: dict[str, NumberColumn] = {
            name: NumberColumn(0, is_integer=True) for name in _TIMES
        }
        self.columns: dict[Kind, dict[str, Column]] = {kind: {} for kind in KINDS}
        self._row_of: dict[str, int] = {}  # by run id
        self._same: dict[str, str] = {}
        self._characters = 0  # of the facts that few runs share
        self._infos: dict[int, RunInfo] = {}
        self._runs: Newest[int, Run] = Newest(_MOST_BYTES_OF_RUNS)
        self._answers: Newest[RunQuery, RunColumns] = Newest(_MOST_CELLS_OF_ANSWERS)
        self._stale_parents: set[int] = set()  # rows of which "parents" may be wrong
        self.key_pieces: Newest[Hashable, object] = Newest(MOST_FACTS)  # what `key_pieces` keeps
        # From the facts; kept right, or dropped, when one of them changes.
        self._derived: Newest[str, Any] = Newest(_MOST_BYTES_DERIVED)

    def __len__(self) -> int:
        return len(self.run_keys)

    # --- what changes

    def put_runs(self, found: Mapping[str, Any]) -> Integers:
        """Facts of some runs, as `read_attributes` has them; their rows."""
        import numpy as np

        for run_id in found["run_id"]:
            self._row_of.setdefault(run_id, len(self._row_of))
        self._grow(len(self._row_of))
        rows = np.array([self._row_of[run_id] for run_id in found["run_id"]], dtype=np.int64)
        self.run_keys[rows] = found["run_key"]
        self.version += 1
        self.read_at[rows] = self.version
        for name in ATTRIBUTES:
            self._put_texts(name, rows, found[name])
        for name in _TIMES:
            self._put_times(name, rows, found[name])
        for row in rows.tolist():
            self._infos.pop(row, None)
            self._runs.drop(row)
        self._stale_parents.update(rows.tolist())
        self._answers.clear()
        return rows

    def _grow(self, count: int) -> None:
        import numpy as np

        more = count - len(self)
        if not more:
            return
        self.run_keys = np.concatenate([self.run_keys, np.zeros(more, dtype=np.int64)])
        self.read_at = np.concatenate([self.read_at, np.zeros(more, dtype=np.int64)])
        for name, texts in self.facts.items():
            self.facts[name] = np.concatenate([texts, np.full(more, None, dtype=object)])
        for column in (*self.times.values(), *self._all_columns()):
            column.grow(count)
        self._forget_places()

    def _forget_places(self) -> None:
        """When runs came, or their times changed."""
        self._derived.drop("natural ranks")
        self._derived.drop("parents")

    def _put_texts(self, name: str, rows: Integers, found: Any) -> None:
        """None where it is masked; what many runs share is one object."""
        facts, texts = self.facts[name], _objects(found)
        if name in _FEW_DIFFERENT:
            texts[:] = [t if t is None else self._same.setdefault(t, t) for t in texts]
        else:
            self._characters += _count_characters(texts) - _count_characters(facts[rows])
        facts[rows] = texts
        column = self._derived.get(f"text {name}")
        if column is not None:
            column.grow(len(self))
            _put_facts(column, rows, texts)
            self._keep_derived(f"text {name}", column)

    def _put_times(self, name: str, rows: Integers, found: Any) -> None:
        import numpy as np

        column, numbers, has = self.times[name], np.ma.filled(found, 0), ~np.ma.getmaskarray(found)
        if name == "start_us" and not (
            np.array_equal(column.numbers[rows], numbers) and np.array_equal(column.has[rows], has)
        ):
            self._forget_places()
        column.numbers[rows], column.has[rows] = numbers, has

    def put_values(self, kind: Kind, values: Values, rows: Integers) -> None:
        """*rows* are those of the runs in *values*, -1 for what is no run."""
        import numpy as np

        column = self.columns[kind].get(values.key)
        if column is None:
            column = self.add_column(kind, values.key)
        is_run = rows >= 0
        rows = rows[is_run]
        if isinstance(column, NumberColumn):
            column.put(rows, np.asarray(values.numbers)[is_run])
        else:
            texts = cast("Sequence[str]", np.asarray(values.texts, dtype=object)[is_run])
            numbers = _objects(values.numbers)[is_run].tolist()
            column.put(rows, texts, numbers)

    def add_column(self, kind: Kind, key: str) -> Column:
        column = NumberColumn(len(self)) if kind == "metrics" else TextColumn(len(self))
        self.columns[kind][key] = column
        return column

    def forget_columns(self) -> None:
        for of_kind in self.columns.values():
            of_kind.clear()

    def forget_oldest_columns(
        self, most_bytes: int, *, spared: Collection[tuple[Kind, str]] = ()
    ) -> None:
        """Until all take at most *most_bytes*, or only those that are *spared* are left."""
        ages = [(kind, key) for kind in KINDS for key in self.columns[kind]]
        for kind, key in ages:
            if self.size_of_columns <= most_bytes:
                return
            if (kind, key) not in spared:
                del self.columns[kind][key]

    def drop_values(self, rows: Integers) -> None:
        for column in self._all_columns():
            column.drop(rows)

    def rows_by_key(self) -> Callable[[Integers], Integers]:
        """From run keys to rows; -1 for what is no run."""
        import numpy as np

        places = np.full(int(self.run_keys.max(initial=0)) + 2, -1, dtype=np.int64)
        places[self.run_keys] = np.arange(len(self))
        return lambda run_keys: places[np.minimum(run_keys, len(places) - 1)]

    # --- what is asked

    def keys_of_status(self, *statuses: str) -> set[int]:
        """Of the runs that have one of *statuses*."""
        found: list[int] = self.run_keys[self.is_one_of("status", statuses)].tolist()
        return set(found)

    def text_fact(self, name: str) -> TextColumn:
        """One of ATTRIBUTES as a column."""
        return cast("TextColumn", self._derive(f"text {name}", lambda: self._as_column(name)))

    def _as_column(self, name: str) -> TextColumn:
        import numpy as np

        column = TextColumn(len(self))
        _put_facts(column, np.arange(len(self)), self.facts[name])
        return column

    @property
    def natural_ranks(self) -> Integers:
        """Places of the rows when nothing says how to sort: the newest first, then by run id."""
        ranks: Integers = self._derive("natural ranks", self._natural_ranks)
        return ranks

    def _natural_ranks(self) -> Integers:
        import numpy as np

        start, count = self.times["start_us"], len(self)
        numbers = np.where(start.has, -start.numbers, np.iinfo(np.int64).max)
        order = np.argsort(numbers, kind="stable")
        is_tie = np.diff(numbers[order]) == 0  # few are: only their ids are compared
        tied = np.flatnonzero(np.append(is_tie, False) | np.append(False, is_tie))
        rows = order[tied]
        ids = self.facts["run_id"][rows].astype(str) if len(rows) else np.zeros(0, dtype=str)
        order[tied] = rows[np.lexsort((ids, numbers[rows]))]
        ranks = np.empty(count, dtype=np.int64)
        ranks[order] = np.arange(count)
        return ranks

    def is_one_of(self, name: str, texts: Iterable[str]) -> Flags:
        """Of each row: whether its attribute *name* is among *texts*."""
        wanted = frozenset(texts)
        return self.text_fact(name).where(wanted.__contains__)

    def is_run(self, run_ids: Iterable[str]) -> Flags:
        """Of each row: whether it is one of *run_ids*."""
        import numpy as np

        flags: Flags = np.zeros(len(self), dtype=np.bool_)
        flags[[self._row_of[each] for each in run_ids if each in self._row_of]] = True
        return flags

    def infos(self, rows: Integers) -> list[RunInfo]:
        if len(self._infos) + len(rows) > _MOST_INFOS:
            self._infos.clear()
        known = self._infos if len(rows) <= _MOST_INFOS else {}
        found = []
        for row in rows.tolist():
            info = known.get(row)
            if info is None:
                info = known[row] = self._info(row)
            found.append(info)
        return found

    def note_runs(self, rows: Integers, runs: Sequence[Run]) -> None:
        """Copies of *runs*, which stay their caller's own."""
        for row, run in zip(rows.tolist(), runs):
            self._runs.put(row, _copy(run), size=_bytes_of(run))

    def runs(self, rows: Integers) -> list[Run | None]:
        """Copies, whose dicts may be changed; None for one that is not known."""
        found = [self._runs.get(row) for row in rows.tolist()]
        return [None if run is None else _copy(run) for run in found]

    def answer(self, query: RunQuery, find: Callable[[], RunColumns]) -> RunColumns:
        """What *find* finds, and the same again as long as it is true; the caller's own."""
        known = self._answers.get(query)
        if known is not None:
            return _copy_columns(known)
        found = find()
        columns = len(found.params) + len(found.metrics) + len(found.tags)
        size = len(found.infos) * (columns + _CELLS_OF_AN_INFO) + columns
        if size <= _MOST_CELLS_OF_ANSWERS:
            self._answers.put(query, _copy_columns(found), size=size)
        return found

    @property
    def parents(self) -> Integers:
        """Of each row the row of its parent, or -1."""
        import numpy as np

        is_new = "parents" not in self._derived
        parents: Integers = self._derive(
            "parents", lambda: self._parents_of(np.arange(len(self), dtype=np.int64))
        )
        if self._stale_parents and not is_new:
            rows = np.array(list(self._stale_parents), dtype=np.int64)
            parents[rows] = self._parents_of(rows)
        self._stale_parents.clear()
        return parents

    def _parents_of(self, rows: Integers) -> Integers:
        import numpy as np

        tags = self.columns["tags"].get(PARENT_TAG)
        if not isinstance(tags, TextColumn):
            return np.full(len(rows), -1, dtype=np.int64)
        codes, places = np.unique(tags.codes[rows], return_inverse=True)
        row_of_text = [self._row_of.get(text, -1) for text in tags.texts[codes].tolist()]
        parents = np.array(row_of_text, dtype=np.int64)[places]
        start = self.times["start_us"]
        started = np.where(start.has, start.numbers, 0)
        # A parent begins before its child: two that name each other would hide each other.
        begins_before = (started[parents] < started[rows]) | (
            (started[parents] == started[rows]) & (self.run_keys[parents] < self.run_keys[rows])
        )
        return np.where((parents >= 0) & begins_before, parents, -1)

    def row_of(self, run_id: str) -> int:
        """-1 if there is no such run."""
        return self._row_of.get(run_id, -1)

    def _info(self, row: int) -> RunInfo:
        facts = self.facts
        started, ended = (
            int(column.numbers[row]) if column.has[row] else None for column in self.times.values()
        )
        names = ("run_id", "run_name", "experiment_id", "user_id", "status")
        ends = ("lifecycle_stage", "artifact_uri")
        return run_info(
            (0, *(facts[n][row] for n in names), started, ended, *(facts[n][row] for n in ends))
        )

    @property
    def size_of_facts(self) -> int:
        """In bytes, about."""
        return len(self) * _BYTES_OF_A_RUN + self._characters

    @property
    def size_of_columns(self) -> int:
        return sum(column.size for column in self._all_columns())

    def _all_columns(self) -> Iterable[Column]:
        return [column for of_kind in self.columns.values() for column in of_kind.values()]

    def _derive(self, name: str, make: Callable[[], Integers | TextColumn]) -> Any:
        made = self._derived.get(name)
        if made is None:
            made = make()
            self._keep_derived(name, made)
        return made

    def _keep_derived(self, name: str, made: Integers | TextColumn) -> None:
        size = made.size_of_places if isinstance(made, TextColumn) else made.nbytes
        self._derived.put(name, made, size=size)


def _put_facts(column: TextColumn, rows: Integers, texts: Objects) -> None:
    """Into *rows* of *column*; None for a run that has none."""
    import numpy as np

    has = texts != np.array(None)
    column.drop(rows[~has])
    column.put(rows[has], texts[has].tolist(), [None] * int(has.sum()))


def _count_characters(texts: Objects) -> int:
    return sum(len(text) for text in texts if text is not None)


def _bytes_of(run: Run) -> int:
    texts = [*run.data.params.values(), *run.data.tags.values()]
    for each in run.inputs.dataset_inputs:
        dataset = each.dataset
        texts += [text for text in (dataset.source, dataset.schema, dataset.profile) if text]
        texts += [tag.value for tag in each.tags]
    count = len(texts) + len(run.data.metrics)
    return 1000 + count * _BYTES_OF_A_VALUE + sum(map(len, texts))


def _copy(run: Run) -> Run:
    data = run.data
    copied = RunData(params=dict(data.params), metrics=dict(data.metrics), tags=dict(data.tags))
    datasets = [replace(each, tags=list(each.tags)) for each in run.inputs.dataset_inputs]
    inputs = RunInputs(dataset_inputs=datasets, model_inputs=list(run.inputs.model_inputs))
    outputs = RunOutputs(model_outputs=list(run.outputs.model_outputs))
    return Run(info=run.info, data=copied, inputs=inputs, outputs=outputs)


def _copy_columns(found: RunColumns) -> RunColumns:
    return RunColumns(
        infos=list(found.infos),
        params={key: list(texts) for key, texts in found.params.items()},
        metrics={key: list(numbers) for key, numbers in found.metrics.items()},
        tags={key: list(texts) for key, texts in found.tags.items()},
    )


def _objects(found: Any) -> Objects:
    """Python's own, and None where *found* is masked."""
    import numpy as np

    objects: Objects = np.ma.getdata(found).astype(object)
    objects[np.ma.getmaskarray(found)] = None
    return objects
