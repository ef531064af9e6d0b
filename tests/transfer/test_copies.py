"""Runs between folders and a real server: the same on all sides, once, whatever breaks off."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

import nbtrack
from nbtrack.api.client import MlflowClient
from nbtrack.errors import InvalidValue, NameTaken, NotFound, StoreBusy
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.records.runs import RunQuery
from nbtrack.records.transfers import LinesOf
from nbtrack.remote.protocol import MOST_PATHS
from nbtrack.stores.local.duckdb import DuckDBStore
from nbtrack.stores.opening import open_store
from nbtrack.stores.store import Store
from nbtrack.transfer.copies.between import pull_runs, push_runs
from nbtrack.transfer.copies.copying import Copied
from nbtrack.transfer.copies.sides import ServerSide
from tests.support.cut_line import CutLine
from tests.support.random_runs import change_run, new_runs
from tests.support.team_server import TeamServer


class Folder:
    """A project, and the server as it is seen from its machine."""

    def __init__(self, folder: Path, server: TeamServer) -> None:
        self.client = MlflowClient(str(folder))
        self.store: Store = self.client._store
        self.folder, self._server = folder, server

    def push(self, runs: Sequence[str] = (), *, to: str = "", experiment: str = "") -> Copied:
        names = [experiment] if experiment else []
        return push_runs(self.store, to or self._server.address, runs, names)

    def pull(self, runs: Sequence[str]) -> Copied:
        with closing(open_store(self._server.address)) as served:
            return pull_runs(self.store, served, runs, [])


@pytest.fixture
def here(tmp_path: Path, server: TeamServer) -> Iterator[Folder]:
    made = Folder(tmp_path / "here", server)
    yield made
    made.store.close()


@pytest.fixture
def there(tmp_path: Path, server: TeamServer) -> Iterator[Folder]:
    made = Folder(tmp_path / "there", server)
    yield made
    made.store.close()


@pytest.fixture
def served(server: TeamServer) -> Iterator[Store]:
    """What the server has, as its own folder says."""
    with closing(DuckDBStore(server.folder / ".nbtrack")) as opened:
        yield opened


def rows(store: Store, run_id: str) -> list[str]:
    """All that is stored of a run; what is there twice is here twice."""
    keys = list(store.read_point_digests(run_id))
    points = store.read_point_lines(run_id, keys, limit=10**9)
    return sorted([*store.read_lines(LinesOf(runs=(run_id,))), *points])


def files(store: Store, run_id: str) -> dict[str, bytes]:
    found = nbtrack.artifacts.open_artifacts(store.get_run(run_id).info.artifact_uri)
    return {each.path: found.read(each.path) for each in found.walk()}


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_recorded_is_the_same_everywhere(
    seed: int, here: Folder, there: Folder, served: Store
) -> None:
    """Pushed, pulled into another folder, changed in both, and brought together again."""
    chance = Random(seed)
    experiment_id = here.client.create_experiment(f"random {seed}")
    runs = new_runs(here.client, experiment_id, chance)

    assert here.push(experiment=f"random {seed}").faults == []
    assert there.pull(runs).faults == []
    for run_id in runs:
        assert rows(here.store, run_id) == rows(served, run_id) == rows(there.store, run_id)
        assert files(here.store, run_id) == files(served, run_id) == files(there.store, run_id)
    for pushed in (there.push(runs), here.pull(runs)):
        assert (pushed.lines_sent, pushed.files_sent, pushed.runs) == (0, 0, len(runs))

    for _ in range(6):
        change_run(chance.choice([here, there]).client, chance.choice(runs), chance)
    for step in (here.push, there.push, here.pull, there.pull):
        step(runs)
    for run_id in runs:
        assert rows(here.store, run_id) == rows(served, run_id) == rows(there.store, run_id)


def big_run(client: MlflowClient, experiment: str) -> str:
    """30,000 points and some files: more than a line that is cut lets through at once."""
    run_id = client.create_run(client.create_experiment(experiment)).info.run_id
    writer = client.writer(run_id)
    for step in range(10_000):
        writer.log_metrics({key: step / 7 for key in "abc"}, step=step)
    for number in range(4):
        writer.log_bytes([random.Random(number).randbytes(1 << 20)], f"files/{number}.bin")
    client.set_terminated(run_id)
    return str(run_id)


def test_broken_off_at_random_bytes_it_goes_on_and_nothing_comes_twice(
    here: Folder, server: TeamServer, served: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nbtrack.transfer.copies.spool.PATIENCE_SECONDS", 0.0)
    run_id, chance = big_run(here.client, "cut"), Random(1)
    line = CutLine(int(server.address.rpartition(":")[2]))
    cuts = 0
    while True:
        line.left = None if cuts >= 12 else chance.randrange(600_000)
        try:
            copied = here.push([run_id], to=line.address)
        except StoreBusy:
            cuts += 1
        else:
            break
    line.close()

    assert cuts >= 3
    assert (copied.points, copied.files, copied.faults) == (30_000, 4, [])
    assert rows(served, run_id) == rows(here.store, run_id)
    assert files(served, run_id) == files(here.store, run_id)
    assert not list((here.folder / "pushes").rglob("*.jsonl"))


def test_killed_at_random_moments_it_goes_on_and_nothing_comes_twice(
    here: Folder, server: TeamServer, served: Store, there: Folder
) -> None:
    """Both ways, by the command as it stands."""
    run_id, chance = big_run(here.client, "killed"), Random(2)
    for command, place in (("push --to", here), ("pull --from", there)):
        name, option = command.split()
        words = [name, run_id, option, server.address, "--store", str(place.folder)]
        (place.folder / "journal").mkdir(parents=True, exist_ok=True)
        for _ in range(2):
            process = subprocess.Popen(
                [sys.executable, "-m", "nbtrack", *words], stdout=subprocess.PIPE
            )
            time.sleep(chance.uniform(0.5, 3))
            process.send_signal(signal.SIGKILL)
            process.communicate()
        done = subprocess.run(
            [sys.executable, "-m", "nbtrack", *words], capture_output=True, text=True, check=True
        )
        told = "1 run, 30,000 points, 0 params, 4 files: the same on both sides."
        assert done.stdout.splitlines()[0] == told

    assert rows(served, run_id) == rows(here.store, run_id) == rows(there.store, run_id)
    assert files(served, run_id) == files(there.store, run_id)


def test_what_cannot_be_copied_is_said(here: Folder, there: Folder, served: Store) -> None:
    """A run that goes on, a version, a file that is gone, one that was changed by hand."""
    client = here.client
    experiment_id = client.create_experiment("said")
    running = client.create_run(experiment_id, run_name="on").info.run_id
    ended = client.create_run(experiment_id, run_name="over").info.run_id
    for name in ("kept", "gone", "changed"):
        client.writer(ended).log_bytes([name.encode()], f"{name}.txt")
    client.set_terminated(ended)
    place = Path(client.get_run(ended).info.artifact_uri)
    (place / "gone.txt").unlink()
    (place / "changed.txt").write_text("by hand")
    copied = here.push(experiment="said")

    assert (copied.runs, copied.files, copied.faults) == (1, 1, [])
    assert [note.partition(" is ")[2].partition(" in ")[0] for note in copied.notes] == [
        "RUNNING: it is copied once it has ended.", "not what was logged", "not there any more",
    ]  # fmt: skip
    assert files(served, ended) == {"kept.txt": b"kept"}
    with pytest.raises(NotFound):
        served.get_run(running)
    with pytest.raises(InvalidValue, match="Say which runs"):
        here.push()
    with pytest.raises(NotFound, match="sayd"):
        here.push(experiment="sayd")
    other_id = there.client.create_experiment("other")
    there.client.rename_experiment(other_id, "said")
    other = there.client.create_run(other_id).info.run_id
    there.client.set_terminated(other)
    with pytest.raises(NameTaken, match="Rename one of them"):
        there.push([other])


def test_one_id_of_two_experiments_mixes_nothing(
    here: Folder, there: Folder, served: Store
) -> None:
    """As two projects have them that came from MLflow, which counts 1, 2, 3."""
    runs = []
    for number, project in enumerate((here, there)):
        line = lines.experiment_line("7", t=now_us(), name=f"number {number}", created_us=1)
        project.store.append(line)
        runs.append(project.client.create_run("7").info.run_id)
        project.client.set_terminated(runs[-1])
    here.push(runs[:1])
    for copy, run_id in ((there.push, runs[1]), (there.pull, runs[0])):
        with pytest.raises(NameTaken, match=r"'number [01]', and 'number [01]' in"):
            copy([run_id])

    assert [run.info.run_id for run in served.search_runs(RunQuery(experiment_ids=("7",)))] == [
        runs[0]
    ]
    there.client.rename_experiment("7", "number 0")
    assert there.push(runs[1:]).faults == there.pull(runs[:1]).faults == []
    assert rows(there.store, runs[0]) == rows(served, runs[0])


def test_files_come_into_the_projects_own_folder_alone(
    here: Folder, served: Store, tmp_path: Path
) -> None:
    """Also for a run that keeps its files elsewhere: who said so may have been a server."""
    elsewhere = tmp_path / "elsewhere"
    experiment_id = here.client.create_experiment("away", artifact_location=str(elsewhere))
    run_id = here.client.create_run(experiment_id).info.run_id
    here.client.writer(run_id).log_bytes([b"x"], "a.txt")
    here.client.set_terminated(run_id)
    assert here.push([run_id]).faults == []
    assert here.pull([run_id]).files == 1
    (place,) = elsewhere.rglob("a.txt")
    place.write_text("other")

    (fault,) = here.pull([run_id]).faults
    assert "not in the project's own folder" in fault
    assert place.read_text() == "other"
    assert files(served, run_id) == {"a.txt": b"x"}


def test_digests_of_many_files_are_asked_for_a_few_at_a_time(
    here: Folder, server: TeamServer
) -> None:
    run_id = here.client.create_run(here.client.create_experiment("many")).info.run_id
    here.client.writer(run_id).log_bytes([b"x"], "a.txt")
    here.client.set_terminated(run_id)
    here.push([run_id])
    side = ServerSide(server.address, here.folder / "pushes")
    found = side.file_digests(run_id, [*(f"{number}.txt" for number in range(MOST_PATHS)), "a.txt"])

    assert len(found) == MOST_PATHS + 1
    assert [path for path, digest in found.items() if digest] == ["a.txt"]


def test_the_functions_do_the_same(
    here: Folder, server: TeamServer, served: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the server of the settings, from the project of the session."""
    run_id = here.client.create_run("0").info.run_id
    here.client.log_metric(run_id, "m", 1.0)
    here.client.set_terminated(run_id)
    nbtrack.set_tracking_uri(str(here.folder))
    with pytest.raises(InvalidValue, match="is no server"):
        nbtrack.push(run_id)
    copied = nbtrack.push(run_id, to=server.address)
    monkeypatch.chdir(here.folder.parent)
    os.mkdir(here.folder.parent / ".nbtrack")
    nbtrack.set_tracking_uri(server.address)
    pulled = nbtrack.pull(served.get_run(run_id))

    assert (
        repr(copied).splitlines()[0] == "1 run, 1 point, 0 params, 0 files: the same on both sides."
    )
    assert pulled.lines_sent == copied.lines_sent
    with closing(DuckDBStore(here.folder.parent / ".nbtrack")) as found:
        assert rows(found, run_id) == rows(here.store, run_id)
