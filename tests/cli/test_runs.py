from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

from nbtrack.cli.main import main
from nbtrack.recording.session import current_session


@pytest.fixture
def three(client) -> list[str]:
    """Runs in Default with f1 0.1, 0.3, 0.2 and lr 1, 2, 3, oldest first."""
    ids = []
    for number, f1 in enumerate((0.1, 0.3, 0.2), start=1):
        run_id = client.create_run("0", run_name=f"number {number}").info.run_id
        client.log_param(run_id, "lr", number)
        client.log_metric(run_id, "f1", f1)
        ids.append(run_id)
    return ids


def names(out: str) -> list[str]:
    return [row["name"] for row in json.loads(out)]


def test_the_best_comes_first_and_is_marked(three, nbtrack):
    """--sort by a metric, highest first where that is better, with a star at the best."""
    _, out, _ = nbtrack("runs", "--sort", "f1")

    shown = [line for line in out.splitlines() if "number" in line]
    assert [line[: len("* number 2")] for line in shown] == [
        "* number 2",
        "  number 3",
        "  number 1",
    ]


def test_filter_and_top_choose(three, nbtrack):
    """A filter in MLflow's grammar, and only so many."""
    _, out, _ = nbtrack("runs", "params.lr != '2'", "--sort", "f1", "--top", "1", "--json")

    assert names(out) == ["number 3"]


@pytest.mark.parametrize(
    ("typed", "shown"),
    [(["number"], 3), (["number 3"], 1), (["number", "lr", "=", "2"], 1), (["f1 > 0.15", "3"], 1)],
)
def test_a_filter_as_people_type_it(three, nbtrack, typed, shown):
    """Words and names without prefixes; several arguments are one filter."""
    assert len(names(nbtrack("runs", *typed, "--json")[1])) == shown


def test_a_wrong_filter_is_pointed_at(three, nbtrack):
    """The place is marked, and the exit code says that nothing was answered."""
    code, out, err = nbtrack("runs", "metrics.f1 >> 2")

    assert (code, out) == (2, "")
    assert "^" in err


def test_without_a_name_it_is_the_newest_run_s_experiment(three, client, nbtrack):
    """A terminal knows no notebook: what was worked on last is what is meant."""
    other = client.create_experiment("churn")
    client.create_run(other, run_name="newest")

    assert names(nbtrack("runs", "--json")[1]) == ["newest"]
    assert len(names(nbtrack("runs", "--all", "--json")[1])) == 4
    assert len(names(nbtrack("runs", "--experiment", "Default", "--json")[1])) == 3


def test_an_unknown_experiment_is_an_error(three, nbtrack):
    """A name that is not there is told, not taken for an empty one."""
    code, _, err = nbtrack("runs", "--experiment", "chrun")

    assert code == 2
    assert "'chrun'" in err
    assert "There are Default." in err


def test_other_experiments_are_told(three, client, nbtrack):
    """The terminal chose one by itself: it says what it left aside, unless it was told which."""
    other = client.create_experiment("churn")
    client.create_experiment("empty")
    client.create_run(other, run_name="newest")

    chosen = nbtrack("runs")[1]
    told = nbtrack("runs", "-e", "churn")[1]
    several = nbtrack("runs", "-e", "churn", "-e", "Default", "--json")[1]

    assert chosen.endswith("3 runs in other experiments (Default): -e NAME, or --all\n")
    assert "other experiments" not in told
    assert len(names(several)) == 4


def test_a_project_without_runs_is_named(nbtrack, tmp_path):
    """Somebody may be looking in the wrong place."""
    (tmp_path / ".nbtrack" / "journal").mkdir(parents=True)

    assert nbtrack("runs")[1] == f"No runs yet (looked in {tmp_path / '.nbtrack'})\n"


def test_who_is_waited_for_is_told(three, client, tmp_path):
    """While another program has the file open, stderr says so, and the answer still comes."""
    folder = tmp_path / ".nbtrack"
    current_session().store_for(client.tracking_uri).fold()
    file = str(folder / "nbtrack.duckdb")
    script = f"import duckdb; c = duckdb.connect({file!r}); print(1, flush=True); input()"
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    command = [sys.executable, "-m", "nbtrack", "--store", str(folder), "runs", "--json"]
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, **pipes) as holder:
        holder.stdout.readline()
        with subprocess.Popen(command, **pipes) as reader:
            told = reader.stderr.readline()
            holder.communicate("\n", timeout=60)
            answer, _ = reader.communicate(timeout=60)

    assert f"(PID {holder.pid}); waiting, at most" in told
    assert str(folder) in told
    assert len(names(answer)) == 3


def test_a_file_in_the_place_of_the_project_is_an_error(tmp_path, monkeypatch, capsys):
    """One line that says what to do, from every command."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NBTRACK_DIR", raising=False)
    (tmp_path / ".nbtrack").write_text("")

    for command in ("runs", "doctor", "gc"):
        assert main([command]) == 2
        assert f"{tmp_path / '.nbtrack'} is a file" in capsys.readouterr().err


def test_json_tells_when_where_and_the_tags(client, nbtrack):
    """Times as other programs read them, in UTC."""
    run = client.create_run(
        "0", start_time=1_772_366_400_123, tags={"team": "red"}, run_name="timed"
    )
    client.set_terminated(run.info.run_id, end_time=1_772_366_401_000)

    (row,) = json.loads(nbtrack("runs", "--json")[1])

    assert row["start_time"] == "2026-03-01T12:00:00.123+00:00"
    assert row["end_time"] == "2026-03-01T12:00:01.000+00:00"
    assert (row["experiment"], row["tags"]["team"]) == ("Default", "red")


def test_json_has_no_nan(client, nbtrack):
    """Other programs refuse NaN and Infinity in JSON: they come as text."""
    run_id = client.create_run("0").info.run_id
    client.log_metric(run_id, "loss", float("nan"))

    _, out, _ = nbtrack("runs", "--json")

    (row,) = json.loads(out, parse_constant=pytest.fail)
    assert row["metrics"] == {"loss": "nan"}


@pytest.mark.parametrize("top", ["0", "-1", "many"])
def test_top_is_a_number_from_1(three, nbtrack, top):
    """Anything else is a usage error."""
    with pytest.raises(SystemExit) as stopped:
        nbtrack("runs", f"--top={top}")

    assert stopped.value.code == 2


def test_watching_says_what_is_new(three, client, tmp_path):
    """One table after the other in a pipe, and only when there is something new."""
    command = [sys.executable, "-m", "nbtrack", "--store", str(tmp_path), "runs", "--watch"]
    watching = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert watching.stdout is not None
    first = [next(watching.stdout) for _ in range(5)]
    client.create_run("0", run_name="the newest")
    second = next(line for line in watching.stdout if "the newest" in line)
    watching.send_signal(signal.SIGINT)
    rest = watching.stdout.read()

    assert "number 3" in "".join(first)
    assert second
    assert rest.count("the newest") == 0
    assert watching.wait(timeout=60) == 130
