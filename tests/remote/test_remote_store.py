"""Machines, real processes and a real server: what is logged on one is read on the others."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import nbtrack
from nbtrack.artifact_store.opening import open_local
from nbtrack.errors import AnotherProject, InvalidValue, StoreBusy
from nbtrack.journal import lines
from nbtrack.recording.experiments import PATIENT_LOOK_SECONDS, create_experiment
from nbtrack.records.runs import RunQuery
from nbtrack.remote.outbox import LoggedFile
from nbtrack.remote.shipping import Shipping
from nbtrack.remote.store import RemoteStore
from nbtrack.stores.local.duckdb import DuckDBStore
from nbtrack.stores.opening import folder_of, wait_for_kind
from tests.support.team_server import TeamServer

Machine = Callable[[str], RemoteStore]

LOGS = """
import sys, time
import nbtrack
nbtrack.set_tracking_uri({address!r})
nbtrack.set_experiment("joint")
with nbtrack.start_run(run_name={name!r}) as run:
    nbtrack.log_param("lr", 0.1)
    nbtrack.log_text("hello from " + {name!r}, "notes/é x.txt")
    print(run.info.run_id, flush=True)
    for step in range({points}):
        nbtrack.log_metric("loss", 1 / (step + 1), step=step)
        time.sleep({pause})
"""


def begin_script(machine: Path, script: str, **words: Any) -> subprocess.Popen[str]:
    environment = {**os.environ, "NBTRACK_SERVERS_DIR": str(machine)}
    command = [sys.executable, "-c", script.format(**words)]
    return subprocess.Popen(
        command, env=environment, cwd=machine.parent, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def nbtrack_sync(machine: Path, address: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NBTRACK_SERVERS_DIR": str(machine)}
    command = [sys.executable, "-m", "nbtrack", "sync", address]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def wait_until(is_true: Callable[[], object], seconds: float = 40) -> None:
    until = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_while_the_server_is_away_nothing_waits_and_nothing_is_lost(
    server: TeamServer, machine: Machine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What this machine knows is shown, and said to be that."""
    server.kill()
    words = {"address": server.address, "name": "offline", "points": 500, "pause": 0}
    process = begin_script(tmp_path / "a", LOGS, **words)
    run_id = process.communicate(timeout=60)[0].strip()
    store = machine("a")
    alone = store.search_runs(RunQuery())
    waiting = store.outbox.waiting_lines()
    nbtrack.set_tracking_uri(server.address)
    shown = repr(nbtrack.runs(experiment="all"))
    absence = store.absence
    refused = nbtrack_sync(tmp_path / "a", server.address)
    server.begin()
    sent = nbtrack_sync(tmp_path / "a", server.address)
    there = DuckDBStore(server.folder / ".nbtrack")

    assert [run.info.run_id for run in alone] == [run_id]
    assert waiting > 500
    words = rf"offline since \d\d:\d\d, {waiting:,} lines waiting"
    assert re.search(words, shown)
    assert re.fullmatch(words, absence)
    assert (refused.returncode, f"{waiting:,} lines wait" in refused.stderr) == (2, True)
    assert (sent.returncode, f"{waiting:,} lines sent" in sent.stdout) == (0, True)
    assert f"{server.address} does not answer" in caplog.text
    assert len(there.read_metrics(run_id, "loss")) == 500
    assert there.get_run(run_id).info.status == "FINISHED"
    assert not store.outbox.segments()
    there.close()


def test_whoever_is_killed_loses_nothing_and_doubles_nothing(
    server: TeamServer, machine: Machine, tmp_path: Path
) -> None:
    """Two writers on two machines, and the server, killed while they write."""
    words = {"address": server.address, "pause": 0.001}
    points = {"a": 3000, "b": 10**9}
    writers = [
        begin_script(tmp_path / name, LOGS, name=name, points=number, **words)
        for name, number in points.items()
    ]
    run_ids = [str(each.stdout and each.stdout.readline()).strip() for each in writers]
    for pause in (0.5, 0.2, 0.7):
        time.sleep(pause)
        server.kill()
        server.begin()
    writers[1].send_signal(signal.SIGKILL)
    logged = writers[0].communicate(timeout=60)
    writers[1].communicate(timeout=60)
    for name in points:
        store = machine(name)
        wait_until(
            lambda store=store: store.fold() and store.ship() and not store.outbox.segments()
        )
    there = DuckDBStore(server.folder / ".nbtrack")
    whole, cut = (there.read_metrics(run_id, "loss") for run_id in run_ids)

    assert logged[1] == "" or "away" in logged[1]
    assert [p.step for p in whole] == list(range(3000))
    assert [p.step for p in cut] == list(range(len(cut)))
    assert len(cut) > 100
    assert [there.get_run(each).info.status for each in run_ids] == ["FINISHED", "KILLED"]
    there.close()


def test_an_experiment_is_made_where_the_server_is_far(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Farther than a short look takes; and it is there at once for a run in it, before anything was
    sent."""
    store = machine("a")
    store.append(begun_run(store, "a" * 32))
    wait_until(store.ship)
    store._shipper.close()
    with monkeypatch.context() as far:
        far.setattr("nbtrack.recording.experiments.LOOK_SECONDS", 1e-4)
        experiment_id = create_experiment(store, "far")

    def looked_up() -> str:
        store.line._away_at = 0.0  # it is asked, and knows of none
        with suppress(StoreBusy):  # the machine may be
            return store.get_experiment(experiment_id, timeout=PATIENT_LOOK_SECONDS).name
        return ""

    wait_until(lambda: looked_up() == "far")
    wait_until(store.ship)
    assert machine("b").get_experiment(experiment_id).name == "far"


def begun_run(store: RemoteStore, run_id: str) -> str:
    facts = {"experiment_id": "0", "name": "mine", "status": "RUNNING", "start_us": 1}
    return lines.run_line(run_id, t=1, writer=store.writer, **facts)


def test_a_line_of_any_length_is_sent(machine: Machine, server: TeamServer) -> None:
    store, run_id = machine("a"), "b" * 32
    text = "é" * 12_000_000
    store.append(begun_run(store, run_id) + lines.param_line(run_id, "prompt", text, t=2))
    store.append(lines.metric_line(run_id, "after", 1.0, step=0, t=3))
    wait_until(store.ship)
    run = machine("b").get_run(run_id)

    assert run.data.params == {"prompt": text}
    assert run.data.metrics == {"after": 1.0}


def test_files_of_lines_that_come_meanwhile_are_sent_too(
    machine: Machine, server: TeamServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that begins while another one's file is on its way."""
    store = machine("a")
    first, second = "c" * 32, "d" * 32

    def logs(run_id: str) -> None:
        (file,) = [open_local(f"{store.folder}/artifacts/{run_id}").write("model.pkl", b"x" * 99)]
        told = lines.artifact_line(run_id, file.path, file.sha256, size=file.file_size, t=2)
        store.append(begun_run(store, run_id) + told)

    send = Shipping._send_file

    def sends(self: Shipping, logged: LoggedFile) -> None:
        if logged.owner == first:
            logs(second)
        send(self, logged)

    monkeypatch.setattr(Shipping, "_send_file", sends)
    logs(first)
    wait_until(lambda: store.ship() and not store.outbox.waiting_lines())
    wait_until(lambda: store.ship() and not store.outbox.waiting_files())
    other = machine("b")

    for run_id in (first, second):
        place = other.get_run(run_id).info.artifact_uri
        assert nbtrack.artifacts.open_artifacts(place).read("model.pkl") == b"x" * 99


def test_another_project_at_the_address_gets_nothing(
    machine: Machine, server: TeamServer, tmp_path: Path
) -> None:
    """As through another tunnel to the same port; or the same one, begun afresh."""
    store = machine("a")
    store.append(begun_run(store, "e" * 32))
    wait_until(store.ship)
    server.kill()
    server.folder = tmp_path / "of others"
    server.begin()
    store.append(begun_run(store, "f" * 32))

    assert not store.ship()
    with pytest.raises(AnotherProject, match="another project"):
        store.search_runs(RunQuery())
    there = DuckDBStore(server.folder / ".nbtrack")
    assert there.count_runs(RunQuery()) == 0
    there.close()


def test_a_server_that_does_not_answer_holds_nobody_up(
    machine: Machine, server: TeamServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It accepts, and is silent: an experiment is set, a run logged and the process ended."""
    server.stop_answering()
    began = time.monotonic()
    words = {"address": server.address, "name": "silent", "points": 10, "pause": 0}
    process = begin_script(tmp_path / "a", LOGS, **words)
    run_id = process.communicate(timeout=60)[0].strip()
    store = machine("a")

    assert time.monotonic() - began < 40  # not the minutes that a socket waits
    assert process.returncode == 0
    assert store.outbox.waiting_lines() > 10
    server.answer_again()
    wait_until(lambda: store.fold() and store.ship())
    assert machine("b").get_run(run_id).data.params == {"lr": "0.1"}
    monkeypatch.setenv("NBTRACK_SERVERS_DIR", str(tmp_path / "c"))
    wait_for_kind(server.address)
    noted = folder_of(server.address) / "kind.json"
    assert json.loads(noted.read_text()) == {"version": None}


@pytest.mark.parametrize(
    "location", ["nbtrack-artifacts:/../../x", "/home/ana/.ssh", "file:///etc", "../x"]
)
def test_a_server_names_no_folder_of_this_machine(machine: Machine, location: str) -> None:
    with pytest.raises(InvalidValue):
        nbtrack.artifacts.open_artifacts(machine("a")._located(location))
