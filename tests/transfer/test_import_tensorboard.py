"""`nbtrack import tensorboard DIR`: event files that tensorboardX, PyTorch and TensorFlow's form of
them wrote are runs, and what of them is damaged is said."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nbtrack import MlflowClient
from nbtrack.cli.main import main
from nbtrack.records.runs import Run
from nbtrack.transfer.sources.crc32c import _one_by_one, crc32c
from tests.support.told_runs import files_of, paths_of

tensorboardX = pytest.importorskip("tensorboardX")
Import = Callable[..., tuple[int, str]]
HOSTILE = "../../<b>x</b>/ünï"
# Made by TensorBoard 2.21's own writer, with summaries as TensorFlow 2 has them: tensors.
OF_TENSORFLOW = Path(__file__).parent / "others" / "tensors.tfevents.zip"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tensorboard") / "logs"
    with tensorboardX.SummaryWriter(str(folder / "first"), write_to_disk=True) as writer:
        for step, value in enumerate([1.0, 0.1, float("nan"), float("inf"), -1e30]):
            writer.add_scalar("loss", value, step, walltime=1_700_000_000 + step)
        writer.add_scalar("loss", 0.5, 1, walltime=1_700_000_009)
        writer.add_scalar(HOSTILE, 2.0, 10**12, walltime=1_700_000_001.5)
        writer.add_text("note", "zwei\nZeilen ☃", 3)
        writer.add_image(HOSTILE, np.zeros((3, 40, 50), dtype=np.uint8), 7)
        writer.add_histogram("weights", np.arange(9.0), 1)
    with tensorboardX.SummaryWriter(str(folder / "hp"), write_to_disk=True) as writer:
        hparams = {"lr": 0.1, "layers": 3, "act": "relu", "bias": True}
        writer.add_hparams(hparams, {"hp/acc": 0.9}, name="trial", global_step=4)
        writer.add_scalar("after", 1.0, 0)
    return folder


@pytest.fixture
def bring(tmp_path, capsys) -> Import:
    def run(source: Path, *words: str) -> tuple[int, str]:
        (tmp_path / "here").mkdir(exist_ok=True)
        where = ["--to", str(tmp_path / "here")]
        code = main(["import", "tensorboard", str(source), *where, *words])
        return code, capsys.readouterr().out

    return run


@pytest.fixture
def ours(tmp_path) -> MlflowClient:
    return MlflowClient(str(tmp_path / "here" / ".nbtrack"))


def runs_in(client: MlflowClient, experiment: str = "logs") -> dict[str, Run]:
    found = client.get_experiment_by_name(experiment)
    return {r.data.tags["mlflow.runName"]: r for r in client.search_runs([found.experiment_id])}


def points_of(client: MlflowClient, run: Run, key: str) -> list[tuple[int, int, str]]:
    history = client.get_metric_history(run.info.run_id, key)
    return sorted((p.step, p.timestamp, repr(round(p.value, 6))) for p in history)


def test_what_was_written_is_here(made, bring, ours, tmp_path):
    """Every point with its step and time, hparams, texts and images; the rest is said."""
    code, said = bring(made)

    assert (code, "histograms: 1 of them" in said) == (1, True), said
    runs = runs_in(ours)
    assert runs.keys() == {"first", "hp", "hp/trial"}
    first, trial = runs["first"], runs["hp/trial"]
    at = 1_700_000_000_000
    assert points_of(ours, first, "loss") == [
        (0, at, "1.0"), (1, at + 1000, "0.1"), (1, at + 9000, "0.5"), (2, at + 2000, "nan"),
        (3, at + 3000, "inf"), (4, at + 4000, repr(float(np.float32(-1e30)))),
    ]  # fmt: skip
    assert "'../../_b_x_/b_/ünï' is called '__/__/_b_x_/b_/ünï' here" in said
    assert points_of(ours, first, "__/__/_b_x_/b_/ünï") == [(10**12, at + 1500, "2.0")]
    assert (trial.data.params, trial.data.metrics) == (
        {"lr": "0.1", "layers": "3", "act": "relu", "bias": "True"}, {"hp/acc": pytest.approx(0.9)}
    )  # fmt: skip
    assert trial.data.tags["mlflow.parentRunId"] == runs["hp"].info.run_id
    files = files_of(ours, first.info.run_id, tmp_path / "files")
    assert {p.partition("/")[0] for p in files} == {"images", "text"}
    [text] = [data for path, data in files.items() if path.startswith("text/note")]
    [image] = [(path, data) for path, data in files.items() if path.startswith("images/")]
    assert text.decode() == "zwei\nZeilen ☃"
    assert image[1].startswith(b"\x89PNG")
    assert image[0] == "images/%2E%2E/%2E%2E/_b_x_/b_/%C3%BCn%C3%AF/7.png"


def test_again_adds_what_is_new_wherever_the_folder_is(made, bring, ours, tmp_path):
    """The same folder elsewhere has the same runs; what was logged since comes to them, and not to
    a copy that is called something earlier."""
    bring(made)
    original = runs_in(ours)["first"].info.run_id
    moved = tmp_path / "moved" / "logs"
    shutil.copytree(made, moved)
    assert "0 new, 0 grown, 3 as they were" in bring(moved)[1]
    with tensorboardX.SummaryWriter(str(moved / "first"), write_to_disk=True) as writer:
        writer.add_scalar("loss", 9.0, 99, walltime=1_700_000_100)
    shutil.copytree(moved / "first", moved / "copy")

    (moved / "begun").mkdir()
    (moved / "begun" / "events.out.tfevents.1").touch()

    said = bring(moved)[1]

    assert "run begun: no event is written yet" in said
    assert "1 new, 1 grown, 2 as they were" in said, said
    runs = runs_in(ours)
    assert runs["first"].info.run_id == original
    assert [points_of(ours, runs[name], "loss")[-1][0] for name in ("first", "copy")] == [99, 99]
    assert len(points_of(ours, runs["first"], "loss")) == 7
    assert len(paths := list(paths_of(ours, runs["first"].info.run_id, None))) == 2, paths


@pytest.mark.parametrize("lost", [1, 3, 15])
def test_a_cut_last_record_is_said(made, bring, ours, tmp_path, lost):
    """A crash in the middle of a write: all before it comes, and the run was killed."""
    shutil.copytree(made / "first", tmp_path / "logs")
    [file] = (tmp_path / "logs").iterdir()
    with tensorboardX.SummaryWriter(str(tmp_path / "x"), write_to_disk=True) as writer:
        writer.add_scalar("loss", 1.0, 77)
    record = next((tmp_path / "x").iterdir()).read_bytes()
    file.write_bytes(file.read_bytes() + record[:-lost])

    said = bring(tmp_path / "logs")[1]

    [run] = runs_in(ours).values()
    assert "is cut" in said
    assert (run.info.status, len(points_of(ours, run, "loss"))) == ("KILLED", 6)


def test_a_damaged_record_is_said(made, bring, ours, tmp_path):
    """One bit in the middle: what is before it comes, and the other runs."""
    shutil.copytree(made, tmp_path / "logs")
    [file] = (tmp_path / "logs/first").iterdir()
    data = bytearray(file.read_bytes())
    place = data.index(b"loss", data.index(b"loss") + 4)
    data[place] ^= 1
    file.write_bytes(data)

    code, said = bring(tmp_path / "logs", "-e", "mine")

    runs = runs_in(ours, "mine")
    assert (code, runs.keys()) == (1, {"first", "hp", "hp/trial"}), said
    assert f"first/{file.name}: its record at byte" in said
    assert points_of(ours, runs["first"], "loss") == [(0, 1_700_000_000_000, "1.0")]


def test_files_of_tensorflow(bring, ours, tmp_path):
    """Scalars and texts are tensors there; what kind each is, only its first value says."""
    shutil.unpack_archive(OF_TENSORFLOW, tmp_path / "logs")
    code, said = bring(tmp_path / "logs")

    [run] = runs_in(ours).values()
    assert [p[2] for p in points_of(ours, run, "loss")] == ["0.5", "0.25", "0.125"]
    assert run.data.params == {"lr": "0.1"}
    files = files_of(ours, run.info.run_id, tmp_path / "files")
    assert files["text/note/0.txt"] == b"hello"
    assert files["images/img/0.png"].startswith(b"\x89PNG")
    assert (code, "All of it is here" in said) == (0, True), said


def test_what_is_no_folder_of_events_is_refused(tmp_path, capsys):
    (tmp_path / "logs").mkdir()
    words = ["import", "tensorboard", str(tmp_path / "logs"), "--to", str(tmp_path)]
    assert main(words) == 2
    assert "has a file of events" in capsys.readouterr().err


def test_the_checksum_is_that_of_its_standard():
    """Of long data, too, where many parts are computed at once."""
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA
    long = bytes(range(256)) * 40
    assert crc32c(long) == _one_by_one(long, 0xFFFFFFFF) ^ 0xFFFFFFFF
