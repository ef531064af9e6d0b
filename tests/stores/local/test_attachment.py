"""The database file is open for milliseconds, and whoever cannot have it is told why."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest

from nbtrack.errors import StoreBusy, StoreDamaged, StoreError
from nbtrack.journal.lines import now_us, run_line
from nbtrack.records.runs import RunQuery
from nbtrack.stores.local import instances, migrations
from nbtrack.stores.local.attachment import Attachment
from nbtrack.stores.local.duckdb import DuckDBStore
from nbtrack.stores.local.instances import quoted


@pytest.fixture
def attachment(tmp_path: Path) -> Iterator[Attachment]:
    opened = Attachment(tmp_path / "nbtrack.duckdb")
    yield opened
    opened.close()


def make_file(attachment: Attachment) -> None:
    with attachment.open(read_only=False):
        pass


def test_between_two_blocks_the_file_is_free(attachment: Attachment) -> None:
    """Another program may open it for writing."""
    make_file(attachment)
    with attachment.open(read_only=True):
        pass
    with duckdb.connect(str(attachment.file)) as connection:
        assert connection.execute("select count(*) from runs").fetchall() == [(0,)]


def test_reading_does_not_make_the_file(attachment: Attachment) -> None:
    """A file that is not there reads as an empty one."""
    with attachment.open(read_only=True) as connection:
        assert connection.execute("from project.stored.metrics").fetchall() == []
    assert not attachment.file.exists()


def test_the_file_appears_whole(attachment: Attachment) -> None:
    """Made under another name, of which nothing is left, nor of what a deleted file left."""
    (attachment.file.parent / "nbtrack.duckdb.wal").write_bytes(b"of a deleted file")
    killed = attachment.file.parent / "nbtrack.duckdb-0a.new"
    killed.write_bytes(b"of a killed process")
    os.utime(killed, (1, 1))
    make_file(attachment)
    assert os.listdir(attachment.file.parent) == ["nbtrack.duckdb"]


def test_the_file_can_be_read_by_an_older_duckdb(attachment: Attachment) -> None:
    """The storage format is that of 1.5, whatever version makes it."""
    make_file(attachment)
    with duckdb.connect(str(attachment.file), read_only=True) as connection:
        ((tags,),) = connection.execute(
            "select tags from duckdb_databases() where database_name = 'nbtrack'"
        ).fetchall()
    assert tags["storage_version"].startswith("v1.5")


def test_another_thread_waits_its_turn(attachment: Attachment) -> None:
    """For as long as it is patient; then it is told that a thread of this process is reading."""
    make_file(attachment)
    problems: list[str] = []

    def read() -> None:
        try:
            with attachment.open(read_only=True, timeout=0.01):
                pass
        except StoreBusy as exc:
            problems.append(str(exc))

    with attachment.open(read_only=True):
        thread = threading.Thread(target=read)
        thread.start()
        thread.join()
    assert len(problems) == 1
    assert "thread" in problems[0]


def test_an_error_in_the_block_frees_the_file(attachment: Attachment) -> None:
    """Also when the query was wrong; it comes as one of our errors."""
    make_file(attachment)
    with (
        pytest.raises(StoreError, match="nowhere"),
        attachment.open(read_only=True) as connection,
    ):
        connection.execute("from nowhere")
    with duckdb.connect(str(attachment.file)):
        pass


def test_an_instance_made_by_halves_is_not_used(
    attachment: Attachment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interrupt during the first read does not spoil those after it."""

    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    instances._close_spare()
    with monkeypatch.context() as patched:
        patched.setattr(migrations, "create_bare_tables", interrupted)
        with pytest.raises(KeyboardInterrupt), attachment.open(read_only=True):
            pass
    with attachment.open(read_only=True) as connection:
        assert connection.execute("from runs").fetchall() == []


def test_the_next_store_finds_nothing_of_the_last(tmp_path: Path) -> None:
    """Though they have one instance: neither rows, nor its place, nor what it put aside."""
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        store = DuckDBStore(folder)
        assert store.search_runs(RunQuery()) == []
        store.append(run_line(folder.name, t=now_us(), status="RUNNING", start_us=now_us()))
        (run,) = store.search_runs(RunQuery())
        assert run.info.artifact_uri == str(folder / "artifacts" / folder.name)
        assert store._attachment._connection is not None
        held = store._attachment._connection
        store.close()
        assert instances._spare[-1] is held
        assert held.execute("from duckdb_tables() where temporary").fetchall() == []
        assert held.execute("from tail.run_events").fetchall() == []


def test_a_folder_in_place_of_the_file_is_an_error_with_its_name(attachment: Attachment) -> None:
    """Whatever DuckDB says, it comes as one of our errors."""
    attachment.file.mkdir()
    with pytest.raises(StoreError, match=r"nbtrack\.duckdb"), attachment.open(read_only=True):
        pass


def test_damage_seen_by_a_query_is_named_as_that(attachment: Attachment) -> None:
    """Blocks are looked at when they are read, long after the file was attached."""
    make_file(attachment)
    with pytest.raises(StoreDamaged, match="Move it away"), attachment.open(read_only=True):
        raise duckdb.Error("Corrupt database file: computed checksum 1 does not match 2")


@pytest.mark.parametrize("text", ["plain", "it's", "a''b", "'; drop table x; --", ""])
def test_quoted_text_is_one_literal(text: str) -> None:
    """For the statements that take no parameters."""
    assert duckdb.execute(f"select {quoted(text)}").fetchall() == [(text,)]


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    """With the cure, and also where it is further up."""
    in_the_way = tmp_path / ".nbtrack"
    in_the_way.write_text("")

    for file in (in_the_way / "nbtrack.duckdb", in_the_way / "deeper" / "nbtrack.duckdb"):
        opened = Attachment(file)
        with (
            pytest.raises(StoreError, match=f"{in_the_way} is a file.*Move the file away"),
            opened.open(read_only=True),
        ):
            pass
        opened.close()


def interrupted_after(step: Callable[..., object]) -> Callable[..., None]:
    def interrupted(*arguments: object, **named: object) -> None:
        step(*arguments, **named)
        raise KeyboardInterrupt

    return interrupted


@pytest.mark.parametrize("step", ["_execute_when_free", "_instance", "_detach", "_drop"])
def test_an_interrupt_leaves_nothing_attached(
    attachment: Attachment, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """A Ctrl-C right after any step: another program has the file at once, and we read on."""
    make_file(attachment)
    for _ in range(2):
        with monkeypatch.context() as patched:
            if step == "_drop":  # in the block; letting go is interrupted, too
                patched.setattr(attachment, step, interrupted_after(attachment._drop))
            else:
                patched.setattr(attachment, step, interrupted_after(getattr(attachment, step)))
            with pytest.raises(KeyboardInterrupt), attachment.open(read_only=True):
                raise KeyboardInterrupt
        with duckdb.connect(str(attachment.file)):
            pass
        with attachment.open(read_only=True) as connection:
            assert connection.execute("from runs").fetchall() == []


def test_an_interrupt_before_the_file_exists_leaves_nothing_attached(
    attachment: Attachment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands for the missing file is let go as the file would be."""
    with monkeypatch.context() as patched:
        patched.setattr(instances, "attach_nothing", interrupted_after(instances.attach_nothing))
        with pytest.raises(KeyboardInterrupt), attachment.open(read_only=True):
            pass
    make_file(attachment)
    with attachment.open(read_only=True) as connection:
        assert connection.execute("from runs").fetchall() == []


@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_what_stands_for_the_missing_file_gives_way_to_it(
    attachment: Attachment, error: type[BaseException] | None
) -> None:
    """It is kept from one look to the next, whatever ended the look, and not in a new instance."""
    for _ in range(2):
        with suppress(ValueError, KeyboardInterrupt), attachment.open(read_only=True) as connection:
            assert connection.execute("from runs").fetchall() == []
            if error is not None:
                raise error
    attachment.close()
    with attachment.open(read_only=True) as connection:
        assert connection.execute("from runs").fetchall() == []
    make_file(attachment)
    with attachment.open(read_only=True) as connection:
        named = connection.execute("select path from duckdb_databases() where path is not null")
        assert named.fetchall() == [(str(attachment.file),)]


def test_an_instance_that_something_hangs_on_is_no_damage(
    attachment: Attachment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is told to move a healthy file away."""
    make_file(attachment)
    taken = duckdb.BinderException('database with name "project" already exists')
    monkeypatch.setattr(attachment, "_instance", lambda: Failing(taken))
    with pytest.raises(StoreError) as caught, attachment.open(read_only=True):
        pass
    assert not isinstance(caught.value, StoreDamaged)


class Failing:
    """In place of a connection: whatever is executed fails like this."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def execute(self, _: str) -> None:
        raise self._error


def test_a_thread_in_the_middle_of_reading_is_told_so(attachment: Attachment) -> None:
    """And the read that it is in the middle of goes on."""
    make_file(attachment)
    with attachment.open(read_only=True) as connection:
        with pytest.raises(StoreBusy, match="This thread"), attachment.open(read_only=True):
            pass
        assert connection.execute("from runs").fetchall() == []


def test_a_query_that_the_user_stops_ends_as_that(attachment: Attachment) -> None:
    """DuckDB makes a RuntimeError of a Ctrl-C, which the user's code would take for a fault."""
    make_file(attachment)
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(KeyboardInterrupt), attachment.open(read_only=True) as connection:
            # Half a second: DuckDB looks for a Ctrl-C when a piece of work is done, as this is.
            connection.execute(
                "select count(*) from range(10000) a, range(10000) b where a.range * b.range = 7"
            )
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    with attachment.open(read_only=True) as connection:
        assert connection.execute("from runs").fetchall() == []


@pytest.mark.parametrize("name", ["ResourceInUseException", "nothing"])
def test_a_file_in_use_is_known_as_that_by_any_duckdb(
    attachment: Attachment, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Older ones do not have the exception that newer ones raise."""
    if name == "ResourceInUseException":
        monkeypatch.delattr(duckdb, name, raising=False)
    make_file(attachment)
    conflict = duckdb.IOException(f'Could not set lock on file "{attachment.file}"')
    monkeypatch.setattr(attachment, "_instance", lambda: Failing(conflict))
    with pytest.raises(StoreBusy), attachment.open(read_only=True, timeout=0.01):
        pass
