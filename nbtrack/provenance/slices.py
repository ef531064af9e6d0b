"""The slice of a run: the executions that what it used came from, in the order they ran."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from nbtrack.errors import RunNotFound
from nbtrack.records.executions import Execution
from nbtrack.records.runs import Run
from nbtrack.records.tags import PARENT_TAG
from nbtrack.stores.store import Store

_MOST_GENERATIONS = 100  # damaged data may name each other as parents


def slice_of(
    executions: Sequence[Execution], target: int, *, of_values: bool = False
) -> list[Execution]:
    """Number *target* and what it needed, directly or through others; 3 ms for 10,000 of them.

    *executions* are of one kernel. One that is not among them, because it was not recorded, is
    left out. *of_values*: without cells that gave nothing but names of libraries, whatever else
    they did. Raises KeyError without *target*.
    """
    by_number = {each.number: each for each in executions}
    wanted, due = {target}, [target]
    while due:
        each = by_number[due.pop()]
        needs = set(each.needs).difference(each.imports if of_values else ())
        new = {number for number in needs if number in by_number and number not in wanted}
        wanted |= new
        due += new
    return [by_number[number] for number in sorted(wanted)]


def recorded_executions(store: Store, family: Iterable[Run]) -> tuple[Run, list[Execution]] | None:
    """Of the first run of *family* whose cell was recorded: the run, and all of its kernel."""
    for run in family:
        if executions := store.read_executions(run.info.run_id):
            return run, executions
    return None


def with_ancestors(store: Store, run: Run) -> Iterator[Run]:
    """The run, and those above it, the nearest first; one that is gone ends them."""
    yield run
    for _ in range(_MOST_GENERATIONS):
        parent_id = run.data.tags.get(PARENT_TAG)
        if not parent_id:
            return
        try:
            run = store.get_run(parent_id)
        except RunNotFound:
            return
        yield run


def cell_label(execution: Execution) -> str:
    """How a sentence calls its cell."""
    count = execution.execution_count
    return f"cell #{execution.number}" if count is None else f"cell [{count}]"
