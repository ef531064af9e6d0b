"""The database file is open for milliseconds, and whoever cannot have it is told why."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from nbtrack.errors import StoreBusy, StoreDamaged
from nbtrack.stores.attachment import Attachment, quoted


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
    (attachment.file.parent / "nbtrack.new").write_bytes(b"of a killed process")
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
    """Also when the query was wrong."""
    make_file(attachment)
    with (
        pytest.raises(duckdb.CatalogException),
        attachment.open(read_only=True) as connection,
    ):
        connection.execute("from nowhere")
    with duckdb.connect(str(attachment.file)):
        pass


def test_an_instance_made_by_halves_is_not_used(
    attachment: Attachment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interrupt during the first read does not spoil those after it."""
    from nbtrack.stores import attachment as module

    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(module, "_prepare", interrupted)
        with pytest.raises(KeyboardInterrupt), attachment.open(read_only=True):
            pass
    with attachment.open(read_only=True) as connection:
        assert connection.execute("from runs").fetchall() == []


def test_a_folder_in_place_of_the_file_is_an_error_with_its_name(attachment: Attachment) -> None:
    """Whatever DuckDB says, it comes as one of our errors."""
    from nbtrack.errors import StoreError

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
