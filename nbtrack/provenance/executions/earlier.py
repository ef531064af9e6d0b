"""Cells that ran while nobody looked: what their source says of them, openly no more than that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from nbtrack.provenance.executions.cell_reading import CellReading, read_cell
from nbtrack.provenance.executions.states import generator_of
from nbtrack.provenance.executions.walks import Walk
from nbtrack.provenance.executions.writers import Writers
from nbtrack.records.executions import Execution, ExecutionStatus

GAP = "Ran before nbtrack was loaded: what it used and changed is read off its source alone."


def read_off(
    execution: Execution, transformed: str, namespace: Mapping[str, Any], writers: Writers
) -> Execution:
    """Its record; it is the writer of what its source says that it wrote."""
    reading, number = read_cell(transformed), execution.number
    walk = Walk(namespace)
    read = walk.close_over(reading.named | reading.loads, writers.names) - reading.sure
    read |= reading.named & writers.names.keys()
    changes = (reading.suspects | reading.patched) & read
    seeds = {
        generator
        for dotted in reading.seeds
        for generator in generator_of(dotted, namespace.get(dotted.partition(".")[0]))
    }
    needs = {writers.names[name] for name in read | reading.maybe if name in writers.names}
    needs |= {c.number for name in read if (c := writers.changes.get(id(namespace.get(name))))}
    for name in reading.sure | reading.maybe | changes:
        writers.names[name] = number  # of what it changed, too: nobody saw which part
    writers.states |= dict.fromkeys(seeds, number)
    writers.seeded |= seeds
    return replace(
        execution,
        status=ExecutionStatus.OK,
        needs=tuple(sorted(needs)),
        reads=tuple(sorted(read)),
        binds=tuple(sorted(reading.sure | reading.maybe)),
        drops=tuple(sorted(reading.drops)),
        changes=tuple(sorted(changes)),
        seeds=tuple(sorted(seeds)),
        gaps=(GAP, *execution.gaps),
    )


def claim_the_rest(
    names: Iterable[str], readings: Iterable[tuple[int, CellReading]], writers: Writers
) -> None:
    """Names that no source spells come from the last cell that may bind such."""
    hidden = [n for n, reading in readings if reading.binds_unsaid or not reading.parses]
    if hidden:
        for name in names:
            writers.names.setdefault(name, hidden[-1])
