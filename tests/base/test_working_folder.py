"""Folders that are gone whatever becomes of their process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nbtrack.base.working_folder import WorkingFolder


@pytest.fixture(autouse=True)
def _apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def test_one_that_was_killed_is_removed_by_the_next(tmp_path):
    """And neither that of a living process, nor one of another kind, nor a new one."""
    code = "from nbtrack.base.working_folder import WorkingFolder; import time;"
    code += "print(WorkingFolder('import').path, flush=True); kept = WorkingFolder('import');"
    code += "print(kept.path, flush=True); time.sleep(600)"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert process.stdout is not None
    gone, killed = (Path(process.stdout.readline().strip()) for _ in range(2))
    other = tmp_path / "nbtrack-imports"
    other.mkdir()
    living = WorkingFolder("import")
    _age(killed, living.path, other)
    WorkingFolder("import").cleanup()
    assert (gone.exists(), killed.is_dir(), living.path.is_dir()) == (False, True, True)

    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    _age(killed, living.path)
    WorkingFolder("import").cleanup()
    assert (killed.exists(), living.path.is_dir(), other.is_dir()) == (False, True, True)
    living.cleanup()
    assert not living.path.exists()


def test_one_without_a_lock_is_left_alone_for_a_day(tmp_path):
    """Its maker may live: it could make none, or is of a version that made none."""
    lone = tmp_path / "nbtrack-import-lone"
    lone.mkdir()
    for hours, is_there in ((23, True), (25, False)):
        then = time.time() - hours * 3600
        os.utime(lone, (then, then))
        WorkingFolder("import").cleanup()
        assert lone.exists() is is_there


def test_a_fork_that_ends_leaves_it_to_its_parent(tmp_path):
    """As it ends by `sys.exit`, with all that is to be done at the end of a process."""
    code = "import os, sys; from nbtrack.base.working_folder import WorkingFolder;"
    code += "kept = WorkingFolder('import'); child = os.fork(); child or sys.exit();"
    code += "os.waitpid(child, 0); print(kept.path.is_dir())"
    command = [sys.executable, "-c", code]
    said = subprocess.check_output(command, env={**os.environ, "TMPDIR": str(tmp_path)}, text=True)
    assert (said, list(tmp_path.iterdir())) == ("True\n", [])


def _age(*folders: Path) -> None:
    for folder in folders:
        os.utime(folder, (1, 1))
