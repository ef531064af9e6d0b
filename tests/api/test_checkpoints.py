"""What is saved during a run is kept by a rule, each content once, and gone on with later."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import nbtrack
from nbtrack.api import checkpoints
from nbtrack.api.checkpoint_files import KeptFiles
from nbtrack.errors import InvalidValue, NotFound


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "LOOK_SECONDS", 0.02)


@pytest.fixture
def folder(project: Path, tmp_path: Path) -> Path:
    made = tmp_path / "saved"
    made.mkdir()
    (made / "yesterday.pt").write_text("of another run")
    return made


def artifacts(run_id: str) -> dict[str, str]:
    root = Path(nbtrack.get_run(run_id).info.artifact_uri)
    found = nbtrack.MlflowClient()._store.list_artifact_records(run_id)
    try:
        return {file.path: (root / file.path).read_text() for file in found}
    except FileNotFoundError:  # another one has just taken its place
        return artifacts(run_id)


def wait_until(is_true: Callable[[], object]) -> None:
    until = time.monotonic() + 20
    while not is_true():
        assert time.monotonic() < until
        time.sleep(0.02)


def save(file: Path, text: str, run_id: str) -> None:
    """And wait until it is kept."""
    before = time.monotonic()
    file.write_text(text)
    while text not in artifacts(run_id).values() and time.monotonic() - before < 20:
        time.sleep(0.02)


def test_without_a_rule_the_folder_is_kept_as_it_stands(folder: Path) -> None:
    """What the framework removes is removed, and what it writes anew is new."""
    with nbtrack.start_run() as run:
        nbtrack.keep_checkpoints(folder)
        save(folder / "epoch-1.pt", "one", run.run_id)
        save(folder / "epoch-2.pt", "two", run.run_id)
        (folder / "epoch-1.pt").unlink()
        (folder / "epoch-2.pt").write_text("two again")

    assert artifacts(run.run_id) == {"checkpoints/epoch-2.pt": "two again"}


def test_folders_are_checkpoints_too(folder: Path) -> None:
    """As transformers makes them: with all that is in them."""
    with nbtrack.start_run() as run:
        nbtrack.keep_checkpoints(folder / "checkpoint-*", last=True)
        for step in (500, 1000):
            (made := folder / f"checkpoint-{step}").mkdir()
            (made / "model.bin").write_text(f"weights {step}")
            save(made / "state.json", f"state {step}", run.run_id)
    kept = artifacts(run.run_id)

    assert kept == {
        "checkpoints/last/checkpoint-1000/model.bin": "weights 1000",
        "checkpoints/last/checkpoint-1000/state.json": "state 1000",
    }
    assert nbtrack.resume(run).checkpoint == Path(run.info.artifact_uri) / "checkpoints/last" / (
        "checkpoint-1000"
    )


def test_rules(folder: Path) -> None:
    """The last one, the one of the best loss, and every second, of a name that is used again."""
    losses = [0.5, 0.2, 0.9, 0.4, 0.7]
    with nbtrack.start_run() as run:
        nbtrack.keep_checkpoints(folder / "*.pt", best="loss", every=2)
        for step, loss in enumerate(losses):
            nbtrack.log_metric("loss", loss, step=step)
            time.sleep(0.01)
            save(folder / "model.pt", f"at {loss}", run.run_id)

    assert artifacts(run.run_id) == {
        "checkpoints/last/model.pt": "at 0.7",
        "checkpoints/best/model.pt": "at 0.2",
        "checkpoints/every/000002/model.pt": "at 0.2",
        "checkpoints/every/000004/model.pt": "at 0.4",
    }


def test_a_name_that_is_written_over_as_it_is_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All rules keep the content that was there when the checkpoint was taken."""
    file = folder / "model.pt"
    note = KeptFiles._note

    def writes_the_next(self: KeptFiles, stored: Any) -> None:
        note(self, stored)
        file.write_text("the next one")

    with nbtrack.start_run() as run:
        nbtrack.log_metric("loss", 0.5)
        nbtrack.keep_checkpoints(file, best="loss", every=1)
        monkeypatch.setattr(KeptFiles, "_note", writes_the_next)
        save(file, "the first one", run.run_id)
    kept = artifacts(run.run_id)

    assert kept["checkpoints/best/model.pt"] == "the first one"
    assert kept["checkpoints/every/000001/model.pt"] == "the first one"


def test_the_metric_counts_as_it_was_when_a_checkpoint_was_saved(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not as it is when the checkpoint is looked at."""
    monkeypatch.setattr(checkpoints, "LOOK_SECONDS", 0.3)
    with nbtrack.start_run() as run:
        nbtrack.keep_checkpoints(folder, best="my_score:max")
        for score, later in ((0.5, 0.9), (0.7, 0.2)):
            nbtrack.log_metric("my_score", score)
            time.sleep(0.01)
            (folder / "model.pt").write_text(f"at {score}")
            time.sleep(0.01)
            nbtrack.log_metric("my_score", later)
            text = f"at {score}"
            wait_until(lambda text=text: text in artifacts(run.run_id).values())

    assert artifacts(run.run_id)["checkpoints/best/model.pt"] == "at 0.7"


def test_each_content_is_stored_once(folder: Path) -> None:
    """`best.pt` and `last.pt` are one file as long as they are the same."""
    with nbtrack.start_run() as run:
        nbtrack.keep_checkpoints(folder)
        save(folder / "last.pt", "the same", run.run_id)
        (folder / "best.pt").write_text("the same")
        wait_until(lambda: len(artifacts(run.run_id)) == 2)
    root = Path(run.info.artifact_uri) / "checkpoints"

    assert (root / "last.pt").stat().st_ino == (root / "best.pt").stat().st_ino


def test_what_an_interrupt_tore_is_not_kept(folder: Path) -> None:
    """But the whole one before it."""
    file = folder / "model.pt"
    with pytest.raises(KeyboardInterrupt), nbtrack.start_run() as run:  # noqa: PT012 - a run in it
        nbtrack.keep_checkpoints(folder, last=True)
        with zipfile.ZipFile(file, "w") as opened:
            opened.writestr("data", "weights " * 100)
        wait_until(lambda: nbtrack.get_run(run.run_id).data.tags.get("nbtrack.checkpoint"))
        whole = file.read_bytes()
        file.write_bytes(whole[:80])
        raise KeyboardInterrupt
    found = nbtrack.resume(run).checkpoint

    assert found is not None
    assert found.read_bytes() == whole


SCRIPT = """
import sys, time
from pathlib import Path
import nbtrack
with nbtrack.start_run(run_name="killed"):
    nbtrack.log_params({"lr": 0.01, "layers": [8, 4], "name": "resnet"})
    nbtrack.keep_checkpoints("saved", last=True)
    Path("saved").mkdir(exist_ok=True)
    for step in range(1000):
        nbtrack.log_metric("loss", 1 / (step + 1), step=step)
        if step < 3:
            Path("saved/model.pt").write_text(f"step {step}")
        time.sleep(0.5)
"""


def test_a_killed_run_is_gone_on_with(project: Path, tmp_path: Path) -> None:
    """From its last checkpoint, params with their types, and the step that it was at."""
    environment = {**os.environ, "NBTRACK_DIR": str(project)}
    script = subprocess.Popen([sys.executable, "-c", SCRIPT], cwd=tmp_path, env=environment)
    wait_until(lambda: _checkpoint_text("killed") == "step 2")
    script.send_signal(signal.SIGKILL)
    script.wait()
    point = nbtrack.resume("killed")

    assert point.params == {"lr": 0.01, "layers": [8, 4], "name": "resnet"}
    assert point.step >= 2
    assert point.metrics == {"loss": 1 / (point.step + 1)}
    with nbtrack.start_run(point.run_id):
        nbtrack.log_metric("loss", 0, step=point.step + 1)
    assert nbtrack.resume("killed").step == point.step + 1


def _checkpoint_text(name: str) -> str | None:
    try:
        found = nbtrack.resume(name).checkpoint
    except NotFound:
        return None
    return None if found is None else found.read_text()


def test_a_run_without_checkpoints(project: Path) -> None:
    """Has none, and is at step 0."""
    with nbtrack.start_run() as run:
        pass

    assert nbtrack.resume(run) == checkpoints.Resumed(
        run_id=run.run_id, params={}, metrics={}, step=0, checkpoint=None
    )


def test_what_cannot_be_kept_is_said_at_once(project: Path) -> None:
    """Without a run, or by a metric of which nobody knows which way is better."""
    with pytest.raises(InvalidValue, match="none is"):
        nbtrack.keep_checkpoints("saved")
    with nbtrack.start_run(), pytest.raises(InvalidValue, match="speed:min or speed:max"):
        nbtrack.keep_checkpoints("saved", best="speed")
