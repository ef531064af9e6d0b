"""What is kept of runs is never shown when something has changed, whoever changed it and how.

After each change a store that has read before has to answer as one that has just been opened.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.journal.writing import Journal
from nbtrack.records.runs import Run, RunColumns, RunQuery, ViewType
from nbtrack.records.tags import PARENT_TAG
from nbtrack.records.views import KeyInventory, RunPage
from nbtrack.stores.kept import kept_runs, key_pieces, news
from nbtrack.stores.local import signs
from nbtrack.stores.local.duckdb import DuckDBStore
from nbtrack.stores.queries import key_inventory, run_pages, run_queries, series
from tests.support.naming import naming

Write = Callable[..., Journal]

OTHER_PROCESS = """
import sys
from pathlib import Path
from nbtrack.stores.local.duckdb import DuckDBStore
store = DuckDBStore(Path(sys.argv[1]))
for line in sys.stdin:
    verb, _, rest = line.rstrip("\\n").partition(" ")
    if verb == "append":
        store.append(rest.replace("<writer>", store.writer) + "\\n")
    elif verb == "fold":
        store.fold()
    elif verb == "remove":
        store.remove_runs(rest.split())
    print("done", flush=True)
"""
QUERIES = [
    RunQuery(view_type=ViewType.ALL),
    RunQuery(filter_string="metrics.m > 2 and params.p != 'x'"),
    RunQuery(filter_string="not (tags.t = 'a' or status = 'RUNNING')", order_by=("metrics.n",)),
    RunQuery(order_by=("metrics.m DESC", "params.p"), max_results=3),
]


CHANGES = {  # and how often, beside each other
    "own line": 10,
    "other line": 10,
    "own fold": 3,
    "other fold": 3,
    "kill": 1,
    "own gc": 0.5,
    "other gc": 0.5,
    "remove all": 0.5,
    "wait": 3,
}


class OtherProcess:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._begin()

    def _begin(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", OTHER_PROCESS, str(self._folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, words: str) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(words.rstrip("\n") + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n"

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate()

    def kill_and_begin_anew(self) -> None:
        self.kill()
        self._begin()


@pytest.fixture
def other(store: DuckDBStore) -> Iterator[OtherProcess]:
    started = OtherProcess(store.folder)
    yield started
    started.kill()


def check(store: DuckDBStore) -> None:
    """Against one that knows nothing, and reads the file and the journals.

    Again if a thread that folds has come between the two.
    """
    for _ in range(20):
        version = store.version()
        found, wanted = answers(store), answers_afresh(store.folder)
        again = answers(store)
        if store.version() == version:
            assert found == again == wanted
            return
    raise AssertionError("nothing stands still")


def answers(store: DuckDBStore) -> list[object]:
    page = store.read_run_page(QUERIES[0], folded=True)
    columns = [as_text(store.search_run_columns(query)) for query in QUERIES]
    run_ids = [run.info.run_id for run in page.runs]
    lines_of_runs = store.read_series(run_ids, ["m", "n"], x="step")
    points = {run_id: store.read_metrics(run_id, "m") for run_id in run_ids}
    counts = [store.count_runs(query) for query in QUERIES]
    keys = [as_text(store.read_keys(query)) for query in QUERIES[:2]]
    searched = [as_text(run) for run in store.search_runs(QUERIES[3])]
    return [as_text(page), searched, *columns, repr(lines_of_runs), repr(points), *counts, *keys]


def answers_afresh(folder: Path) -> list[object]:
    store = DuckDBStore(folder)
    with store._index.open(QUERIES[0]) as connection:
        page = run_pages.read_run_page(connection, QUERIES[0], folded=True)
    with store._snapshots.open() as connection:
        columns = [as_text(run_queries.find_run_columns(connection, query)) for query in QUERIES]
        counts = [run_queries.count_runs(connection, query) for query in QUERIES]
        run_ids = [run.info.run_id for run in page.runs]
        wanted = series.Wanted(axis="step", buckets=300)
        lines_of_runs = series.read_series(connection, run_ids, ["m", "n"], wanted=wanted)
        points = {
            run_id: run_queries.read_metrics(connection, run_id, "m", store="")
            for run_id in run_ids
        }
        searched = [as_text(run) for run in run_queries.find_runs(connection, QUERIES[3])]
    keys = [as_text(keys_afresh(store, query)) for query in QUERIES[:2]]
    store._attachment.close()
    return [as_text(page), searched, *columns, repr(lines_of_runs), repr(points), *counts, *keys]


def keys_afresh(store: DuckDBStore, query: RunQuery) -> KeyInventory:
    with store._index.open(query) as connection:
        return key_inventory.read_keys(connection)


def as_text(record: Run | RunColumns | RunPage | KeyInventory) -> str:
    """Alike for two that hold NaN."""
    return json.dumps(asdict(record), sort_keys=True, default=str)


def begun(run: str, *, writer: str = "w") -> str:
    return lines.run_line(
        run, t=now_us(), status="RUNNING", start_us=now_us(), writer=writer, experiment_id="1"
    )


def ended(run: str) -> str:
    return lines.run_line(run, t=now_us(), status="FINISHED", end_us=now_us())


def point(run: str, value: float, key: str = "m") -> str:
    return lines.metric_line(run, key, value, step=0, t=now_us())


def settle(store: DuckDBStore) -> None:
    """Until the store answers without a look into its file."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        store.count_runs(RunQuery())
        if store._kept._is_current():
            return
        time.sleep(0.01)
    raise AssertionError("it does not settle")


def is_answered_from_memory(store: DuckDBStore) -> bool:
    before = store._kept.version
    store.search_run_columns(RunQuery())
    return store._kept._is_current() and store._kept.version == before


# --- one change each


def test_without_a_change_the_file_is_not_looked_into(store: DuckDBStore, write: Write) -> None:
    """Otherwise the other tests would test nothing."""
    write(begun("a"), point("a", 1.0))
    store.fold()
    settle(store)
    store.database.chmod(0o600)
    settle(store)
    with store._attachment.open(read_only=True):  # another thread could not attach it
        assert is_answered_from_memory(store)
        assert [info.run_id for info in store.search_run_columns(RunQuery()).infos] == ["a"]


LINES = [
    lambda: begun("b"),
    lambda: ended("a"),
    lambda: point("a", 7.0),
    lambda: point("a", 7.0, "n"),
    lambda: lines.param_line("a", "p", "x", t=now_us()),
    lambda: lines.tag_line("a", "t", "a", t=now_us()),
    lambda: lines.tag_line("a", "old", None, t=now_us()),
    lambda: lines.run_line("a", t=now_us(), name="renamed"),
    lambda: lines.run_line("a", t=now_us(), lifecycle_stage="deleted"),
    lambda: lines.run_line("a", t=now_us(), experiment_id="2"),
    lambda: lines.model_link_line("a", "m-1", "output", t=now_us()),
    lambda: lines.model_link_line("a", "m-2", "input", t=now_us()),
    lambda: lines.model_link_line("a", "m-1", "none", t=now_us()),
]


@pytest.mark.parametrize("is_folded", [False, True])
def test_a_line_of_another_process_is_seen(
    store: DuckDBStore, other: OtherProcess, is_folded: bool
) -> None:
    """Whatever it says, in its journal or folded by it."""
    other.tell("append " + begun("a"))
    other.tell("append " + lines.tag_line("a", "old", "here", t=now_us()))
    for line in (make() for make in LINES):
        settle(store)
        other.tell("append " + line)
        if is_folded:
            other.tell("fold")
        with naming(line):
            check(store)


def test_folding_alone_changes_nothing(store: DuckDBStore, other: OtherProcess) -> None:
    """By this process or another: what moves into the file is neither lost nor doubled."""
    for n in range(4):
        other.tell("append " + begun(f"r{n}"))
        store.append(begun(f"s{n}") + point(f"s{n}", n))
        settle(store)
        if n % 2:
            other.tell("fold")
        else:
            store.fold()
        check(store)


@pytest.mark.parametrize("is_folded", [False, True])
def test_a_process_that_dies_ends_its_runs(
    store: DuckDBStore, other: OtherProcess, is_folded: bool
) -> None:
    """Nobody writes a byte: only a lock is free."""
    other.tell("append " + begun("a", writer="<writer>"))
    if is_folded:
        other.tell("fold")
    settle(store)
    assert [str(info.status) for info in store.search_run_columns(RunQuery()).infos] == ["RUNNING"]
    other.kill()
    assert [str(info.status) for info in store.search_run_columns(RunQuery()).infos] == ["KILLED"]
    check(store)


def test_numbers_of_waiting_runs_may_be_given_to_others(store: DuckDBStore, write: Write) -> None:
    """A run that waits has the next number; one that is folded before it takes it."""
    first, second = write(begun("a")), write(begun("b"))
    settle(store)
    names = [path.name for path in (store.folder / "journal").glob("*.jsonl")]
    mine = next(n for n in names if n.startswith(first.writer))
    hidden = store.folder / mine
    (store.folder / "journal" / mine).rename(hidden)  # b is folded, and a is not
    check(store)
    store.fold()
    hidden.rename(store.folder / "journal" / mine)
    second.append(point("b", 3.0))
    check(store)


def test_runs_that_are_removed_for_good_are_gone(store: DuckDBStore, other: OtherProcess) -> None:
    """`nbtrack gc`, in another process; their numbers are given out again."""
    for run in "abc":
        other.tell("append " + begun(run) + "")
        other.tell("append " + point(run, 5.0))
    other.tell("fold")
    settle(store)
    other.tell("remove b c")
    check(store)
    other.tell("append " + begun("d"))
    other.tell("append " + begun("e"))
    other.tell("fold")
    check(store)


def test_a_removed_and_refilled_file_between_two_looks(
    store: DuckDBStore, other: OtherProcess
) -> None:
    """As many rows as before, and the same numbers."""
    for run in "abc":
        other.tell("append " + begun(run))
    other.tell("fold")
    settle(store)
    other.tell("remove c")
    other.tell("append " + begun("d"))
    other.tell("fold")
    check(store)


def test_a_removed_folder_is_empty(store: DuckDBStore, other: OtherProcess) -> None:
    """And one that was made anew has only what was logged since."""
    other.tell("append " + begun("a"))
    other.tell("fold")
    settle(store)
    shutil.rmtree(store.folder)
    check(store)
    assert store.search_run_columns(RunQuery()).infos == []
    other.kill_and_begin_anew()
    other.tell("append " + begun("b"))
    check(store)
    other.tell("fold")
    check(store)


@pytest.mark.parametrize("is_in_place", [False, True])
def test_an_older_copy_of_the_file_is_read(
    store: DuckDBStore, write: Write, is_in_place: bool
) -> None:
    """Put in its place with the times of the newer one, or written over it."""
    journal = write(begun("a"))
    store.fold()
    copy = store.folder / "copy"
    shutil.copy2(store.database, copy)
    journal.append(point("a", 9.0) + begun("b"))
    store.fold()
    settle(store)
    found = store.database.stat()
    store._attachment.close()
    if is_in_place:
        shutil.copyfile(copy, store.database)
    else:
        copy.replace(store.database)
    os.utime(store.database, ns=(found.st_atime_ns, found.st_mtime_ns))
    check(store)


BY_HAND = [
    "update project.stored.tags set value = 'other'",
    "update project.stored.tags set key = 'n'",
    "update project.stored.params set value = 'y'",
    "update project.stored.metrics set value = 9.0",
    "update project.stored.run_events set status = 'FAILED' where status is not null",
    "delete from project.stored.tags",
]


@pytest.mark.parametrize("is_folded", [False, True])
def test_rows_that_somebody_changed_by_hand(
    store: DuckDBStore, write: Write, is_folded: bool
) -> None:
    """With a DuckDB of their own; as many rows, with the same times; and rows folded behind it."""
    journal = write(
        begun("a"),
        lines.tag_line("a", "t", "a", t=now_us()),
        lines.param_line("a", "p", "x", t=now_us()),
        point("a", 1.0),
    )
    store.fold()
    for n, statement in enumerate(BY_HAND):
        settle(store)
        answers(store)
        with store._attachment.open(read_only=False) as connection:
            connection.execute(statement)
        journal.append(begun(f"b{n}"))  # of another run
        if is_folded:
            store.fold()
        with naming(statement):
            check(store)


def test_tables_that_have_become_large(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of theirs the times are compared: rows that were added or removed are seen as before."""
    monkeypatch.setattr(news, "MOST_ROWS_COMPARED", 3)
    for n in range(5):
        store.append(begun(f"run{n}") + point(f"run{n}", n))
        store.fold()
        check(store)
        assert store._kept._news
        assert store._kept._news.marks["metrics"].is_exact == (n < 3)
    store.remove_runs(["run1", "run4"])
    check(store)


def test_two_writes_in_one_tick_of_the_clock(
    store: DuckDBStore, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that was written a moment ago is not believed to be unchanged."""
    journal = write(begun("a"))
    store.fold()
    frozen = store.database.stat()
    real = Path.stat

    def stopped(path: Path, **named: bool) -> os.stat_result:
        return frozen if path == store.database else real(path, **named)

    monkeypatch.setattr(signs, "TICK_SECONDS", 1000.0)  # all of this test is in one of them
    monkeypatch.setattr(Path, "stat", stopped)
    check(store)
    journal.append(point("a", 4.0))
    store.fold()
    check(store)


def test_folds_of_this_process_are_told_from_other_writes(
    store: DuckDBStore, other: OtherProcess
) -> None:
    """Between two of its own stamps rows were added at most; that of another's fold is none."""
    folds = store._own_folds

    def look_after(change: Callable[[], object]) -> signs.FileStamp:
        change()
        time.sleep(0.02)  # the clock of the file system ticks
        return folds.look()

    def own_fold() -> None:
        store.append(begun("a"))
        assert store.fold()

    def other_fold() -> None:
        other.tell("append " + begun("b"))
        other.tell("fold")

    own_fold()
    changes = (own_fold, own_fold, other_fold, own_fold)
    first, second, third, fourth = [look_after(change) for change in changes]
    assert folds.lead(third, fourth, is_settled=True)
    assert not folds.lead(third, fourth, is_settled=False)
    assert not any(folds.lead(each, fourth, is_settled=True) for each in (first, second, fourth))
    fifth, sixth = look_after(own_fold), look_after(own_fold)
    assert folds.lead(fourth, sixth, is_settled=False)
    assert not folds.lead(sixth, fifth, is_settled=True)


def test_a_clock_that_was_set_back(store: DuckDBStore, write: Write) -> None:
    """Lines that are older than what is there are told apart from later ones all the same."""
    journal = write(begun("a"), lines.param_line("a", "p", "new", t=now_us()))
    settle(store)
    journal.append(lines.param_line("a", "p", "old", t=1000) + begun("b").replace('"t":1', '"t":0'))
    check(store)
    store.fold()
    check(store)


def test_a_renamed_experiment_is_found(store: DuckDBStore, other: OtherProcess) -> None:
    """Experiments are not kept."""
    other.tell("append " + lines.experiment_line("7", t=now_us(), name="old", created_us=now_us()))
    settle(store)
    assert store.get_experiment("7").name == "old"
    other.tell("append " + lines.experiment_line("7", t=now_us(), renamed="new"))
    assert store.get_experiment("7").name == "new"


def test_a_forked_child_reads_for_itself(store: DuckDBStore, write: Write) -> None:
    """What its parent kept, and read in the middle of the fork, is not taken over."""
    write(begun("a"))
    settle(store)
    write(begun("b"))
    with store._points._lock:  # as if another thread were at it
        pid = os.fork()
        if pid == 0:
            signal.alarm(20)
            thread = threading.Thread(target=lambda: store.read_series(["a"], ["m"], x="step"))
            thread.start()
            thread.join()
            os._exit(len(store.search_run_columns(RunQuery()).infos))
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 2


def test_an_interrupted_read_is_read_again(
    store: DuckDBStore, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in the middle of catching up leaves nothing half done."""
    journal = write(begun("a"), point("a", 1.0))
    settle(store)
    journal.append(point("a", 2.0) + begun("b"))

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(kept_runs.KeptTable, "drop_values", interrupted)
        with pytest.raises(KeyboardInterrupt):
            store.search_run_columns(RunQuery())
    check(store)


# --- many changes


@pytest.mark.parametrize(("seed", "most_cells"), [(0, kept_runs.MOST_CELLS), (1, 0)])
def test_random_changes_by_two_processes(
    store: DuckDBStore,
    other: OtherProcess,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
    most_cells: int,
) -> None:
    """Whether all keys are kept or only those that were named."""
    monkeypatch.setattr(kept_runs, "MOST_CELLS", most_cells)
    if not most_cells:
        monkeypatch.setattr(kept_runs, "_MANY_ROWS", 0)  # their places in the file are kept too
        monkeypatch.setattr(key_pieces, "BLOCK", 3)
        monkeypatch.setattr(key_pieces, "MOST_ALONE", 2)
    chance = random.Random(seed)
    for _ in range(8):  # a look costs as much as ten changes
        for _ in range(chance.randint(1, 6)):
            change_at_random(chance, store, other)
        check(store)


def change_at_random(chance: random.Random, store: DuckDBStore, other: OtherProcess) -> None:
    kind = chance.choices(list(CHANGES), list(CHANGES.values()))[0]
    if kind == "own line":
        store.append(any_line(chance, store.writer))
    elif kind == "other line":
        other.tell("append " + any_line(chance, "<writer>"))
    elif kind == "own fold":
        store.fold()
    elif kind == "other fold":
        other.tell("fold")
    elif kind == "kill":
        other.kill_and_begin_anew()
    elif kind in ("own gc", "other gc") and not store.database.exists():
        pass
    elif kind == "own gc":
        store.remove_runs([any_run(chance)])
    elif kind == "other gc":
        other.tell(f"remove {any_run(chance)}")
    elif kind == "remove all":
        shutil.rmtree(store.folder, ignore_errors=True)
    else:
        time.sleep(0.05)  # the file settles


def any_run(chance: random.Random) -> str:
    return f"run{chance.randint(0, 7)}"


def any_line(chance: random.Random, writer: str) -> str:
    run = any_run(chance)
    return chance.choice(
        [
            lambda: begun(run, writer=writer),
            lambda: ended(run),
            lambda: point(run, chance.choice([1.0, 3.0, float("nan")]), chance.choice("mn")),
            lambda: lines.param_line(run, "p", chance.choice("xy1"), t=now_us()),
            lambda: lines.tag_line(run, "t", chance.choice(["a", "b", None]), t=now_us()),
            lambda: lines.run_line(
                run, t=now_us(), lifecycle_stage=chance.choice(["active", "deleted"])
            ),
            lambda: lines.run_line(run, t=now_us(), experiment_id=chance.choice("12")),
            lambda: lines.tag_line(run, PARENT_TAG, any_run(chance), t=now_us()),
        ]
    )()
