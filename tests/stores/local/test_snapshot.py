"""Reading is one consistent cut: what is folded, and the tails of all journals."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.journal.writing import Journal
from nbtrack.records.runs import RunQuery
from nbtrack.stores.local import snapshot as snapshot_module
from nbtrack.stores.local.duckdb import DuckDBStore

Write = Callable[..., Journal]


def begun(run: str, *, writer: str = "w") -> str:
    return lines.run_line(run, t=now_us(), status="RUNNING", start_us=now_us(), writer=writer)


def point(run: str, step: int) -> str:
    return lines.metric_line(run, "m", float(step), step=step, t=now_us())


def steps(store: DuckDBStore, run: str) -> list[int]:
    return [each.step for each in store.read_metrics(run, "m")]


def test_own_writes_are_read_at_once(store: DuckDBStore) -> None:
    """Nothing has to be folded, flushed or waited for."""
    store.append(begun("a"))
    for n in range(3):
        store.append(point("a", n))
        assert steps(store, "a") == list(range(n + 1))


def test_writes_of_others_are_read_at_once(store: DuckDBStore, write: Write) -> None:
    """Every journal counts, whoever writes it."""
    first, second = write(begun("a")), write(begun("b"))
    first.append(point("b", 1))
    second.append(point("b", 2))
    assert steps(store, "b") == [1, 2]


def test_folded_and_new_lines_are_one_picture(store: DuckDBStore, write: Write) -> None:
    """The latest value may be in the file or in a tail; runs of both are found."""
    journal = write(begun("a"), point("a", 5), lines.param_line("a", "p", "old", t=now_us()))
    store.fold()
    journal.append(point("a", 3) + lines.param_line("a", "p", "new", t=now_us()) + begun("b"))

    found = {run.info.run_id: run.data for run in store.search_runs(RunQuery())}
    assert set(found) == {"a", "b"}
    assert (found["a"].metrics, found["a"].params) == ({"m": 5.0}, {"p": "new"})
    assert steps(store, "a") == [3, 5]


def test_reading_twice_doubles_nothing(store: DuckDBStore, write: Write) -> None:
    """Parsed tails are kept for the next read, and dropped when something has changed."""
    journal = write(begun("a"), point("a", 0))
    for _ in range(2):
        assert steps(store, "a") == [0]
    store.fold()
    for _ in range(2):
        assert steps(store, "a") == [0]
    journal.append(point("a", 1))
    for _ in range(2):
        assert steps(store, "a") == [0, 1]


@pytest.mark.parametrize("seed", range(2))
def test_piece_by_piece_is_as_at_once(store: DuckDBStore, write: Write, seed: int) -> None:
    """Who has looked before parses new lines only, and sees what one sees who looks just now: of
    several writers, with lines torn at any place, and whoever folds meanwhile."""
    chance = random.Random(seed)
    journals, rest = [write(begun(run)) for run in "abc"], ["", "", ""]
    for number in range(30):
        writer, run = chance.randrange(3), chance.choice(["a", "b", f"r{number}"])
        text = rest[writer] + chance.choice([begun, other_facts, damaged])(run) + point(run, number)
        cut = len(text) - chance.choice([0, 0, 5, len(text) // 2])
        put(journals[writer], text[:cut])
        rest[writer] = text[cut:]
        if chance.random() < 0.1:
            store.fold() if chance.random() < 0.5 else folded_by_another(store)
        if chance.random() < 0.4:
            other = DuckDBStore(store.folder)
            assert told(store) == told(other)
            other.close()


def other_facts(run: str) -> str:
    t = now_us()
    return lines.param_line(run, "p", str(t), t=t) + lines.tag_line(run, "k", str(t), t=t)


def damaged(run: str) -> str:
    return f'{{"k":"run","r":"{run}"}}\nno line\n'


def put(journal: Journal, text: str) -> None:
    """As it is, whether lines are whole or not."""
    (path,) = journal.folder.glob(f"{journal.writer}-*.jsonl")
    with open(path, "a") as file:
        file.write(text)


def folded_by_another(store: DuckDBStore) -> None:
    other = DuckDBStore(store.folder)
    other.fold()
    other.close()


def told(store: DuckDBStore) -> object:
    frame = store.query("select line from bad_lines order by all")
    found = {run.info.run_id: (run.info, run.data) for run in store.search_runs(RunQuery())}
    return found, [steps(store, run) for run in "ab"], frame["line"].tolist()


def test_a_read_that_failed_leaves_nothing_behind(
    store: DuckDBStore, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupted while it took in the tails: the next read begins with empty tables."""
    write(begun("a"), point("a", 0))
    insert = snapshot_module.insert_parsed

    def interrupted(*arguments: object, **named: object) -> None:
        insert(*arguments, **named)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(snapshot_module, "insert_parsed", interrupted)
        with pytest.raises(KeyboardInterrupt):
            steps(store, "a")
    assert steps(store, "a") == [0]


def test_a_new_instance_of_duckdb_reads_the_tails_again(store: DuckDBStore, write: Write) -> None:
    """Whether it has the same address in memory or not."""
    write(begun("a"), point("a", 0))
    for _ in range(5):
        assert steps(store, "a") == [0]
        store._attachment.close()


@pytest.mark.parametrize("limit", ["MOST_TAIL_BYTES", "MOST_SEGMENTS"])
def test_a_reader_folds_what_has_grown_too_long(
    store: DuckDBStore, write: Write, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    """By bytes or by number of journals; what it reads is the same."""
    monkeypatch.setattr(snapshot_module, limit, 1)
    write(begun("a"), point("a", 0))
    write(point("a", 1))
    assert steps(store, "a") == [0, 1]
    with store._attachment.open(read_only=True) as connection:
        assert connection.execute("select count(*) from project.stored.metrics").fetchall() == [
            (2,)
        ]


def test_a_project_that_does_not_exist_reads_as_an_empty_one(store: DuckDBStore) -> None:
    """Looking makes nothing."""
    assert store.search_runs(RunQuery()) == []
    assert [each.name for each in store.search_experiments()] == ["Default"]
    assert not store.folder.exists()


def test_a_run_of_a_dead_writer_is_killed_before_it_is_folded(
    store: DuckDBStore, write: Write
) -> None:
    """And runs that have no owner process never are."""
    journal = write()
    journal.append(begun("a", writer=journal.writer) + begun("b", writer="of nobody"))
    journal.append(lines.run_line("c", t=now_us(), status="RUNNING"))
    journal.close()
    status = {run.info.run_id: str(run.info.status) for run in store.search_runs(RunQuery())}
    assert status == {"a": "KILLED", "b": "RUNNING", "c": "RUNNING"}


def test_a_database_made_while_somebody_looks_is_looked_into(
    store: DuckDBStore, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found no file, then no journal: it was folded and deleted between the two looks."""
    write(begun("a"), point("a", 0)).close()
    other = DuckDBStore(store.folder)
    sizes = snapshot_module.reading.segment_sizes

    def others_fold_first(folder: Path) -> dict[str, int]:
        monkeypatch.undo()
        other.fold()
        return sizes(folder)

    monkeypatch.setattr(snapshot_module.reading, "segment_sizes", others_fold_first)
    assert steps(store, "a") == [0]
    other.close()
