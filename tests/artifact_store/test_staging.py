"""Files appear whole or not at all, whatever stops the writing, and without filling memory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import tracemalloc
from pathlib import Path

import pytest

from nbtrack.artifact_store.local import LocalArtifacts


@pytest.fixture
def artifacts(tmp_path: Path) -> LocalArtifacts:
    return LocalArtifacts(tmp_path / "artifacts" / "run1", run_id="run1")


def everything_below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_big_file_is_not_read_whole(artifacts, tmp_path):
    """Copying and digesting 100 MB takes a few MB of memory."""
    big = tmp_path / "big.bin"
    with open(big, "wb") as file:
        file.truncate(100_000_000)

    tracemalloc.start()
    try:
        info = artifacts.add_file(big)[0]
        digest = artifacts.sha256("big.bin")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert info.sha256 == digest
    assert info.file_size == artifacts.list()[0].file_size == 100_000_000
    assert peak < 5_000_000


# Files over 100 kB fail as they do on a full disk: after a part has been written.
FULL_DISK = """
import resource, sys
from nbtrack.artifact_store.local import LocalArtifacts
artifacts = LocalArtifacts(sys.argv[1])
artifacts.write("kept.bin", b"before")
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
for log in (
    lambda: artifacts.write("new/deep/big.bin", bytes(2_000_000)),
    lambda: artifacts.write("kept.bin", bytes(2_000_000)),
    lambda: artifacts.add_folder(sys.argv[2], "folder"),
):
    try:
        log()
    except OSError as exc:
        print(exc.filename)
"""


def test_a_full_disk_leaves_nothing_half_written(artifacts, tmp_path):
    """Old files stay whole, no new ones, temporaries or folders appear; the error names one."""
    source = tmp_path / "src"
    source.mkdir()
    (source / "a_small.bin").write_bytes(b"a")
    (source / "b_big.bin").write_bytes(bytes(2_000_000))

    command = [sys.executable, "-c", FULL_DISK, str(artifacts.folder), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    names = ("new/deep/big.bin", "kept.bin", "folder/b_big.bin")
    assert done.stdout.split() == [str(artifacts.folder / name) for name in names]
    assert everything_below(artifacts.folder) == ["kept.bin"]
    assert artifacts.read("kept.bin") == b"before"


READ_ONLY = """
import json, os, sys
from nbtrack.artifact_store.local import LocalArtifacts
if os.geteuid() == 0:
    os.seteuid(65534)  # root may write anywhere
artifacts, said = LocalArtifacts(sys.argv[1]), []
for path in ("a.txt", "kept.txt", "new/a.txt"):
    try:
        artifacts.write(path, b"x")
    except PermissionError as exc:
        said.append(os.path.relpath(exc.filename, sys.argv[1]))
print(json.dumps([said, artifacts.read("kept.txt").decode()]))
"""


def test_a_read_only_folder_is_an_error_and_stays_readable():
    """Writing raises PermissionError with the artifact's path; reading goes on."""
    # Not below tmp_path: another user could not even enter it.
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        folder = Path(place) / "run1"
        LocalArtifacts(folder).write("kept.txt", b"before")
        os.chmod(folder, 0o555)
        command = [sys.executable, "-c", READ_ONLY, str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)

        assert json.loads(done.stdout) == [["a.txt", "kept.txt", "new"], "before"]
        assert everything_below(folder) == ["kept.txt"]
        os.chmod(folder, 0o755)


def test_an_interrupt_leaves_nothing_half_written(artifacts, tmp_path):
    """Stopping the cell in the middle of a copy removes what was begun."""
    # A shell starts what runs in its background with interrupts ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    (tmp_path / "a.bin").write_bytes(bytes(5_000_000))
    (tmp_path / "z.bin").write_bytes(bytes(5_000_000))

    def interrupt_in_second_file(event, arguments):
        if event == "open" and str(arguments[0]).endswith("z.bin") and armed:
            armed.clear()
            os.kill(os.getpid(), signal.SIGINT)

    armed = [True]
    sys.addaudithook(interrupt_in_second_file)
    with pytest.raises(KeyboardInterrupt):
        artifacts.add_folder(tmp_path, "copy")
    signal.signal(signal.SIGINT, before)

    assert not artifacts.folder.exists()


def test_a_failure_between_two_files_undoes_the_first(artifacts, monkeypatch):
    """All are replaced, or all are as they were."""
    artifacts.write("a.txt", b"before")
    replace, calls = os.replace, []

    def failing(source, target):
        calls.append(target)
        if len(calls) == 3:
            raise OSError(5, "Input/output error")
        replace(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", failing)
        with pytest.raises(OSError, match="Input/output"):
            artifacts.write_all({"a.txt": b"after", "new/b.txt": b"after", "c.txt": b"after"})

    assert artifacts.read("a.txt") == b"before"
    assert everything_below(artifacts.folder) == ["a.txt"]
