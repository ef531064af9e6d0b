"""Ctrl-C at any moment of a read: it ends as that, and nothing is worse than before."""

from __future__ import annotations

import duckdb

READ_UNDER_FIRE = """
import random, signal, nbtrack
from nbtrack.recording.session import current_session
with nbtrack.start_run() as run:
    nbtrack.log_metric("m", 1.0)
while not current_session().store.fold():
    pass
signal.signal(signal.SIGALRM, signal.default_int_handler)
random.seed(7)
interrupts, others = 0, set()
while interrupts < 100:
    signal.setitimer(signal.ITIMER_REAL, random.uniform(0.0005, 0.04))
    try:
        for _ in range(100):
            nbtrack.search_runs(output_format="list")
        interrupts += 1  # DuckDB kept it to itself
    except KeyboardInterrupt:
        interrupts += 1
    except Exception as exc:
        others.add(repr(exc))
        break
signal.setitimer(signal.ITIMER_REAL, 0)
print(sorted(others))
print(len(nbtrack.search_runs(output_format="list")))
print("read")
input()
"""


def test_any_number_of_interrupted_reads_spoils_nothing(start, store):
    """Each is a KeyboardInterrupt; the next read answers, and the file is free for others."""
    script = start(READ_UNDER_FIRE)
    assert script.line() == "[]"
    assert script.line() == "1"
    script.wait_for("read")
    with duckdb.connect(str(store.database)) as connection:
        assert connection.execute("select count(*) from runs").fetchall() == [(1,)]
    script.tell()
    script.finish()
