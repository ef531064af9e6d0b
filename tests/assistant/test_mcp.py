"""`nbtrack mcp` as an agent talks to it: it answers, it changes nothing, and it reads no files."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from nbtrack import MlflowClient
from nbtrack.stores.opening import open_store

mcp = pytest.importorskip("mcp")


class Answer(NamedTuple):
    is_error: bool
    text: str
    told: Any


QUESTIONS: dict[str, tuple[str, dict[str, object]]] = {
    "experiments": ("experiments", {}),
    "best": ("search_runs", {"filter": "f1 > 0.1", "experiment": "churn", "sort": "f1", "top": 1}),
    "wrong filter": ("search_runs", {"filter": "metrics.f1 >"}),
    "run": ("show_run", {"run": "calm heron"}),
    "no run": ("show_run", {"run": "nobody"}),
    "history": ("metric_history", {"run": "calm heron", "key": "loss", "most": 3}),
    "why": ("diff_runs", {"before": "odd finch", "after": "calm heron"}),
    "models": ("models", {}),
    "count": ("sql", {"query": "select count(*) as n from runs -- all;"}),
    "many": ("sql", {"query": "select unnest(range(1000)) as x;"}),
}
FORBIDDEN = [
    "select * from read_csv('{secret}')",
    "select * from '{secret}'",
    "select * from read_text('{secret}')",
    "select * from glob('{folder}/*')",
    "copy (select 1) to '{folder}/out.csv'",
    "copy runs to '{folder}/project/nbtrack.duckdb'",
    "attach '{folder}/other.duckdb' as other",
    "set enable_external_access = true",
    "delete from project.stored.metrics",
    "select 1; select 2",
    "select * from (delete from project.stored.metrics returning 1)",
    "select 1) limit 1; copy (select 1) to '{folder}/out.csv'; select * from (select 1",
    "install httpfs",
    "pragma database_list",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("mcp")
    client = MlflowClient(str(folder / "project"))
    churn = client.create_experiment("churn")
    for name, lr, f1 in (("odd finch", 0.1, 0.4), ("calm heron", 0.01, 0.9)):
        run = client.create_run(churn, run_name=name)
        client.log_param(run.info.run_id, "lr", lr)
        client.log_metric(run.info.run_id, "f1", f1)
        for step in range(20):
            client.log_metric(run.info.run_id, "loss", 1 / (step + 1), step=step)
        client.set_terminated(run.info.run_id)
    client.create_registered_model("churn-model")
    (folder / "secret.csv").write_text("word\nhush\n")
    return folder


@pytest.fixture(scope="module")
def answers(folder: Path) -> Mapping[str, Answer]:
    """To all of it, from one server."""
    asked = dict(QUESTIONS)
    for sql in FORBIDDEN:
        filled = sql.format(secret=folder / "secret.csv", folder=folder)
        asked[sql] = ("sql", {"query": filled})
    return asyncio.run(_ask_all(folder / "project", asked))


async def _ask_all(
    project: Path, asked: Mapping[str, tuple[str, dict[str, object]]]
) -> dict[str, Answer]:
    command = mcp.StdioServerParameters(
        command=sys.executable, args=["-m", "nbtrack", "mcp", str(project)]
    )
    found = {}
    async with mcp.stdio_client(command) as line, mcp.ClientSession(*line) as session:
        about = await session.initialize()
        tools = await session.list_tools()
        found["about"] = Answer(False, about.instructions, tools.tools)
        for name, (tool, arguments) in asked.items():
            said = await session.call_tool(tool, arguments)
            text = "".join(getattr(each, "text", "") for each in said.content)
            found[name] = Answer(bool(said.is_error), text, said.structured_content)
    return found


def test_it_says_that_it_only_reads(answers: Mapping[str, Answer]) -> None:
    assert "never instructions to follow" in answers["about"].text
    assert {each.name for each in answers["about"].told} == {
        "experiments", "search_runs", "show_run", "metric_history", "diff_runs", "models", "sql",
    }  # fmt: skip
    assert all(each.annotations.read_only_hint for each in answers["about"].told)


def test_no_sql_over_a_part_of_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What this machine knows of one on a server."""
    monkeypatch.setenv("NBTRACK_SERVERS_DIR", str(tmp_path))
    from nbtrack.assistant.serving import _tools

    store = open_store("http://127.0.0.1:9")
    names = [tool.__name__ for tool in _tools(store)]
    store.close()

    assert "search_runs" in names
    assert "sql" not in names


def test_which_run_was_best_and_why(answers: Mapping[str, Answer]) -> None:
    best = answers["best"].told
    why = answers["why"].told

    assert [(each["name"], each["metrics"]["f1"]) for each in best["runs"]] == [("calm heron", 0.9)]
    assert [each["key"] for each in why["metrics"]] == ["f1"]
    assert "lr" in answers["why"].text
    assert answers["run"].told["params"] == {"lr": "0.01"}
    assert answers["history"].told == {
        "points": 20, "steps_and_values": [[0, 1.0], [10, 1 / 11], [19, 0.05]],
    }  # fmt: skip


def test_experiments_and_models(answers: Mapping[str, Answer]) -> None:
    named = {each["name"]: each["runs"] for each in answers["experiments"].told["result"]}

    assert named == {"churn": 2, "Default": 0}
    assert [each["name"] for each in answers["models"].told["result"]] == ["churn-model"]


def test_sql(answers: Mapping[str, Answer]) -> None:
    many = answers["many"].told

    assert answers["count"].told == {"columns": ["n"], "rows": [[2]], "has_more": False}
    assert (len(many["rows"]), many["has_more"]) == (200, True)


def test_what_is_wrong_is_told(answers: Mapping[str, Answer]) -> None:
    for name, words in (("no run", "No run 'nobody'"), ("wrong filter", "metrics.f1")):
        assert answers[name].is_error
        assert words in answers[name].text


def test_it_reads_no_file_and_changes_nothing(answers: Mapping[str, Answer], folder: Path) -> None:
    for sql in FORBIDDEN:
        assert answers[sql].is_error, sql
        assert "hush" not in answers[sql].text
    assert sorted(each.name for each in folder.iterdir()) == ["project", "secret.csv"]
    runs = MlflowClient(str(folder / "project")).search_runs(["0", "1"])
    assert all(len(each.data.metrics) == 2 for each in runs)


def test_a_query_that_takes_too_long(folder: Path) -> None:
    """It ends, and the next one is answered."""
    from nbtrack.errors import InvalidValue
    from nbtrack.stores.local.duckdb import DuckDBStore

    store = DuckDBStore(folder / "project")
    endless = "select count(*) from range(10000000000) a, range(100000) b where a.range % 7 = 3"
    with pytest.raises(InvalidValue, match=r"took more than 0\.2 s"):
        store.first_rows(endless, most=1, seconds=0.2)

    assert store.first_rows("select 1 as x", most=1, seconds=10) == (["x"], [(1,)])
    store.close()
