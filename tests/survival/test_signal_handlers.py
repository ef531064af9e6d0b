"""A signal handler that logs, in the middle of everything."""

from __future__ import annotations

LOG_IN_HANDLER = """
import signal, nbtrack
run = nbtrack.start_run()
nbtrack.log_metric("first", 0.0)  # nobody can wait in a handler for an import to end
ticks = 0
def tick(*_):
    global ticks
    nbtrack.log_metric("tick", float(ticks), step=ticks)
    ticks += 1
    signal.setitimer(signal.ITIMER_REAL, 0.0002)
signal.signal(signal.SIGALRM, tick)
signal.setitimer(signal.ITIMER_REAL, 0.0002)
n = 0
while ticks < 1000 or n < 20_000:
    nbtrack.log_metric("loop", float(n), step=n)
    n += 1
signal.signal(signal.SIGALRM, signal.SIG_IGN)
print(run.run_id, n, ticks)
"""

RUN_IN_HANDLER = """
import faulthandler, signal, nbtrack
faulthandler.dump_traceback_later(50, exit=True)  # a deadlock
ticks = 0
def tick(*_):
    global ticks
    ticks += 1
    with nbtrack.start_run(nested=True, run_name="tick"):
        nbtrack.log_metric("m", float(ticks))
    signal.setitimer(signal.ITIMER_REAL, 0.0005)
signal.signal(signal.SIGALRM, tick)
n = 0
with nbtrack.start_run():
    nbtrack.log_metric("first", 0.0)
    signal.setitimer(signal.ITIMER_REAL, 0.0005)
    while ticks < 300 or n < 300:
        n += 1
        with nbtrack.start_run(nested=True, run_name="loop"):
            nbtrack.log_metric("m", float(n))
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
print(n, ticks)
"""

END_AT_SIGTERM = """
import signal, sys, nbtrack
def stop(*_):
    nbtrack.log_metric("last", 1.0)
    nbtrack.end_run("KILLED")
    sys.exit(3)
signal.signal(signal.SIGTERM, stop)
run = nbtrack.start_run()
nbtrack.log_metric("m", 0.0)
print(run.run_id)
while True:
    nbtrack.log_metric("m", 1.0)
"""


def test_a_handler_that_logs_neither_blocks_nor_loses(start, store):
    """Points of the loop and of the handler are all there, in order, each once."""
    (line,) = start(LOG_IN_HANDLER).finish()
    run_id, loops, ticks = line.split()

    for key, count in ("loop", int(loops)), ("tick", int(ticks)):
        points = store.read_metrics(run_id, key)
        assert [point.step for point in points] == list(range(count))
        assert [point.value for point in points] == [float(n) for n in range(count)]


def test_a_handler_that_opens_and_ends_runs_does_not_block(start, store):
    """It may interrupt the opening and ending of another run."""
    (line,) = start(RUN_IN_HANDLER).finish()
    loops, ticks = map(int, line.split())

    with store._snapshots.open() as connection:
        found = connection.execute(
            "select run_name, count(*), count(distinct value) from runs"
            " join metrics using (run_id) where key = 'm' and status = 'FINISHED'"
            " group by 1 order by 1"
        ).fetchall()
    assert found == [("loop", loops, loops), ("tick", ticks, ticks)]


def test_a_sigterm_handler_ends_the_run(start, store):
    """The usual clean-up at SIGTERM: its last point and the status it gave are there."""
    script = start(END_AT_SIGTERM)
    run_id = script.line()
    script.process.terminate()
    script.finish(code=3)

    run = store.get_run(run_id)
    assert run.info.status == "KILLED"
    assert run.data.metrics["last"] == 1.0
