"""What a server refuses of somebody whose role is for some experiments only: it is kept, and all
else goes on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nbtrack.api.client import MlflowClient
from nbtrack.artifact_store.opening import open_artifacts, open_local
from nbtrack.cli.main import main
from nbtrack.errors import InvalidValue, NotAllowed
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.journal.reading import segment_sizes
from nbtrack.records.runs import RunQuery, ViewType
from nbtrack.remote.outbox import Outbox
from nbtrack.remote.refused_lines import Placed, RefusedLines, nothing
from nbtrack.remote.store import RemoteStore
from nbtrack.server.grants import EXPERIMENT, Grant
from nbtrack.server.roles import Role
from nbtrack.server.users import Users
from nbtrack.stores.local.duckdb import DuckDBStore
from tests.remote.test_remote_store import wait_until
from tests.support.team_server import TeamServer

Machine = Callable[[str], RemoteStore]
MINE, OTHERS = "mine", "of others"


@pytest.fixture
def experiments(server: TeamServer) -> dict[str, str]:
    """Ids by name; made where the server keeps them."""
    client = MlflowClient((server.folder / ".nbtrack").as_uri())
    found = {name: client.create_experiment(name) for name in (MINE, OTHERS)}
    client._store.flush()
    return found


@pytest.fixture
def bob(server: TeamServer, monkeypatch: pytest.MonkeyPatch) -> Users:
    """Who this machine is; he logs to one of them."""
    users = Users(server.folder / ".nbtrack")
    grant = Grant(kind=EXPERIMENT, name=MINE, role=Role.EDITOR)
    monkeypatch.setenv("NBTRACK_TOKEN", users.add("bob", None, grants=[grant]))
    return users


@pytest.fixture
def there(server: TeamServer) -> Iterator[DuckDBStore]:
    opened = DuckDBStore(server.folder / ".nbtrack")
    yield opened
    opened.close()


def begin(store: DuckDBStore, experiment_id: str) -> str:
    run_id = os.urandom(16).hex()
    facts = {"experiment_id": experiment_id, "status": "RUNNING", "start_us": now_us()}
    store.append(lines.run_line(run_id, t=now_us(), writer=store.writer, **facts))
    return run_id


def point(store: RemoteStore, run_id: str, step: int) -> None:
    store.append(lines.metric_line(run_id, "m", step / 2, step=step, t=now_us()))


def write(store: RemoteStore, run_id: str, text: str) -> None:
    (file,) = [open_local(f"{store.folder}/artifacts/{run_id}").write("a.txt", text.encode())]
    told = lines.artifact_line(run_id, file.path, file.sha256, size=file.file_size, t=now_us())
    store.append(told)


def all_sent(store: RemoteStore) -> bool:
    return store.ship() and not (store.outbox.waiting_lines() or store.outbox.waiting_files())


def refusal(store: RemoteStore) -> str:
    """Nothing while another thread sends."""
    try:
        store.ship()
    except InvalidValue as exc:
        return str(exc)
    return ""


def steps(store: DuckDBStore, run_id: str) -> list[int]:
    return [each.step for each in store.read_metrics(run_id, "m")]


@pytest.mark.usefixtures("bob")
def test_a_refused_run_holds_up_no_others(
    machine: Machine,
    experiments: dict[str, str],
    there: DuckDBStore,
    bob: Users,
    server: TeamServer,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of one process, in turns; what was refused is there once he may, each point once."""
    store = machine("a")
    refused, good = begin(store, experiments[OTHERS]), begin(store, experiments[MINE])
    for step in range(300):
        point(store, refused, step)
        point(store, good, step)
    write(store, refused, "refused")
    write(store, good, "good")
    wait_until(lambda: all_sent(store))
    for step in (300, 301):
        point(store, refused, step)
        point(store, good, step)
    wait_until(lambda: all_sent(store))

    assert steps(there, good) == [*range(302)]
    assert open_artifacts(there.get_run(good).info.artifact_uri).read("a.txt") == b"good"
    every = there.search_runs(RunQuery(view_type=ViewType.ALL))
    assert [run.info.run_id for run in every] == [good]
    assert caplog.text.count(f"refuses what was logged to {refused!r}") == 1
    assert "takes the role editor" in caplog.text
    assert store.absence == "304 lines refused by the server"
    assert steps(store, refused) == [*range(302)]  # what this machine knows
    theirs = begin(there, experiments[OTHERS])
    with pytest.raises(NotAllowed):  # it is there, so nobody takes it for deleted
        store.get_run(theirs)
    with monkeypatch.context() as patched:
        patched.setenv("NBTRACK_SERVERS_DIR", str(store.folder.parent))
        assert main(["sync", server.address]) == 1

    bob.grant("bob", [Grant(kind=EXPERIMENT, name=OTHERS, role=Role.EDITOR)])
    later = machine("a")
    wait_until(lambda: all_sent(later))
    assert steps(there, refused) == [*range(302)]
    assert open_artifacts(there.get_run(refused).info.artifact_uri).read("a.txt") == b"refused"
    assert later.absence == ""
    assert steps(there, good) == [*range(302)]


def test_a_line_that_is_too_long_holds_up_nothing(
    machine: Machine,
    experiments: dict[str, str],
    there: DuckDBStore,
    bob: Users,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is said which it is, and what to do; of one that may log to all it is sent in parts."""
    store = machine("a")
    run_id = begin(store, experiments[MINE])
    point(store, run_id, 0)
    store.append(lines.param_line(run_id, "prompt", "é" * 6_000_000, t=now_us()))
    point(store, run_id, 1)
    wait_until(lambda: all_sent(store))

    assert steps(there, run_id) == [0, 1]
    assert there.get_run(run_id).data.params == {}
    assert store.outbox.refused_lines() == 1
    assert len(store.get_run(run_id).data.metrics) == 1
    assert f"the param 'prompt' of {run_id!r} takes 11.4 MiB" in caplog.text
    assert "(log_text)" in caplog.text

    monkeypatch.setenv("NBTRACK_TOKEN", bob.add("bob.for.all", Role.EDITOR))
    later = machine("a")
    wait_until(lambda: all_sent(later))
    assert len(there.get_run(run_id).data.params["prompt"]) == 6_000_000
    assert later.outbox.refused_lines() == 0


DAMAGED = ("\0", '["x"]', '{"a": 1}', "[" * 100_000)


def test_a_long_line_that_says_nothing_holds_up_nothing(
    machine: Machine, experiments: dict[str, str], there: DuckDBStore, bob: Users
) -> None:
    """The power failed, and the file system has filled it with zeros."""
    del bob
    store = machine("a")
    run_id = begin(store, experiments[MINE])
    store._shipper.close()
    for each in DAMAGED:
        store.append(each + (" " if each[-1] in "]}" else each[0]) * (9 << 20) + "\n")
    point(store, run_id, 1)

    assert store.ship()
    assert steps(there, run_id) == [1]
    assert store.outbox.refused_lines() == len(DAMAGED)


def test_a_journal_that_is_refused_holds_up_no_others(
    machine: Machine, experiments: dict[str, str], there: DuckDBStore
) -> None:
    """Whoever sends it."""
    store = machine("a")
    run_id = begin(store, experiments[MINE])
    (store.outbox.folder / f"{'0' * 32}-{'1' * 10}.jsonl").write_text("{}\n")
    point(store, run_id, 0)
    wait_until(lambda: "no name of a journal" in refusal(store))

    assert steps(there, run_id) == [0]
    assert store.outbox.waiting_lines() == 1


def test_what_is_kept_is_looked_for_once_in_a_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not for each of its pieces; and what was kept in the middle of it is known at once."""
    segment, line = (
        f"{'a' * 32}-2.jsonl",
        lines.metric_line("r" * 32, "m", 1.0, step=0, t=1).encode(),
    )
    (tmp_path / segment).write_bytes(line * 50)
    looks = []
    monkeypatch.setattr(
        "nbtrack.remote.refused_lines.segment_sizes",
        lambda folder: looks.append(folder) or segment_sizes(folder),
    )
    refused = RefusedLines(tmp_path)
    for turn in range(2):
        refused.try_again({})
        looks.clear()
        for place in range(0, 50 * len(line), len(line)):
            refused.parted(segment, place, line)
        assert len(looks) == 2, turn
    refused.keep(segment, [Placed(0, line)])

    assert refused.parted(segment, 0, line).sent == nothing(len(line))
    assert RefusedLines(tmp_path).parted(segment, 0, line).sent == nothing(len(line))


def test_lines_are_kept_once_whoever_is_killed(tmp_path: Path) -> None:
    """The same request again, and a longer one from the same place or an earlier one; then they
    are a segment, once the server has nothing in their place."""
    segment = f"{'a' * 32}-2.jsonl"
    first = lines.metric_line("r" * 32, "m", 1.0, step=0, t=1).encode()
    other = lines.metric_line("s" * 32, "m", 1.0, step=0, t=1).encode()
    refused, text = RefusedLines(tmp_path), first + other + first
    refused.note(first)
    parted = refused.parted(segment, 100, text)
    assert [each.line for each in parted.refused] == [first, first]
    assert parted.sent == nothing(len(first)) + other + nothing(len(first))
    assert [len(nothing(size)) for size in (1, 65536, 200_000)] == [1, 65536, 200_000]
    refused.keep(segment, parted.refused[1:])
    for _ in range(2):
        refused.keep(segment, parted.refused)
    later = RefusedLines(tmp_path)
    assert later.parted(segment, 100, text) == (parted.sent, [])
    assert later.parted(segment, 90, b"x" * 9 + b"\n" + text).sent[10:] == parted.sent
    assert (refused.count(), refused.owners()) == (2, {"r" * 32})

    outbox = Outbox(tmp_path, tmp_path / "journal")
    later.try_again({segment: (100, 900)})
    assert (bool(later), outbox.segments()) == (True, {})
    later.try_again({segment: (100 + len(text), 900)})
    assert (bool(later), outbox.waiting_lines()) == (False, 2)
    assert later.parted(segment, 100, text) == (parted.sent, [])
