"""Files of other machines, as they are read here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import urllib3

from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.errors import InvalidValue
from nbtrack.journal import lines
from nbtrack.recording.run_writer import RunWriter
from nbtrack.remote.files import RemoteArtifacts
from nbtrack.remote.protocol import DIRECT
from nbtrack.remote.store import RemoteStore
from tests.remote.test_remote_store import wait_until
from tests.support.team_server import TeamServer

Machine = Callable[[str], RemoteStore]
RUN = "a" * 32


def begun(store: RemoteStore) -> RunWriter:
    store.append(
        lines.run_line(
            RUN, t=lines.now_us(), experiment_id="0", name="x", status="RUNNING", start_us=1,
            writer=store.writer,
        )
    )  # fmt: skip
    return RunWriter(store, RUN, artifact_uri=f"{store.folder}/artifacts/{RUN}")


class Evil:
    """A server that names files as it likes."""

    def __init__(self, name: str) -> None:
        self._name = name

    def request(self, _: str, path: str, **__: Any) -> Evil:
        return self

    def json(self) -> dict[str, Any]:
        return {"files": [{"path": self._name, "is_dir": False, "file_size": 4}]}

    def stream(self, _: int) -> Iterator[bytes]:
        yield b"evil"

    def release_conn(self) -> None: ...


class Breaks(Evil):
    """A server that sends to a bucket, from which half a file comes."""

    def __init__(self) -> None:
        super().__init__("x.bin")
        self.headers: dict[str, str] = {}
        self._is_whole = self._is_file = True

    def request(self, _: str, path: str, headers: Mapping[str, str] = {}, **__: Any) -> Breaks:
        self.headers = {DIRECT: "http://bucket/x"} if DIRECT in headers else {}
        self._is_whole, self._is_file = DIRECT not in headers, path.endswith("x.bin")
        return self

    def json(self) -> dict[str, Any]:
        return {"files": []} if self._is_file else super().json()

    def elsewhere(self, *_: Any, **__: Any) -> Breaks:
        return self

    def seems_away(self) -> bool:
        return True

    def stream(self, _: int) -> Iterator[bytes]:
        yield b"ev"
        if not self._is_whole:
            raise urllib3.exceptions.ProtocolError("Connection broken")
        yield b"il"


def test_what_breaks_off_in_a_bucket_comes_through_the_server(tmp_path: Path) -> None:
    line: Any = Breaks()
    files = RemoteArtifacts(tmp_path / "artifacts" / RUN, run_id=RUN, line=line, name=f"runs/{RUN}")

    assert files.read("x.bin") == b"evil"


@pytest.mark.parametrize("name", ["../x", "..", "/etc/x", "sub/x", "", "a\\b"])
@pytest.mark.parametrize("folder", [None, "sub"])
def test_a_name_that_leads_elsewhere_is_refused(
    tmp_path: Path, name: str, folder: str | None
) -> None:
    evil: Any = Evil(name)
    files = RemoteArtifacts(tmp_path / "artifacts" / RUN, run_id=RUN, line=evil, name=f"runs/{RUN}")
    with pytest.raises(InvalidValue):
        files.download(folder)
    assert not list(tmp_path.rglob("*"))


@pytest.mark.parametrize("below", ["../../victim", f"{RUN}/../../../victim", ".."])
def test_a_location_that_leads_elsewhere_is_refused(machine: Machine, below: str) -> None:
    store = machine("a")
    with pytest.raises(InvalidValue, match="leads out of"):
        open_artifacts(f"{store.folder}/artifacts/{below}", run_id=RUN)


def test_a_file_that_was_logged_again_is_fetched_again(machine: Machine) -> None:
    a, b = machine("a"), machine("b")
    writer = begun(a)
    writer.log_text("v1", "plot.txt")
    a.ship()
    there = open_artifacts(b.get_run(RUN).info.artifact_uri, run_id=RUN)
    assert there.read("plot.txt") == b"v1"

    writer.log_text("v2", "plot.txt")  # as long as the other
    a.ship()
    assert there.read("plot.txt") == b"v2"


def test_a_file_that_was_logged_here_is_never_replaced(machine: Machine) -> None:
    """It is newer than what the server has: it was not sent yet."""
    a, b = machine("a"), machine("b")
    begun(a).log_text("v1", "plot.txt")
    a.ship()
    there = open_artifacts(b.get_run(RUN).info.artifact_uri, run_id=RUN)
    assert there.read("plot.txt") == b"v1"

    b._shipper._is_closed = True  # nothing is sent by itself
    RunWriter(b, RUN, artifact_uri=f"{b.folder}/artifacts/{RUN}").log_text("mine", "plot.txt")
    assert there.read("plot.txt") == b"mine"


def ship(store: RemoteStore) -> None:
    """Whether by this thread or by that of the store."""
    wait_until(lambda: store.ship() and not store.outbox.waiting_files())


def test_a_file_that_is_removed_is_removed_on_the_server_too(
    machine: Machine, server: TeamServer
) -> None:
    """Unless it was logged again meanwhile."""
    a = machine("a")
    writer = begun(a)
    for name in ("gone.txt", "again.txt"):
        writer.log_text("first", name)
    ship(a)
    there = server.folder / ".nbtrack" / "artifacts" / RUN
    found = sorted(path.name for path in there.iterdir())
    writer.remove_artifacts(["gone.txt", "again.txt"])
    writer.log_text("second", "again.txt")
    ship(a)

    assert found == ["again.txt", "gone.txt"]
    assert [path.name for path in there.iterdir()] == ["again.txt"]
    assert (there / "again.txt").read_text() == "second"


def test_a_folder_is_listed_once_however_many_files_are_in_it(machine: Machine) -> None:
    a, b = machine("a"), machine("b")
    writer = begun(a)
    for number in range(5):
        writer.log_text("x", f"many/{number}.txt")
    ship(a)
    files = open_artifacts(f"{b.folder}/artifacts/{RUN}", run_id=RUN)
    asked, request = [], b.line.request

    def noted(method: str, path: str, *given: Any, **named: Any) -> Any:
        asked.append(path.partition("?")[0])
        return request(method, path, *given, **named)

    b.line.request = noted  # type: ignore[method-assign] - it does what it did
    files.download("many")

    assert asked.count("/files") == 1
    assert sum(path.startswith("/files/") for path in asked) == 5
