from __future__ import annotations

import json

import pytest


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
