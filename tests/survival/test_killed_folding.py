"""SIGKILL of the process that folds, at random moments, with writers and a reader at work."""

from __future__ import annotations

import json
import os
import random
import signal
import time

# A forked child only journals: so it is the folding process that folds, until the end.
WRITER = """
import os, sys, time, nbtrack
from pathlib import Path
stop = Path(sys.argv[1])
if os.fork():
    os.wait()
else:
    run = nbtrack.start_run()
    print(run.run_id)
    n = 0
    while n % 100 or not stop.exists():
        nbtrack.log_metric("i", float(n), step=n)
        n += 1
        if n % 20 == 0:
            time.sleep(0.005)
    nbtrack.end_run()
    print(n)
"""
# A process for each line that it is told; forked, because starting Python takes a second. A line
# is one write (`print` makes two): a process killed between them would join its line to the next.
FOLDING = r"""
import os, sys, time
from pathlib import Path
import duckdb
from nbtrack.stores.local.duckdb import DuckDBStore
parent = os.getpid()
for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        os.write(1, b"%d\n" % os.getpid())
        store = DuckDBStore(Path(sys.argv[1]))
        while os.getppid() == parent:
            store.fold()
            os.write(1, b"folded\n")
            time.sleep(0.01)
        os._exit(0)
    os.waitpid(child, 0)
"""
FOLD_ONCE = """
import sys
from pathlib import Path
from nbtrack.stores.local.duckdb import DuckDBStore
DuckDBStore(Path(sys.argv[1])).fold()
"""
READER = """
import json, sys
from pathlib import Path
from nbtrack.stores.local.duckdb import DuckDBStore
store, stop = DuckDBStore(Path(sys.argv[1])), Path(sys.argv[2])
while not stop.exists():
    with store._snapshots.open() as sql:
        rows = sql.execute("select run_id, count(*), count(distinct step) from metrics group by 1")
        print(json.dumps(rows.fetchall()))
"""


def test_killed_folding_loses_and_doubles_nothing(start, store, folder, tmp_path):
    """Twenty folding processes killed at random: every point is there once, reads never go back."""
    stop = tmp_path / "stop"
    writers = [start(WRITER, stop) for _ in range(4)]
    runs = [writer.line() for writer in writers]
    reader = start(READER, folder, stop)
    snapshots = []
    moments = random.Random(7)
    folding = start(FOLDING, folder)
    for _ in range(20):
        folding.tell()
        process = next(int(line) for line in iter(folding.line, None) if line != "folded")
        folding.wait_for("folded")
        time.sleep(moments.uniform(0.0, 0.15))  # so that it dies in the middle of anything
        os.kill(process, signal.SIGKILL)
        snapshots.append(reader.line())
    stop.touch()
    written = {run: int(writer.finish()[-1]) for run, writer in zip(runs, writers)}
    snapshots += reader.finish()

    seen: dict[str, int] = {}
    for snapshot in map(json.loads, snapshots):
        assert all(count == distinct for _, count, distinct in snapshot)
        counts = {run: count for run, count, _ in snapshot}
        assert all(counts.get(run, 0) >= count for run, count in seen.items())
        seen = counts
    for run, count in written.items():
        assert [point.step for point in store.read_metrics(run, "i")] == list(range(count))


def test_killed_while_making_the_database(start, store, folder):
    """Whatever a process killed in the middle of it leaves behind, the next one makes the file."""
    writer = start("import nbtrack\nprint(nbtrack.start_run().run_id)\ninput()")
    run_id = writer.line()
    writer.kill()
    for name in ("nbtrack.duckdb-0a.new", "nbtrack.duckdb-0a.new.wal", "nbtrack.duckdb.wal"):
        (folder / name).write_bytes(b"half a file")
        os.utime(folder / name, (1, 1))  # a younger one may be somebody's who is making it
    folding = start(FOLD_ONCE, folder)

    folding.finish()
    assert store.get_run(run_id).info.status == "KILLED"
    assert sorted(path.name for path in folder.glob("nbtrack.*")) == ["nbtrack.duckdb"]
