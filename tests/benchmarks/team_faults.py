"""Writers of a team while everything around them breaks: nothing lost, doubled or reordered.

python -m tests.benchmarks.team_faults [--writers 8] [--points 2000000] [--faults 100] [--races 20]
                                       [--postgres]

Each writer is a machine of its own, where one process logs after another: each is killed at a
random moment, or ends, and the next one begins a run. Meanwhile the server is killed and begun
again, or stops for a while, all connections are cut, also in the middle of a body, disks are full
for a while, that of the server or of a writer, and clocks go back an hour; with --postgres, records
are in a database, which stops without a word and begins again. What a writer has noted as logged
must be on the server in the end: each point once, in the order of its steps, and of each run the
beginning without a gap. Then as many clients change the registry at once, each round on what all
have seen: one of them may.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from nbtrack.api.client import MlflowClient
from nbtrack.cli.place import open_database
from nbtrack.recording.session import current_session
from nbtrack.stores.store import Store
from tests.support.cut_line import CutLine
from tests.support.postgres import Postgres
from tests.support.postgres import postgres as begun_postgres
from tests.support.team_server import TeamServer

SECONDS_PER_FAULT = 1.5
_ROOT = Path(__file__).parents[2]
WRITES = """
import os, sys, time
import nbtrack
from nbtrack.recording.session import current_session
address, notes, points, rate, back = sys.argv[1:]
now = time.time_ns
nbtrack.set_tracking_uri(address)
noted = os.open(notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

def note(steps):  # what waits in memory, because the disk is full, is not promised
    if not current_session().store.waiting_records:
        try:
            os.write(noted, f"{run.info.run_id} {steps}\\n".encode())
        except OSError:
            pass

with nbtrack.start_run() as run:
    for step in range(int(points)):
        if step == int(points) // 3 and int(back):
            time.time_ns = lambda: now() - 3600 * 10**9
        nbtrack.log_metric("loss", step / 7, step=step)
        if step % 50 == 49:
            note(step + 1)
            time.sleep(50 / float(rate))
    while current_session().store.waiting_records:
        current_session().check_store()
        time.sleep(0.1)
    note(points)
"""
RACES = """
import sys
from nbtrack.errors import RegistryMoved
from nbtrack.model_registry.changes import event
from nbtrack.records.registry import EventKind, RegistryHead
from nbtrack.stores.opening import open_store
store = open_store(sys.argv[1])
for line in sys.stdin:
    number, digest, key = line.split()
    facts = {"model": "raced", "model_key": int(key), "details": {"key": "by"}}
    change = event(EventKind.MODEL_TAG_SET, to_value=sys.argv[2], **facts)
    try:
        store.registry_append([change], after=RegistryHead(int(number), digest), timeout=30.0)
        print("won", flush=True)
    except RegistryMoved:
        print("lost", flush=True)
"""


@dataclass(slots=True)
class Found:
    """*lost* are points that were noted as logged; of *points* the server has so many."""

    points: int = 0
    runs: int = 0
    lost: int = 0
    doubled: int = 0
    reordered: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    races: int = 0
    wrong_races: int = 0

    @property
    def is_right(self) -> bool:
        return not (self.lost or self.doubled or self.reordered or self.wrong_races)

    def __str__(self) -> str:
        faults = ", ".join(f"{number} {what}" for what, number in sorted(self.faults.items()))
        return (
            f"{self.points:,} points of {self.runs} runs: {self.lost} lost, {self.doubled} "
            f"doubled, {self.reordered} reordered; {sum(self.faults.values())} faults ({faults}); "
            f"{self.races} races of the registry, {self.wrong_races} without one winner"
        )


class Writer:
    """A machine, and the process that writes on it."""

    def __init__(self, folder: Path, address: str, *, points: int, rate: float) -> None:
        self.folder, self._address = folder, address
        self._all = self.left = points
        self._rate = rate
        self.notes = folder / "notes"
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir()

    def go_on(self, *, is_clock_set_back: bool = False) -> None:
        """Where nobody writes, and there is more to write."""
        if self._process is not None and self._process.poll() is not None:
            self._process = None
        self.left = self._all - self.noted() if self._process is None else self.left
        if self._process is None and self.left > 0:
            words = [self._address, self.notes, self.left, self._rate, int(is_clock_set_back)]
            self._process = self._start(WRITES, *map(str, words))

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    @property
    def is_done(self) -> bool:
        return self._process is None and self.left <= 0

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def noted(self) -> int:
        return sum(self.noted_by_run().values())

    def noted_by_run(self) -> dict[str, int]:
        if not self.notes.exists():
            return {}
        lines = self.notes.read_text().rpartition("\n")[0].splitlines()
        return {run_id: int(number) for run_id, number in map(str.split, lines)}

    def sync(self) -> None:
        """What is left here is sent, of all that were killed."""
        command = [sys.executable, "-m", "nbtrack", "sync", self._address]
        subprocess.run(command, env=self._environment(), check=True, stdout=subprocess.DEVNULL)

    def _start(self, script: str, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", script, *words]
        with open(self.folder / "log", "ab") as log:
            return subprocess.Popen(command, env=self._environment(), stderr=log, stdout=log)

    def _environment(self) -> dict[str, str]:
        return environment(self.folder)


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "NBTRACK_SERVERS_DIR": str(folder), "PYTHONPATH": str(_ROOT)}


class Breaking:
    """Faults by chance, one after another."""

    def __init__(
        self,
        server: TeamServer,
        line: CutLine,
        writers: list[Writer],
        chance: random.Random,
        database: Postgres | None = None,
    ) -> None:
        self._server, self._line, self._writers, self._chance = server, line, writers, chance
        self._database = database
        self.done: Counter[str] = Counter()
        self._left: list[Callable[[], None]] = []

    def one(self) -> None:
        """Each kind once before one comes again, in an order of chance."""
        if not self._left:
            self._left = [
                self._kill_server, self._kill_writer, self._kill_writer, self._cut,
                self._cut_in_body, self._stop_server, self._set_clock_back, self._fill_disk,
            ]  # fmt: skip
            self._left += [self._crash_database] if self._database else []
            self._chance.shuffle(self._left)
        fault = self._left.pop()
        fault()
        self.done[fault.__name__.strip("_").replace("_", " ")] += 1

    def _kill_server(self) -> None:
        self._server.kill()
        time.sleep(self._chance.uniform(0, 1))
        self._server.begin()

    def _kill_writer(self) -> None:
        self._chance.choice(self._writers).kill()

    def _cut(self) -> None:
        self._line.cut()

    def _cut_in_body(self) -> None:
        self._line.left = self._chance.randrange(200_000)
        time.sleep(0.3)
        self._line.left = None

    def _stop_server(self) -> None:
        self._server.stop_answering()
        time.sleep(self._chance.uniform(0, 2))
        self._server.answer_again()

    def _fill_disk(self) -> None:
        """A limit to the size of files is a full disk that needs no disk."""
        pids = [self._server.pid, *filter(None, (writer.pid for writer in self._writers))]
        pid = self._chance.choice(pids)
        with suppress(ProcessLookupError):  # it has ended by itself
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
            time.sleep(self._chance.uniform(0.2, 1))
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))

    def _crash_database(self) -> None:
        assert self._database is not None
        self._database.crash()
        time.sleep(self._chance.uniform(0, 1))
        self._database.begin()

    def _set_clock_back(self) -> None:
        writer = self._chance.choice(self._writers)
        writer.kill()
        writer.go_on(is_clock_set_back=True)


def main(
    *,
    writers: int,
    points: int,
    faults: int,
    races: int,
    seed: int = 0,
    postgres: bool = False,
) -> Found:
    chance = random.Random(seed)
    database = begun_postgres() if postgres else None
    address = database.new_database() if database else None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = TeamServer(folder / "served", database=address)
        line = CutLine(int(server.address.rpartition(":")[2]))
        try:
            rate = points / writers / (faults * SECONDS_PER_FAULT)
            team = [
                Writer(folder / f"m{n}", line.address, points=points // writers, rate=rate)
                for n in range(writers)
            ]
            breaking = Breaking(server, line, team, chance, database)
            _write(team, breaking, faults, chance)
            for writer in team:
                writer.sync()
            found = Found(faults=breaking.done)
            project = opened_project(folder / "served" / ".nbtrack", address)
            _race(server.address, project, folder, found, clients=writers, rounds=races)
        finally:
            line.close()
            server.kill()
        with closing(project):
            _check(project, team, found)
    return found


def opened_project(folder: Path, database: str | None) -> Store:
    """As it is where the server is."""
    if database is not None:
        return open_database(database, folder)
    return current_session().store_for(folder.as_uri())


def _write(team: list[Writer], breaking: Breaking, faults: int, chance: random.Random) -> None:
    """Until all is written, and all faults have been."""
    done = 0
    while done < faults or not all(writer.is_done for writer in team):
        for writer in team:
            writer.go_on()
        time.sleep(chance.uniform(0.2, 2 * SECONDS_PER_FAULT - 0.2) if done < faults else 0.5)
        if done < faults:
            breaking.one()
            done += 1


def _check(project: Store, team: list[Writer], found: Found) -> None:
    for writer in team:
        for run_id, noted in writer.noted_by_run().items():
            points = sorted(project.read_metrics(run_id, "loss"), key=lambda each: each.timestamp)
            _compare([each.step for each in points], noted, found)


def _compare(steps: list[int], noted: int, found: Found) -> None:
    """In the order of their times: whoever was killed may have logged more than it noted."""
    once = set(steps)
    found.runs += 1
    found.points += len(steps)
    found.doubled += len(steps) - len(once)
    found.lost += len(set(range(max(noted, max(once, default=-1) + 1))) - once)
    found.reordered += sum(b < a for a, b in pairwise(steps))


def _race(
    address: str, store: Store, folder: Path, found: Found, *, clients: int, rounds: int
) -> None:
    client = MlflowClient(store.uri)
    client.create_registered_model("raced")
    racing = [
        subprocess.Popen(
            [sys.executable, "-c", RACES, address, str(n)], env=environment(folder / f"r{n}"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for n in range(clients)
    ]  # fmt: skip
    key = client.get_registered_model("raced")
    number = next(e.n for e in store.registry_events() if e.model == key.name)
    for _ in range(rounds):
        head = store.registry_head()
        for each in racing:
            assert each.stdin is not None
            each.stdin.write(f"{head.number} {head.hash} {number}\n")
            each.stdin.flush()
        told = [each.stdout.readline().strip() for each in racing if each.stdout is not None]
        found.races += 1
        found.wrong_races += told.count("won") != 1 or store.registry_head().number != (
            head.number + 1
        )
    for each in racing:
        each.communicate()


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, number in (
        ("writers", 8), ("points", 2_000_000), ("faults", 100), ("races", 20), ("seed", 0),
    ):  # fmt: skip
        parser.add_argument(f"--{name}", type=int, default=number)
    parser.add_argument("--postgres", action="store_true", help="records are in a database")
    return parser.parse_args()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    outcome = main(**vars(_given()))
    print(outcome)
    sys.exit(not outcome.is_right)
