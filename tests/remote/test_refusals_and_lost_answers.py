"""Refused lines, whatever answers are lost, whoever is killed, and however the clock goes: each is
on one side, and all are on the server once, in order, when it takes them.

The server's own taking-in, behind a line that loses what it is told to.
"""

from __future__ import annotations

import json
import random
import zlib
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nbtrack.errors import LinesRefused, ServerAway
from nbtrack.journal.reading import segment_sizes
from nbtrack.remote import outbox as outboxes
from nbtrack.remote import refused_lines
from nbtrack.remote.outbox import Outbox
from nbtrack.remote.protocol import START
from nbtrack.remote.refused_lines import RefusedLines
from nbtrack.remote.shipping import Shipping
from nbtrack.server.nbtrack_protocol.journals import ReceivedJournals

WRITER = "a" * 32


def line(owner: str, n: int) -> bytes:
    size = 40 + n * 7 % 60
    return json.dumps({"k": "tag", "r": owner, "n": f"{n}", "v": "x" * size}).encode() + b"\n"


def owner_of(told: bytes) -> str:
    return str(json.loads(told)["r"])


class Wire:
    """Refuses lines of *refused*; one of *lossy* requests is lost, before or after it was taken."""

    def __init__(self, folder: Path, chance: random.Random, lossy: float) -> None:
        self._journals, self._journal = ReceivedJournals(folder), folder / "journal"
        self.arrived: list[bytes] = []  # in the order in which they came
        self._chance, self.lossy = chance, lossy
        self.refused: set[str] = set()
        self.loses_next = False  # the answer to what is taken

    def request(
        self, method: str, path: str, body: bytes, *, headers: dict[str, str]
    ) -> SimpleNamespace:
        assert method == "POST"
        text, fate = zlib.decompress(body), self._chance.random()
        if fate < self.lossy / 2:
            raise ServerAway("It did not arrive.")
        said = [each for each in text.splitlines(keepends=True) if each.strip()]
        if any(owner_of(each) in self.refused for each in said):
            raise LinesRefused("Not of him.")
        segment, start = path.rpartition("/")[2], int(headers[START])
        is_new = self._journals.take(segment, start, b"") == start
        end = self._journals.take(segment, start, text)
        self.arrived += said if is_new else []
        if fate < self.lossy or (text and self.loses_next):
            self.loses_next = False
            raise ServerAway("Its answer did not arrive.")
        return SimpleNamespace(json=lambda: {"end": end})

    def lines(self) -> list[bytes]:
        """All that are here."""
        return [
            each for name in segment_sizes(self._journal) for each in said_in(self._journal / name)
        ]


def said_in(file: Path) -> list[bytes]:
    lines = file.read_bytes().splitlines(keepends=True)
    return [each for each in lines if each.strip()]


class World:
    """A machine with a clock that is set, and its server."""

    def __init__(self, folder: Path, chance: random.Random, lossy: float) -> None:
        self.folder = folder / "outbox"
        self.folder.mkdir(parents=True)
        (folder / "journal").mkdir()
        self.wire = Wire(folder / "server", chance, lossy)
        self.logged: list[bytes] = []
        self.segment = 0
        self.begin()

    def begin(self) -> None:
        """A process, after one that was killed."""
        outbox = Outbox(self.folder, self.folder.parent / "journal")
        line: Any = self.wire
        self.shipping = Shipping(line, outbox, self.folder.parent / "artifacts")

    def log(self, *owners: str) -> None:
        with open(self.folder / f"{WRITER}-{self.segment}.jsonl", "ab") as file:
            for owner in owners:
                self.logged.append(line(owner, len(self.logged)))
                file.write(self.logged[-1])

    def ship(self) -> bool:
        """False where an answer was lost."""
        return self.shipping.ship_lines()

    def kept(self) -> list[bytes]:
        folder = self.folder / "refused"
        return [each for name in segment_sizes(folder) for each in said_in(folder / name)]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    found = SimpleNamespace(now=1000.0)
    told = SimpleNamespace(monotonic=lambda: found.now)
    monkeypatch.setattr(refused_lines, "time", told)
    monkeypatch.setattr(outboxes, "MOST_BYTES", 1500)
    return found


def test_a_lost_answer_and_a_minute_later(tmp_path: Path, clock: SimpleNamespace) -> None:
    """The server has nothing in their place by then."""
    world = World(tmp_path, random.Random(0), 0.0)
    world.wire.refused = {"theirs"}
    world.log("theirs", "mine")
    assert world.ship()
    world.log("mine", "mine", "theirs", "theirs")
    world.wire.loses_next = True
    assert not world.ship()
    clock.now += 61
    assert world.ship()
    assert Counter(world.kept() + world.wire.lines()) == Counter(world.logged)


@pytest.mark.parametrize("seed", range(8))
def test_each_line_is_on_one_side(tmp_path: Path, clock: SimpleNamespace, seed: int) -> None:
    chance = random.Random(seed)
    world = World(tmp_path, chance, lossy=chance.choice([0.0, 0.2, 0.5]))
    owners = ["mine", "theirs", "others"]
    world.wire.refused = {"theirs", "others"} if seed % 2 else {"theirs"}
    for _ in range(chance.randint(3, 25)):
        world.log(*chance.choices(owners, k=chance.randint(0, 12)))
        world.segment += chance.random() < 0.15
        clock.now += chance.choice([0, 1, 61])
        if chance.random() < 0.2:
            world.begin()
        world.ship()
        if seed % 3 == 0:  # roles come and go
            world.wire.refused ^= set(chance.sample(owners[1:], k=chance.randint(0, 1)))
    world.wire.lossy = 0.0
    assert world.ship()
    outbox = world.shipping._outbox
    again = [world.kept(), world.wire.lines()]
    assert Counter(again[0] + again[1]) == Counter(world.logged)
    assert RefusedLines(world.folder).count() == len(world.kept())

    world.wire.refused = set()
    world.begin()
    assert world.ship()
    clock.now += 61
    assert world.ship()
    assert (world.kept(), outbox.waiting_lines()) == ([], 0)
    assert Counter(world.wire.lines()) == Counter(world.logged)
    for owner in owners if seed % 3 else []:
        of_owner = [each for each in world.wire.arrived if owner_of(each) == owner]
        assert of_owner == [each for each in world.logged if owner_of(each) == owner]
