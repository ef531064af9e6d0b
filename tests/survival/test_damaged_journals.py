"""Lines that are torn, or no lines of ours at all, cost themselves only."""

from __future__ import annotations

import json
import shutil

import pytest
from script_process import launch

from nbtrack.records.runs import RunQuery
from nbtrack.stores.local.schema import PUBLIC_VIEWS

WRITE = """
import nbtrack
with nbtrack.start_run() as run:
    for n in range(10):
        nbtrack.log_metric("m", float(n), step=n)
    nbtrack.log_param("lr", 0.1)
    print(run.run_id)
    input()
"""
LATEST_MOMENT = 2**63 - 1  # a time that no calendar has
GARBAGE = {
    "binary": bytes(byte for byte in range(256) if byte != 10),
    "NUL": b"\0" * 100,
    "NUL in a good line": b'{"k":"metric","r":"R\0","n":"m","v":1,"s":1,"t":1}',
    "half a line": b'{"k":"metric","r":"RUN","n":"m","v":0.5,"s"',
    "two lines glued": b'{"k":"metric","r":"RUN"{"k":"tag","r":"RUN","n":"a","v":"b","t":1}',
    "text": b"hello",
    "invalid UTF-8": b'{"k":"tag","r":"RUN","n":"\xff\xfe","v":"\xc3","t":1',
    "lone surrogate": rb'{"k":"tag","r":"RUN","n":"a","v":"\ud83d","t":1}',
    "array": b"[1,2,3]",
    "number": b"42",
    "null": b"null",
    "string": b'"metric"',
    "deep": b"[" * 100_000,
    "deep in a good line": b'{"k":"run","r":"RUN","t":1,"x":' + b"[" * 5000 + b"]" * 5000 + b"}",
    "empty object": b"{}",
    "unknown kind": b'{"k":"hologram","r":"RUN","n":"m","v":1,"s":1,"t":1}',
    "kind is a number": b'{"k":7,"r":"RUN","t":1}',
    "kind is an object": b'{"k":{"k":"metric"},"r":"RUN","t":1}',
    "no run": b'{"k":"metric","n":"m","v":1,"s":1,"t":1}',
    "run is an object": b'{"k":"metric","r":{},"n":"m","v":1,"s":"x","t":1}',
    "value is text": b'{"k":"metric","r":"RUN","n":"m","v":"much","s":1,"t":1}',
    "value is a list": b'{"k":"metric","r":"RUN","n":"m","v":[1],"s":1,"t":1}',
    **{
        f"points: {said.decode()}": b'{"k":"points","r":"RUN","n":"m",%s}' % said
        for said in (
            b'"s":1,"t":1,"p":1',
            b'"s":1,"t":1,"p":"[1]"',
            b'"s":1,"t":1,"p":[1]',
            b'"s":1,"t":1',
            b'"s":2,"t":1,"p":{"v":[1,2],"s":[1,2],"d":[0]}',
            b'"s":3,"t":1,"p":{"v":[1,2],"s":[1,2],"d":[0,0]}',
            b'"s":2,"t":1,"p":{"v":[1,null],"s":[1,2],"d":[0,0]}',
            b'"s":1,"t":1,"p":{"v":["much"],"s":[1],"d":[0]}',
            b'"s":1,"t":1,"p":{"v":[1],"s":[99999999999999999999],"d":[0]}',
            b'"s":1,"t":1,"p":{"v":[1],"s":[-9223372036854775808],"d":[0]}',
            b'"s":1,"t":1,"p":{"v":[1],"s":[1],"d":[9223372036854775807]}',
            b'"s":1,"t":1,"p":{"v":{"a":1},"s":"b","d":null}',
            b'"s":0,"t":1,"p":{"v":[],"s":[],"d":[]}',
            b'"t":1,"p":{"v":[1],"s":[1],"d":[0]}',
            b'"s":1,"p":{"v":[1],"s":[1],"d":[0]}',
        )
    },
    "more points than a line may have": b'{"k":"points","r":"RUN","n":"m","s":5000,"t":1,"p":'
    + json.dumps(dict.fromkeys("vsd", [1] * 5000)).encode()
    + b"}",
    "points of no run": b'{"k":"points","n":"m","s":1,"t":1,"p":{"v":[1],"s":[1],"d":[0]}}',
    "points of no key": b'{"k":"points","r":"RUN","s":1,"t":1,"p":{"v":[1],"s":[1],"d":[0]}}',
    "step is text": b'{"k":"metric","r":"RUN","n":"m","v":1,"s":"soon","t":1}',
    "step is too large": b'{"k":"metric","r":"RUN","n":"m","v":1,"s":99999999999999999999,"t":1}',
    "time is text": b'{"k":"metric","r":"RUN","n":"m","v":1,"s":1,"t":"noon"}',
    "time is beyond the calendar": b'{"k":"metric","r":"RUN","n":"m","v":1,"s":1,"t":%d}'
    % LATEST_MOMENT,
    "param beyond the calendar": b'{"k":"param","r":"RUN","n":"m","v":"1","t":%d}' % LATEST_MOMENT,
    "unknown status": b'{"k":"run","r":"RUN","t":%d,"x":{"status":"DANCING"}}' % 2**59,
    "unknown stage": b'{"k":"run","r":"RUN","t":%d,"x":{"lifecycle_stage":"larva"}}' % 2**59,
    "facts are a list": b'{"k":"run","r":"RUN","t":1,"x":[1,2]}',
    "facts are text": b'{"k":"run","r":"RUN","t":1,"x":"FINISHED"}',
    "start beyond the calendar": b'{"k":"run","r":"RUN","t":1,"x":{"start_us":%d,"end_us":-%d}}'
    % (LATEST_MOMENT, LATEST_MOMENT),
    "experiment without id": b'{"k":"experiment","t":1,"x":{"name":"ghost"}}',
    "experiment of no stage": b'{"k":"experiment","n":"0","t":1,"x":{"lifecycle_stage":"egg"}}',
    "experiment tag without key": b'{"k":"exptag","n":"0","v":"1","t":1}',
    "input of nothing": b'{"k":"input","r":"RUN","t":1}',
    "cell beyond the calendar": b'{"k":"cell","r":"RUN","t":1,"x":{"kernel_started":%d}}'
    % LATEST_MOMENT,
    "huge": b'{"k":"param","r":"RUN","n":"big","v":"' + b"x" * (6 << 20),
    "quotes": b"'; drop table stored.metrics; --",
}


@pytest.fixture(scope="module")
def journals(tmp_path_factory):
    """What a killed process has left, and the id of its run."""
    place = tmp_path_factory.mktemp("killed")
    (place / "script.py").write_text(WRITE)
    writer = launch(place / "script.py", cwd=place, NBTRACK_DIR=str(place / ".nbtrack"))
    run_id = writer.line()
    writer.kill()
    return place / ".nbtrack" / "journal", run_id


@pytest.fixture
def run_id(journals, folder):
    """The run in the project, whose journal is what the killed process has left."""
    shutil.copytree(journals[0], folder / "journal")
    return journals[1]


def damage(folder, *garbage: bytes) -> None:
    """Each *garbage* between lines of the one segment that there is."""
    (segment,) = (folder / "journal").glob("*.jsonl")
    found = segment.read_bytes().splitlines(keepends=True)
    for place in (-3, 3, 2, 1):
        found[place:place] = [each + b"\n" for each in garbage]
    segment.write_bytes(b"".join(found))


def assert_all_is_there(store, run_id) -> None:
    assert [point.value for point in store.read_metrics(run_id, "m")] == [
        float(n) for n in range(10)
    ]
    (run,) = [run for run in store.search_runs(RunQuery()) if run.info.run_id == run_id]
    assert run.data.params["lr"] == "0.1"
    assert run.info.status == "KILLED"
    with store._snapshots.open() as connection:
        for view in PUBLIC_VIEWS:
            connection.execute(f"select * from {view}").fetchall()
    assert [each.name for each in store.search_experiments()] == ["Default"]


@pytest.mark.parametrize("kinds", [[*GARBAGE][n::6] for n in range(6)], ids=", ".join)
def test_garbage_stops_nothing(run_id, store, folder, kinds):
    """All good lines around it are read, unfolded and folded, and every view answers."""
    damage(folder, *(GARBAGE[kind].replace(b"RUN", run_id.encode()) for kind in kinds))

    assert_all_is_there(store, run_id)
    assert store.fold()
    assert_all_is_there(store, run_id)


def test_damaged_lines_are_kept_for_a_look(run_id, store, folder):
    """What cannot be understood is in the view `bad_lines`, each once, also after folding."""
    damage(folder, b'{"k":"hologram"}')

    for _ in range(2):
        assert (
            store.query("select line from bad_lines")["line"].tolist() == ['{"k":"hologram"}'] * 4
        )
        store.fold()


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_torn_last_line_costs_itself_only(run_id, store, folder, cut):
    """The end of a write that a kill cut short: the rest is there; the torn part is kept."""
    (segment,) = (folder / "journal").glob("*.jsonl")
    whole = segment.read_bytes()
    torn = b'{"k":"metric","r":"%s","n":"m","v":99,"s":99,"t":1}' % run_id.encode()
    segment.write_bytes(whole + torn[:cut])

    assert_all_is_there(store, run_id)
    store.fold()
    assert_all_is_there(store, run_id)
    assert store.query("select line from bad_lines")["line"].tolist() == [torn[:cut].decode()]
    assert list((folder / "journal").iterdir()) == []


def test_a_huge_line_behind_a_full_hold_is_folded(start, store, folder):
    """What fits into one hold of the file leaves little room; the next line is read whole."""
    script = start(
        """
import nbtrack
from nbtrack.records.runs import Metric
with nbtrack.start_run() as run:
    metrics = [Metric("i", 0.5, 1, i) for i in range(30_000)]
    nbtrack.MlflowClient().log_batch(run.run_id, metrics)
    nbtrack.log_param("big", "x" * (12 << 20))
    nbtrack.MlflowClient().log_batch(run.run_id, metrics)
print(run.run_id)
"""
    )
    (run_id,) = script.finish()
    store.fold()

    assert len(store.get_run(run_id).data.params["big"]) == 12 << 20
    assert len(store.read_metrics(run_id, "i")) == 60_000


def test_a_reader_takes_whole_lines_only(start, store, folder):
    """A line in the middle of being written is not there yet, and is whole when it is."""
    writer = start(WRITE)
    run_id = writer.line()
    (segment,) = (folder / "journal").glob("*.jsonl")
    line = json.dumps({"k": "metric", "r": run_id, "n": "slow", "v": 1.5, "s": 0, "t": 1}) + "\n"
    for place in range(0, len(line), 20):
        with open(segment, "ab") as file:
            file.write(line[place : place + 20].encode())
        store.fold()
        is_whole = place + 20 >= len(line)
        assert len(store.read_metrics(run_id, "slow")) == is_whole
    assert store.query("select * from bad_lines").empty
