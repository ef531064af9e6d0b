"""`nbtrack import wandb`: folders that W&B itself wrote (wandb 0.31.0, offline), and what people
export of its server, are runs here."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nbtrack import MlflowClient
from nbtrack.cli.main import main
from nbtrack.records.runs import Run
from tests.support.told_runs import files_of

# Of `train_wandb.py` there: three runs, one of them resumed.
PACKED = Path(__file__).parent / "others" / "wandb-0.31.0.zip"
Import = Callable[..., tuple[int, str]]


@pytest.fixture
def made(tmp_path) -> Path:
    shutil.unpack_archive(PACKED, tmp_path / "wandb")
    return tmp_path / "wandb"


@pytest.fixture
def bring(tmp_path, capsys) -> Import:
    def run(source: Path, *words: str) -> tuple[int, str]:
        (tmp_path / "here").mkdir(exist_ok=True)
        code = main(["import", "wandb", str(source), "--to", str(tmp_path / "here"), *words])
        return code, "".join(capsys.readouterr())

    return run


@pytest.fixture
def ours(tmp_path) -> MlflowClient:
    return MlflowClient(str(tmp_path / "here" / ".nbtrack"))


def runs_in(client: MlflowClient, experiment: str) -> dict[str, Run]:
    found = client.get_experiment_by_name(experiment)
    return {r.data.tags["mlflow.runName"]: r for r in client.search_runs([found.experiment_id])}


def points_of(client: MlflowClient, run: Run, key: str) -> list[tuple[int, str]]:
    return sorted((p.step, repr(p.value)) for p in client.get_metric_history(run.info.run_id, key))


def test_what_wandb_wrote_is_here(made, bring, ours, tmp_path):
    """History with steps and times, config, summary, labels, texts, files, how each run ended."""
    code, said = bring(made)

    assert (code, "histograms: 1 of them" in said) == (1, True), said
    wine, other = runs_in(ours, "wine"), runs_in(ours, "other")
    first, crashed, resumed = wine["first <b>"], wine["crashed"], other["resumed"]
    assert [r.info.status for r in (first, crashed, resumed)] == ["FINISHED", "FAILED", "FINISHED"]
    assert points_of(ours, first, "ünï") == [(0, "0.0"), (1, "1.0"), (2, "nan"), (3, "inf")]
    assert points_of(ours, first, "big") == [(1000, repr(float(2**70)))]
    assert points_of(ours, first, "early") == [(4, "1.0")]
    [point] = ours.get_metric_history(first.info.run_id, "nested.a")
    assert first.info.start_time <= point.timestamp <= first.info.end_time
    assert points_of(ours, resumed, "loss") == [(0, "1.0"), (1, "0.5")]
    assert points_of(ours, first, "best") == [(10**12 + 1, "0.25")]
    assert first.data.params == {
        "lr": "0.1", "net.layers": "[1, 2]", "net.act": "relu", "later": "3", "a/b": "1"
    }  # fmt: skip
    tags = first.data.tags
    assert (tags["mlflow.note.content"], tags["wandb.tags"]) == ("note ☃", "a, b")
    assert (tags["wandb.id"], tags["wandb.group"], tags["summary.text"]) == ("abc", "g", "hello")
    assert len(tags["summary.long"]) == 100_000
    keys = first.data.metrics.keys()
    assert {"x_0_/_b_", "__/up", "flag", "system/proc.cpu.threads"} <= keys
    assert not {"_runtime", "hist.values", "img.width", "_step"} & keys
    files = files_of(ours, first.info.run_id, tmp_path / "files")
    assert files["output.log"].startswith(b"printed line")
    assert {path.rpartition(".")[2] for path in files} == {"log", "png", "json", "txt"}


def test_again_adds_what_is_new(made, bring, ours):
    """Also while a run goes on: its file grows."""
    [store] = made.glob("*/run-abc.wandb")
    whole = store.read_bytes()
    store.write_bytes(whole[: len(whole) // 3])
    code, said = bring(made)
    assert (code, "is cut" in said) == (1, True), said
    assert runs_in(ours, "wine")["first <b>"].info.status == "KILLED"

    store.write_bytes(whole)
    shutil.copytree(made, made.parent / "a_backup")
    (made.parent / "a_backup" / store.relative_to(made)).write_bytes(whole[: len(whole) // 3])
    said = bring(made.parent)[1]
    assert "it is a copy of" in said
    assert "0 new, 1 grown, 2 as they were" in said
    first = runs_in(ours, "wine")["first <b>"]
    assert (first.info.status, len(points_of(ours, first, "loss"))) == ("FINISHED", 4)
    assert "0 new, 0 grown, 1 as they were" in bring(store)[1]


def test_what_is_damaged_is_said(made, bring, ours):
    """A bit in the middle of one run, a file that is none of W&B's: the others come."""
    [store] = made.glob("*/run-abc.wandb")
    data = bytearray(store.read_bytes())
    data[data.index(b"val/acc", 2000)] ^= 1
    store.write_bytes(data)
    (made / "run-x").mkdir()
    (made / "run-x" / "run-x.wandb").write_bytes(b"<script>")

    code, said = bring(made)

    assert code == 1
    assert "run-abc.wandb: its record at byte" in said
    assert "no record of it can be read" in said
    assert runs_in(ours, "wine").keys() == {"first <b>", "crashed"}
    assert runs_in(ours, "other").keys() == {"resumed"}


RECORD: dict[str, Any] = {
    "id": "r1", "name": "n", "state": "crashed", "project": "wine", "tags": ["t"],
    "createdAt": "2024-05-01T10:00:00Z", "config": {"lr": {"value": 0.1, "desc": None}},
    "summary": {"acc": 0.9, "_step": 7, "_timestamp": 1714557600.5, "img": {"_type": "image-file"}},
}  # fmt: skip


def test_json_of_its_api(bring, ours, tmp_path):
    """With a history, all points; without, the last ones; what is no run is listed."""
    history = [{"_step": s, "_timestamp": 1714557600 + s, "acc": s / 10} for s in range(3)]
    history[1]["odd"] = "NaN"
    records = [{**RECORD, "history": history}, RECORD, {**RECORD, "id": "r2", "name": "m"}]
    records += [{"id": "r3", "summary": "{'a':", "project": "wine"}]
    records[2]["config"] = {"text": "\u2028"}
    (tmp_path / "runs.jsonl").write_text(
        "\r\n".join(json.dumps(r, ensure_ascii=False) for r in records)
    )

    code, said = bring(tmp_path / "runs.jsonl")

    runs = runs_in(ours, "wine")
    assert (code, runs.keys()) == (1, {"n", "m"}), said
    assert "another one has its id" in said
    assert "is neither JSON nor a dict" in said
    assert points_of(ours, runs["n"], "acc") == [(0, "0.0"), (1, "0.1"), (2, "0.2")]
    assert points_of(ours, runs["n"], "odd") == [(1, "nan")]
    [point] = ours.get_metric_history(runs["m"].info.run_id, "acc")
    assert (point.step, point.timestamp, point.value) == (7, 1_714_557_600_500, 0.9)
    assert (runs["m"].info.status, runs["n"].data.params) == ("KILLED", {"lr": "0.1"})

    poorer = {"id": "r2", "name": "m", "project": "wine", "state": "crashed"}
    (tmp_path / "poorer.json").write_text(json.dumps([poorer]))
    bring(tmp_path / "poorer.json")
    again = runs_in(ours, "wine")["m"].info
    assert again.start_time == runs["m"].info.start_time > 0
    assert again.end_time == runs["m"].info.end_time is not None


def test_csv_of_its_documentation_and_of_its_page(bring, ours, tmp_path):
    """The first has dicts of Python in its cells, the second a column for each."""
    summary, config = "{'loss': nan, 'acc': -0.5, '_step': 3}", "{'lr': 0.1, 'l': [1, 2]}"
    (tmp_path / "a.csv").write_text(f',summary,config,name\n0,"{summary}","{config}",x\n')
    page = 'Name,State,Created,Runtime,Tags,acc\ny,crashed,2024-05-01T10:00:00.000Z,12,"a",0.5\n'
    (tmp_path / "b.csv").write_text(page)

    assert bring(tmp_path / "a.csv")[0] == bring(tmp_path / "b.csv")[0] == 0
    [first], [second] = runs_in(ours, "a").values(), runs_in(ours, "b").values()
    assert first.data.params == {"lr": "0.1", "l": "[1, 2]"}
    assert repr(sorted(first.data.metrics.items())) == "[('acc', -0.5), ('loss', nan)]"
    assert (second.info.status, second.data.metrics["acc"]) == ("KILLED", 0.5)


@pytest.mark.parametrize(
    ("name", "text"), [("a.json", "{"), ("b.json", "[]"), ("c.jsonl", "1\n"), ("d/x", "")]
)
def test_what_has_no_runs_is_refused(bring, tmp_path, name, text):
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    code, said = bring(file.parent if name == "d/x" else file)
    assert (code, said.count("\n")) == (2, 1), said
