"""`nbtrack import csv FILE`: a table of runs that somebody made is runs, and it is said how."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import nbtrack
from nbtrack import MlflowClient
from nbtrack.cli.main import main
from nbtrack.records.runs import Run

Import = Callable[..., tuple[int, str]]
BY_HAND = """name,status,started,lr,model,metrics.loss,params.depth,tags.team,acc,odd,seed
first,done,2024-05-01 10:00,0.1,"a, b",0.5,3,red,0.9,nan,1
"zwei
☃",failed,2024-05-01T11:00:00+02:00,0.2,<b>x</b>,inf,4,,-1e-3,,2

../../etc,,2024-05-02,0.3,=1+1,NaN,x,blue,1,inf,3
"""


@pytest.fixture
def bring(tmp_path, capsys) -> Import:
    def run(text: str | bytes, *words: str, name: str = "wine.csv") -> tuple[int, str]:
        (tmp_path / "here").mkdir(exist_ok=True)
        data = text if isinstance(text, bytes) else text.encode()
        (tmp_path / name).write_bytes(data)
        where = ["--to", str(tmp_path / "here")]
        code = main(["import", "csv", str(tmp_path / name), *where, *words])
        return code, "".join(capsys.readouterr())

    return run


@pytest.fixture
def ours(tmp_path) -> MlflowClient:
    return MlflowClient(str(tmp_path / "here" / ".nbtrack"))


def runs_in(client: MlflowClient, experiment: str = "wine") -> dict[str, Run]:
    found = client.get_experiment_by_name(experiment)
    return {r.data.tags["mlflow.runName"]: r for r in client.search_runs([found.experiment_id])}


def runs_in_any(client: MlflowClient) -> list[Run]:
    return client.search_runs([client.get_experiment_by_name("wine").experiment_id])


def test_columns_are_what_they_are_called_or_hold(bring, ours):
    """MLflow's names first, then what people say, then numbers and texts; and it is said."""
    code, said = bring(BY_HAND, "--param", "seed")

    assert code == 0, said
    runs = runs_in(ours)
    assert runs.keys() == {"first", "zwei\n☃", "../../etc"}
    first, second, third = (runs[name] for name in ("first", "zwei\n☃", "../../etc"))
    assert first.data.params == {"model": "a, b", "depth": "3", "seed": "1"}
    assert repr(first.data.metrics) == "{'acc': 0.9, 'loss': 0.5, 'lr': 0.1, 'odd': nan}"
    assert (first.data.tags["team"], "team" in second.data.tags) == ("red", False)
    assert (first.info.status, second.info.status, third.info.status) == (
        "FINISHED", "FAILED", "FINISHED"
    )  # fmt: skip
    assert first.info.start_time == 1_714_557_600_000
    assert second.info.start_time == first.info.start_time - 3_600_000
    assert second.data.metrics == {"lr": 0.2, "loss": float("inf"), "acc": -0.001}
    assert third.data.params["model"] == "=1+1"
    assert "metrics, as all in them are numbers" in said
    assert ": lr, acc, odd" in said
    assert "params, as not all in them are numbers: model" in said
    assert "a run is known by its name" in said
    assert "All of it is here" in said


def test_again_with_more_in_it(bring, ours):
    """What is there stays; a new row is a new run, a new column comes to the runs that have it."""
    bring(BY_HAND)
    bring(BY_HAND)
    text = BY_HAND.replace(",seed\n", ",seed,f1\n").replace("nan,1\n", "nan,1,0.25\n")
    code, said = bring(text + "new,,2024-05-03,0.4,c,0,1,,0,,4\n")

    runs = runs_in(ours)
    assert ("1 new, 1 grown, 2 as they were" in said, len(runs), code) == (True, 4, 0), said
    assert runs["first"].data.metrics["f1"] == 0.25
    [point] = ours.get_metric_history(runs["first"].info.run_id, "acc")
    assert (point.step, point.timestamp) == (0, 1_714_557_600_000)


def test_a_corrected_number_is_the_latest(bring, ours):
    """A table has no history: another number, also a smaller one, is what the run has now."""
    bring("run_id,acc,loss\na,0.9,1\n")
    code, said = bring("run_id,acc,loss\na,0.5,1\n")
    assert (code, "1 grown" in said, "All of it is here" in said) == (0, True, True), said
    [run] = runs_in_any(ours)
    assert run.data.metrics == {"acc": 0.5, "loss": 1.0}
    assert [p.value for p in ours.get_metric_history(run.info.run_id, "acc")] == [0.9, 0.5]

    for text in ("nan", "0.9"):
        code, said = bring(f"run_id,acc,loss\na,{text},1\n")
        assert (code, "1 grown" in said) == (0, True), said
    code, said = bring("run_id,acc,loss\na,0.9,1\n")
    assert (code, "1 as they were" in said) == (0, True), said
    assert runs_in_any(ours)[0].data.metrics == {"acc": 0.9, "loss": 1.0}


def test_ids_and_names_stay_those_of_one_file(bring, ours):
    """Two files that count from 1 are other runs; a name that comes twice makes none new."""
    bring("id,name,acc\n1,cat,0.1\n", name="vision.csv")
    bring("id,name,acc\n1,hello,0.2\n", name="speech.csv")
    assert runs_in(ours, "vision").keys() == {"cat"}
    assert runs_in(ours, "speech").keys() == {"hello"}

    bring("name,acc\na,1\nb,2\n")
    code, said = bring("name,acc\na,1\nb,2\na,3\n")
    assert (code, "1 new, 0 grown, 2 as they were" in said) == (0, True), said
    assert "by which of them it is" in said


def test_what_search_runs_says_comes_back(bring, ours, tmp_path):
    """MLflow's own way to a CSV: ids, times, and its columns."""
    nbtrack.set_tracking_uri(str(tmp_path / "there"))
    nbtrack.set_experiment("wine")
    with nbtrack.start_run(run_name="r") as run:
        nbtrack.log_params({"lr": 0.1, "text": "a;b"})
        nbtrack.log_metrics({"loss": 0.5, "nan": float("nan")})
        nbtrack.set_tag("note", 'he said "no"')
    frame: Any = nbtrack.search_runs(experiment_names=["wine"])
    nbtrack.set_tracking_uri(None)

    code, said = bring(frame.to_csv(index=False), "-e", "mine")

    [back] = runs_in(ours, "mine").values()
    assert code == 0, said
    assert back.info.run_id == run.info.run_id
    assert back.data.params == {"lr": "0.1", "text": "a;b"}
    assert (back.data.metrics["loss"], back.data.tags["note"]) == (0.5, 'he said "no"')
    assert "columns that nothing was made of: artifact_uri" in said


def test_one_odd_cell_takes_no_column_away(bring, ours):
    """It is left out, and listed with its row; what says that it is empty, is."""
    text = """name,state,start_time,end_time,acc,metrics.f1,params.depth
a,failed,2024-05-01,1714557600000000,0.5,1,None
b,preempted,soon,1714557600000000000,N/A,oops,3
c,paused,2024-05-02,null,-,2,4
"""
    code, said = bring(text)

    runs = runs_in(ours)
    assert (code, [runs[n].info.status for n in "abc"]) == (1, ["FAILED", "KILLED", "FINISHED"])
    assert [runs[n].info.end_time for n in "abc"] == [1_714_557_600_000] * 2 + [None]
    assert runs["a"].info.start_time == 1_714_521_600_000
    assert [runs[n].data.metrics for n in "abc"] == [{"acc": 0.5, "f1": 1}, {}, {"f1": 2}]
    assert [runs[n].data.params for n in "abc"] == [{"depth": d} for d in ("None", "3", "4")]
    assert "start_time of row 3, 'soon': it is no time" in said
    assert "state of row 4, 'paused': it is no status" in said
    assert "metrics.f1 of row 3, 'oops': it is no number" in said
    assert "1 of 3 rows have no time in a column start_time" in said


def test_rows_that_are_no_runs_are_listed(bring, ours):
    """Cells without a column, an id twice; semicolons, a name twice and a BOM are nothing bad."""
    text = "\ufeffrun_id;acc;acc;f<1>\na;1;2\na;3;4\nb;1;2;3;4\nc;5\n"
    code, said = bring(text)

    found = ours.search_runs([ours.get_experiment_by_name("wine").experiment_id])
    assert (code, len(found)) == (1, 2), said
    assert "in row 3: another row has its run_id" in said
    assert "it has 5 cells, and there are 4 columns" in said
    assert {"acc": 1.0, "acc _2_": 2.0} in [run.data.metrics for run in found]


def test_runs_join_an_experiment_that_is_named(bring, ours):
    """Only if somebody says so: else two things that are called the same are two."""
    ours.create_run(ours.create_experiment("wine"))
    code, said = bring("a\n1\n")
    assert "experiment 'wine'" in said
    assert "is 'wine (2)'" in said

    assert bring("a\n7\n8\n", "-e", "wine", name="more.csv")[0] == code == 0
    assert len(ours.search_runs([ours.get_experiment_by_name("wine").experiment_id])) == 3


@pytest.mark.parametrize(
    ("data", "cure"),
    [
        (b"", "its first row has to name the columns"),
        ("a,ö\n1,ü\n".encode("latin-1"), "no CSV in UTF-8"),
        (b'a,b\n"1,2\n', "no CSV in UTF-8"),
    ],
)
def test_what_is_no_table_is_refused(bring, data, cure):
    code, said = bring(data)
    assert (code, cure in said) == (2, True), said
    code, said = bring("a,b\n1,2\n", "--param", "c")
    assert (code, "there are a, b" in said) == (2, True), said


def test_two_files_of_one_name_are_said(bring, tmp_path):
    """Both go to one experiment, unless one is named; the same file again is no other."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    text = "name,metrics.loss\none,1\n"
    first, again, other = (bring(text, name=f"{f}/runs.csv")[1] for f in ("a", "a", "b"))

    assert "-e NAME" not in first + again
    assert f"experiment 'runs' has runs from {tmp_path / 'a' / 'runs.csv'} already" in other
