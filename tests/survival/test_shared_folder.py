"""A project that several people write: its mode says so, and nobody's umask takes it back."""

from __future__ import annotations

import os
import signal
import stat

LOG = """
import os, sys
os.umask(0o077)
import nbtrack
from nbtrack.recording.session import current_session
with nbtrack.start_run():
    nbtrack.log_metric("m", 1.0)
    while not current_session().store.fold():
        pass
    print("logged")
    input()
"""


def test_what_a_private_umask_makes_can_be_used_by_the_group(start, folder):
    """Lock, journal, fold lock and database take over who may read and write the folder."""
    folder.mkdir(parents=True)
    folder.chmod(0o775)
    script = start(LOG)
    script.wait_for("logged")

    made = [path for path in folder.rglob("*") if path.name != ".gitignore"]
    assert {path.suffix for path in made} >= {".lock", ".jsonl", ".duckdb"}
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in made}
    wanted = {path.name: 0o775 if path.is_dir() else 0o664 for path in made}
    assert modes == wanted
    script.tell()
    script.finish()


READ = """
import ctypes
header = (ctypes.c_uint32 * 2)(0x20080522, 0)
assert ctypes.CDLL(None).capset(header, (ctypes.c_uint32 * 6)()) == 0
import nbtrack
print([run.info.status for run in nbtrack.search_runs(output_format="list")])
"""


def test_a_lock_that_may_not_be_opened_says_nothing_of_its_owner(start, folder):
    """Reading goes on, and a run whose process nobody can judge is not ended."""
    script = start(LOG)
    script.wait_for("logged")
    for lock in (folder / "journal").glob("*.lock"):
        lock.chmod(0)
    assert start(READ).finish() == ["[<RunStatus.RUNNING: 'RUNNING'>]"]
    script.tell()
    script.finish()


def test_a_journal_that_may_not_be_read_keeps_nobody_from_the_others(start, folder):
    """Its runs are not shown, and that is said."""
    script = start(LOG)
    script.wait_for("logged")
    os.kill(script.pid, signal.SIGSTOP)  # or it may fold that line itself, which it can read
    (segment,) = (folder / "journal").glob("*.jsonl")
    with open(segment, "a") as file:
        file.write("not folded yet\n")
    segment.chmod(0)
    reader = start(READ)
    assert reader.finish() == ["[<RunStatus.RUNNING: 'RUNNING'>]"]
    assert "may not be read by you" in reader.errors()
    os.kill(script.pid, signal.SIGCONT)
    script.tell()
    script.finish()
