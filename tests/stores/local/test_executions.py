"""Executions of cells come back as they were told, from the journal, the file, and both."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from nbtrack.journal import lines
from nbtrack.journal.writing import Journal
from nbtrack.provenance.slices import slice_of
from nbtrack.records.executions import Execution, ExecutionStatus, SeenFile
from nbtrack.stores.local.duckdb import DuckDBStore

WHOLE = Execution(
    kernel="k1",
    number=2,
    source="ab" * 32,
    notebook="a 'quoted' \"name\".ipynb",
    cell_id="c-3",
    execution_count=3,
    run_id="r1",
    started_us=1_790_000_000_000_000,
    seconds=0.25,
    status=ExecutionStatus.OK,
    needs=(0, 1),
    reads=("X", "ß"),
    binds=("m",),
    drops=("t",),
    changes=("X",),
    draws=("numpy",),
    unseeded=("numpy",),
    seeds=("random",),
    states=("folder",),
    files_read=(SeenFile("/d/a.csv", 10, 1_790_000_000_000_000_000, "cd" * 32),),
    files_written=(SeenFile("/d/b.csv"),),
    modules=(SeenFile("/d/own.py", 3, 1, "ef" * 32),),
    gaps=("!make was run.",),
)


def line(execution: Execution, t: int = 1) -> str:
    return lines.execution_line(execution, t=t)


def of(number: int, *needs: int, run_id: str | None = None) -> Execution:
    return Execution(kernel="k1", number=number, source="ab", needs=needs, run_id=run_id)


@pytest.mark.parametrize("is_folded", [False, True])
def test_an_execution_comes_back_whole(
    store: DuckDBStore, write: Callable[..., Journal], is_folded: bool
) -> None:
    running = replace(WHOLE, status=ExecutionStatus.RUNNING, seconds=None)
    write(line(running, t=1), line(WHOLE, t=2), line(replace(WHOLE, kernel="k2", run_id="r2")))
    if is_folded:
        store.fold()
    assert store.read_executions("r1") == [WHOLE]


def test_a_run_has_those_before_its_own(store: DuckDBStore, write: Callable[..., Journal]) -> None:
    """Some are folded, some are not; later ones and other kernels are not asked for."""
    write(line(of(1, 0)), line(of(0)))
    store.fold()
    write(line(of(2, 1, run_id="r1")), line(of(3)), line(replace(of(0), kernel="k0")))

    assert [each.number for each in store.read_executions("r1")] == [0, 1, 2]
    assert store.read_executions("unknown") == []


def test_what_is_wrong_costs_itself_only(store: DuckDBStore, write: Callable[..., Journal]) -> None:
    bad = [
        '{"k":"execution","n":"k1","t":1,"x":{"source":"ab"}}\n',
        '{"k":"execution","n":"k1","s":-1,"t":1,"x":{"source":"ab"}}\n',
        '{"k":"execution","n":"k1","s":5,"t":1,"x":{}}\n',
        '{"k":"execution","n":"k1","s":5,"t":1,"x":{"source":"ab","status":"odd"}}\n',
        '{"k":"execution","n":"k1","s":5,"t":1,"x":{"source":"ab","started_us":9e18}}\n',
        '{"k":"text","n":"ab","t":1}\n',
    ]
    write(*bad, line(of(7, run_id="r1")))
    assert store.read_executions("r1") == [of(7, run_id="r1")]
    assert len(store.query("select * from bad_lines")) == len(bad)
    assert store.query("select kernel, number, needs from executions").to_dict("records") == [
        {"kernel": "k1", "number": 7, "needs": None}
    ]


@pytest.mark.parametrize("is_folded", [False, True])
def test_a_text_is_kept_once(
    store: DuckDBStore, write: Callable[..., Journal], is_folded: bool
) -> None:
    write(
        lines.text_line("ab", "x = '\u0000\n'", t=1), lines.text_line("ab", "x = '\u0000\n'", t=2)
    )
    if is_folded:
        store.fold()
        write(lines.text_line("ab", "x = '\u0000\n'", t=3))
    assert store.read_texts(["ab", "cd"]) == {"ab": "x = '\u0000\n'"}
    assert store.query("select count(*) as n from texts")["n"].tolist() == [1]


def test_a_slice_follows_what_each_needed() -> None:
    ran = [of(0), of(1), of(2, 0), of(4, 1), of(5, 2, 3)]
    assert [each.number for each in slice_of(ran, 5)] == [0, 2, 5]
    with pytest.raises(KeyError):
        slice_of(ran, 3)


def test_a_slice_of_ten_thousand_cells_takes_no_time() -> None:
    """Each of which needs the one before it."""
    ran = [of(0), *(of(n, n - 1) for n in range(1, 10_000))]
    begun = time.process_time()

    assert len(slice_of(ran, 9_999)) == 10_000
    assert time.process_time() - begun < 0.5
