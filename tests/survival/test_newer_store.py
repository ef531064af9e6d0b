"""A database file written by a newer nbtrack, or by a newer DuckDB."""

from __future__ import annotations

import pytest

from nbtrack.errors import StoreTooNew
from nbtrack.records.runs import RunQuery
from nbtrack.stores.local.duckdb import DuckDBStore

LOG = """
import nbtrack
nbtrack.set_experiment("new")
with nbtrack.start_run() as run:
    nbtrack.log_metric("m", 1.0)
print(run.run_id)
"""


@pytest.fixture
def newer(start, store):
    """A project with one folded run, whose file a later nbtrack has brought up to date."""
    import duckdb

    start(LOG).finish()
    with duckdb.connect(str(store.database)) as connection:
        connection.execute("insert into migrations values (999, 'later', '9.9.0', 0)")
    return store


def test_reading_says_which_version_to_install(newer):
    """The message has the version and the command; logging is not in danger."""
    with pytest.raises(StoreTooNew, match=r"9\.9\.0.*pip install 'nbtrack>=9\.9\.0'.*Logging goes"):
        newer.search_runs(RunQuery())


def test_logging_goes_on(start, newer):
    """An old process writes its journal and changes nothing in the newer file."""
    import duckdb

    script = start(LOG)
    (run_id,) = script.finish()

    assert "Your code goes on" in script.errors()
    with duckdb.connect(str(newer.database)) as connection:
        assert connection.execute("select count(*) from runs").fetchone() == (1,)
        connection.execute("delete from migrations where number = 999")  # the upgrade, as it were
    assert newer.get_run(run_id).data.metrics == {"m": 1.0}
    assert len(newer.search_runs(RunQuery())) == 2


def test_a_file_of_a_newer_duckdb_is_not_called_damaged(start, store):
    """The cure is to upgrade DuckDB, not to move the file away."""
    start(LOG).finish()
    written = bytearray(store.database.read_bytes())
    written[12] = 250  # the version number of the storage format, behind the magic bytes
    _correct_checksum(written)
    store.database.write_bytes(written)

    with pytest.raises(StoreTooNew, match="pip install --upgrade duckdb"):
        DuckDBStore(store.folder).search_runs(RunQuery())


def _correct_checksum(file: bytearray) -> None:
    """DuckDB tells the checksum it expects: each attempt corrects the header's."""
    import re
    import tempfile
    from pathlib import Path

    import duckdb

    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.duckdb"
        copy.write_bytes(file)
        try:
            duckdb.connect(str(copy), read_only=True).close()
        except duckdb.Error as exc:
            if found := re.search(r"computed checksum (\d+)", str(exc)):
                file[:8] = int(found.group(1)).to_bytes(8, "little")
