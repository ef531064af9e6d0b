"""Journal lines become rows, exactly once."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
from collections.abc import Callable

import duckdb
import pytest

from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.journal.writing import Journal
from nbtrack.recording.experiments import announcement
from nbtrack.records.runs import RunQuery
from nbtrack.stores.local import attachment as attachment_module
from nbtrack.stores.local import fold as fold_module
from nbtrack.stores.local import schema
from nbtrack.stores.local.duckdb import DuckDBStore
from nbtrack.stores.local.schema import PUBLIC_VIEWS

RUN = "0123456789abcdef0123456789abcdef"
Write = Callable[..., Journal]


def points(count: int, *, run: str = RUN, first: int = 0) -> str:
    return "".join(
        lines.metric_line(run, "m", float(n), step=n, t=now_us())
        for n in range(first, first + count)
    )


def begun(writer: str, *, run: str = RUN) -> str:
    now = now_us()
    return lines.run_line(run, t=now, status="RUNNING", start_us=now, writer=writer)


def folded(store: DuckDBStore, query: str) -> list[tuple[object, ...]]:
    """From the database file alone, without what waits in journals."""
    with store._attachment.open(read_only=True) as connection:
        return connection.execute(query).fetchall()


def died(journal: Journal) -> None:
    """What the operating system does for a killed process: its locks are dropped."""
    journal._close_descriptors()
    journal._start_afresh()


def test_a_line_is_folded_once(store: DuckDBStore, write: Write) -> None:
    """However often folding runs, and whatever is added in between."""
    journal = write(points(3))
    assert store.fold()
    assert store.fold()
    journal.append(points(2, first=3))
    assert store.fold()
    query = "select step from project.stored.metrics order by all"
    assert folded(store, query) == [(n,) for n in range(5)]


def test_rows_and_offsets_are_one_transaction(
    store: DuckDBStore, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fold that fails between the two leaves neither."""
    write(points(3))

    def fail(*_: object) -> None:
        raise RuntimeError("killed here")

    with monkeypatch.context() as patched:
        patched.setattr(fold_module, "_store_offsets", fail)
        with pytest.raises(RuntimeError, match="killed here"):
            store.fold()
    assert folded(store, "select count(*) from project.stored.metrics") == [(0,)]
    store.fold()
    assert folded(store, "select count(*) from project.stored.metrics") == [(3,)]


def test_a_journal_folded_and_not_yet_deleted_is_not_folded_again(
    store: DuckDBStore, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the commit and before clearing up: the offsets know."""
    died(write(begun("w"), points(3)))
    with monkeypatch.context() as patched:
        patched.setattr(fold_module, "_clear_up", lambda *_: None)
        store.fold()
    assert len(os.listdir(store.folder / "journal")) == 2
    store.fold()
    assert folded(store, "select count(*) from project.stored.metrics") == [(3,)]
    assert os.listdir(store.folder / "journal") == []


def test_much_is_folded_in_several_holds(
    store: DuckDBStore, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hold takes a part, others may have the file in between; nothing is left in the end."""
    monkeypatch.setattr(fold_module, "HOLD_BYTES", 1000)
    journals = [write(points(100, run=f"{n:032x}")) for n in range(3)]
    died(journals[0])
    holds = []
    commit = fold_module._commit
    monkeypatch.setattr(fold_module, "_commit", lambda *a: (holds.append(1), commit(*a)))
    assert store.fold()

    assert len(holds) > 3
    query = "select count(*), count(distinct (run_key, step)) from project.stored.metrics"
    assert folded(store, query) == [(300, 300)]
    assert len(os.listdir(store.folder / "journal")) == 4


def test_folding_ends_though_others_write_faster(
    store: DuckDBStore, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It folds what waited when it began: a reader must not wait for a busy writer's end."""
    monkeypatch.setattr(fold_module, "HOLD_BYTES", 1000)
    journal = write(points(100))
    clear_up = fold_module._clear_up

    def write_more(*arguments: object) -> None:
        clear_up(*arguments)
        journal.append(points(100, first=1000))

    monkeypatch.setattr(fold_module, "_clear_up", write_more)
    assert store.fold()


def test_who_folds_keeps_others_from_folding(store: DuckDBStore, write: Write) -> None:
    """One at a time; the second one does not wait."""
    from nbtrack.base.locks import held

    write(points(1))
    with held(store.folder / "fold.lock") as is_ours:
        assert is_ours
        assert not store.fold()
    assert store.fold()


def test_a_closed_segment_is_deleted_and_forgotten(store: DuckDBStore, write: Write) -> None:
    """First the file, then its offset: in the other order it could be folded twice."""
    write(points(3)).close()
    store.fold()
    assert list((store.folder / "journal").glob("*.jsonl")) == []
    assert len(folded(store, "from project.stored.segments")) == 1
    store.fold()
    assert folded(store, "from project.stored.segments") == []
    assert folded(store, "select count(*) from project.stored.metrics") == [(3,)]


def test_a_dead_writers_runs_are_killed(store: DuckDBStore, write: Write) -> None:
    """At the last moment anything was heard of them; runs of others and ended ones stay."""
    journal = write()
    ended, other = "a" * 32, "b" * 32
    journal.append(begun(journal.writer) + begun(journal.writer, run=ended) + begun("x", run=other))
    last = now_us() + 5
    journal.append(lines.run_line(ended, t=last, status="FINISHED", end_us=last))
    journal.append(lines.metric_line(RUN, "m", 1.0, step=0, t=last))
    died(journal)
    store.fold()

    query = "select run_id, status, end_us from project.current.runs order by run_id"
    assert folded(store, query) == [
        (RUN, "KILLED", last),
        (ended, "FINISHED", last),
        (other, "RUNNING", None),
    ]


def test_a_run_without_points_ends_when_it_was_last_changed(
    store: DuckDBStore, write: Write
) -> None:
    """Not at the moment when somebody found the body."""
    journal = write()
    journal.append(begun(journal.writer))
    died(journal)
    store.fold()
    ((start, end),) = folded(store, "select start_us, end_us from project.current.runs")
    assert start == end


def test_a_run_that_another_process_resumed_is_not_killed(store: DuckDBStore, write: Write) -> None:
    """The new owner is alive; what the dead one said of itself no longer counts."""
    first, second = write(), write()
    first.append(begun(first.writer))
    second.append(lines.run_line(RUN, t=now_us(), status="RUNNING", writer=second.writer))
    died(first)
    store.fold()
    assert folded(store, "select status from project.current.runs") == [("RUNNING",)]


def test_a_torn_end_is_kept_as_a_bad_line(store: DuckDBStore, write: Write) -> None:
    """Of a dead writer only: a living one may be about to finish it."""
    dead, alive = write(points(1)), write(points(1, run="c" * 32))
    for journal in (dead, alive):
        journal.append('{"k":"metric"')
    died(dead)
    store.fold()
    assert folded(store, "select line from project.stored.bad_lines") == [('{"k":"metric"',)]
    assert len(list((store.folder / "journal").glob("*.jsonl"))) == 1


def test_run_keys_are_given_once(store: DuckDBStore, write: Write) -> None:
    """A run known from one journal keeps its number when another one tells of it."""
    write(points(1), points(1, run="d" * 32))
    store.fold()
    write(points(1, run="e" * 32), points(1))
    store.fold()
    found = folded(store, "select run_key, run_id from project.stored.run_keys order by 1")
    assert [key for key, _ in found] == [1, 2, 3]
    assert len({run for _, run in found}) == 3


def test_a_folder_that_is_gone_has_nothing_to_fold(store: DuckDBStore) -> None:
    """Folding does not make a project of nothing."""
    assert store.fold()
    assert not store.folder.exists()


def test_folding_keeps_the_project_out_of_git(store: DuckDBStore, write: Write) -> None:
    """A .gitignore inside of the folder, so that the repository needs no change."""
    write(points(1))
    store.fold()
    assert (store.folder / ".gitignore").read_text() == "*\n"


def test_a_run_that_announces_its_experiment_again_says_nothing_new(
    store: DuckDBStore, write: Write
) -> None:
    """One row per experiment, not per run, and its last update is not each run's beginning."""
    first = announcement("7", "mine")
    journal = write(first, announcement("7", "mine"), announcement("8", "other"))
    assert store.fold()
    journal.append(announcement("7", "mine"))
    journal.append(lines.experiment_line("8", t=now_us(), renamed="new name"))
    assert store.fold()

    query = "select experiment_id, name, renamed from project.stored.experiment_events order by all"
    assert folded(store, query) == [
        ("7", "mine", None),
        ("8", "other", None),
        ("8", None, "new name"),
    ]
    found = store.get_experiment("7")
    assert found.last_update_time == found.creation_time == json.loads(first)["t"] // 1000
    assert store.get_experiment("8").name == "new name"


def test_the_views_can_be_read_under_any_name(store: DuckDBStore, write: Write) -> None:
    """Another program attaches the file as it likes."""
    write(begun("w"), points(1))
    assert store.fold()
    with duckdb.connect() as connection:
        connection.execute(f"attach '{store.database}' as mine (read_only)")
        for view in PUBLIC_VIEWS:
            connection.execute(f"select * from mine.{view}").fetchall()
        assert connection.execute("select count(*) from mine.runs").fetchall() == [(1,)]


def test_operators_that_duckdb_versions_bind_differently_stand_in_parentheses() -> None:
    """1.5 reads `x->>'key' is null` as `x->>('key' is null)`."""
    statements = " ".join([schema.PARSE, *schema.INSERTS.values()])
    assert "->>" in statements
    assert re.findall(r"(?<!\()x->>", statements) == []


def test_a_step_that_is_none_is_a_bad_line(store: DuckDBStore, write: Write) -> None:
    """The least of all integers overflows where steps are compared."""
    bad = lines.metric_line(RUN, "z", 1.0, step=-(2**63), t=now_us())
    least = lines.metric_line(RUN, "y", 1.0, step=-(2**63) + 1, t=now_us())
    write(begun("w"), bad, least)
    for _ in range(2):
        assert store.get_run(RUN).data.metrics == {"y": 1.0}
        assert store.query("select line from bad_lines")["line"].tolist() == [bad.strip()]
        assert store.fold()


def test_a_file_that_holds_a_step_that_is_none_is_read(store: DuckDBStore, write: Write) -> None:
    """An earlier version may have let it in."""
    write(begun("w"))
    assert store.fold()
    with duckdb.connect(str(store.database)) as connection:
        connection.execute(f"insert into stored.metrics values (1, 'z', 1, {-(2**63)}, 1)")
    assert store.get_run(RUN).data.metrics == {"z": 1.0}
    assert len(store.search_runs(RunQuery())) == 1


def test_without_locks_folding_goes_on_and_deletes_only_what_was_closed(
    store: DuckDBStore, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database's own lock is what is left; a writer that nobody can judge keeps its files."""

    def flock(*_: object) -> None:
        raise OSError(errno.ENOSYS, "no locks here")

    monkeypatch.setattr(fcntl, "flock", flock)
    journal = write(begun("w"), points(3))
    died(journal)
    assert store.fold()
    assert store.get_run(RUN).info.status == "RUNNING"
    assert len(list(journal.folder.glob("*.jsonl"))) == 1
    closed = write(points(2, first=3))
    closed.close()
    assert store.fold()
    assert len(list(journal.folder.glob("*.jsonl"))) == 1
    assert len(store.read_metrics(RUN, "m")) == 5


def test_of_two_databases_made_at_once_the_first_stays(store: DuckDBStore, write: Write) -> None:
    """Where there are no locks, the second one must not replace what the first has taken in."""
    write(begun("w"))
    assert store.fold()
    late = store.database.with_suffix(".late")
    with duckdb.connect(str(late)):
        pass
    before = store.database.stat()
    attachment_module._place(late, store.database)
    assert os.path.samestat(before, store.database.stat())
    assert store.get_run(RUN).info.run_id == RUN
