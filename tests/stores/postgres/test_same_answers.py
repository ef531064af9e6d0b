"""A store in PostgreSQL answers as a folder does that was told the same lines."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nbtrack.journal import lines
from nbtrack.records.executions import Execution
from nbtrack.records.history import History
from nbtrack.records.logged_models import LoggedModelQuery
from nbtrack.records.runs import RunQuery, ViewType
from nbtrack.records.tags import IDENTITY_TAG, PARENT_TAG
from nbtrack.records.transfers import LinesOf
from nbtrack.remote.codec import encode
from nbtrack.stores.local.duckdb import DuckDBStore
from nbtrack.stores.store import Store
from tests.support.postgres import postgres

START = 1_760_000_000_000_000  # microseconds
TEXTS = ["", "0.1", "1e-3", " 7 ", "1_000", "nan", "-inf", "1e999", "-1e999", "1e-999", "Ä", "ä",
         "a%b", "a_b", "a\\b", "it's", "zebra", "Zebra", "$f0", "?", "x\ny", "0x10"]  # fmt: skip
NUMBERS = [0.0, 0.1, -1.5, 1e300, float("nan"), float("inf"), float("-inf"), 3.0, 0.1 + 0.2]


def some_lines(seed: int) -> list[str]:
    """What several processes may have said, in no order; times of one thing differ."""
    chance = random.Random(seed)
    found: list[str] = []
    now = START

    def at() -> int:
        nonlocal now
        now += chance.choice((1, 7, 1000, 2_000_000))
        return now

    found.append(lines.experiment_line("7", t=at(), name="first", created_us=at()))
    found.append(lines.experiment_line("8", t=at(), name="second", created_us=at()))
    found.append(lines.experiment_line("8", t=at(), renamed="Second", lifecycle_stage="deleted"))
    found.append(lines.experiment_line("8", t=at(), lifecycle_stage="active"))
    found += [lines.experiment_tag_line("7", k, v, t=at()) for k, v in (("a", "1"), ("b", "2"))]
    found.append(lines.experiment_tag_line("7", "a", None, t=at()))
    runs = [f"{number:032x}" for number in range(12)]
    for place, run in enumerate(runs):
        start = at()
        found.append(
            lines.run_line(run, t=start, name=chance.choice(["", "fox", "Fox 2", "owl"]),
                           experiment_id=chance.choice(["7", "8"]), status="RUNNING",
                           user_id="ann", start_us=start, writer="w" * 32, environment="e1")
        )  # fmt: skip
        if place % 3:
            found.append(lines.tag_line(run, PARENT_TAG, runs[place // 3 * 3], t=at()))
        for key in ("lr", "depth", "läge", "a b"):
            for _ in range(chance.randrange(3)):
                text, is_inferred = chance.choice(TEXTS), chance.random() < 0.5
                found.append(lines.param_line(run, key, text, t=at(), is_inferred=is_inferred))
        for key in ("team", "mlflow.note.content", "nbtrack.x"):
            for _ in range(chance.randrange(3)):
                found.append(lines.tag_line(run, key, chance.choice([*TEXTS, None]), t=at()))
        found.append(lines.tag_line(run, IDENTITY_TAG, f"{place % 4:064x}", t=at()))
        found.append(lines.tag_line(run, "nbtrack.git.state", "e1", t=at()))
        for key in ("loss", "f1"):
            for _ in range(chance.randrange(60)):
                point = {"step": chance.randrange(-3, 20), "t": START + chance.randrange(5) - 9**18}
                point["t"] = START + chance.randrange(-2, 3) * 999
                found.append(lines.metric_line(run, key, chance.choice(NUMBERS), **point))
        found.append(lines.artifact_line(run, "a.txt", "0" * 64, size=3, t=at()))
        found.append(lines.artifact_line(run, "a.txt", "1" * 64, size=4, t=at()))
        found.append(lines.artifact_line(run, "b.txt", "0" * 64, size=3, t=at()))
        found.append(lines.artifact_line(run, "b.txt", None, size=None, t=at()))
        found.append(
            lines.cell_line(run, t=at(), source="fit()", sha256="0", execution_count=place,
                            notebook="n.ipynb", lineage=f"l{place % 4}", attempt=place // 4 + 1,
                            position=place % 4, cpu_seconds=0.5, peak_memory_bytes=1 << 40,
                            kernel_started=START)
        )  # fmt: skip
        for context in ("train", "eval"):
            found.append(
                lines.input_line(run, t=at(), name=chance.choice("ab"), digest="d",
                                 source_type="local", source="{}", context=context)
            )  # fmt: skip
        if chance.random() < 0.6:
            status = chance.choice(["FINISHED", "FAILED", "KILLED"])
            found.append(lines.run_line(run, t=at(), status=status, end_us=at()))
        if chance.random() < 0.2:
            found.append(lines.run_line(run, t=at(), lifecycle_stage="deleted"))
        found += some_of_models(chance, run, f"m-{place}", at)
        facts = Execution(kernel="k", number=place, started_us=at(), source="s", status="ok",
                          run_id=run if place % 2 else None)  # fmt: skip
        found += [lines.execution_line(facts, t=at()), lines.execution_line(facts, t=at())]
    found.append(lines.environment_line("e1", {"python": "3.13", "git": {"c": "é"}}, t=at()))
    found += [lines.text_line("s", "x = 1", t=at()), lines.text_line("s", "x = 1", t=at())]
    found += ["this is no line\n", '{"k":"metric","r":"x","n":"loss","v":"y","s":1,"t":5}\n']
    return found


def some_of_models(chance: random.Random, run: str, model: str, at: Any) -> list[str]:
    step = chance.randrange(4)
    found = [
        lines.model_line(model, t=at(), name=chance.choice(["tree", "net"]), source_run_id=run,
                         experiment_id="7", path=chance.choice(["", "model"]), params_until=at()),
        lines.model_value_line(model, "tag", "stage", chance.choice(["a", "b"]), t=at()),
        lines.model_value_line(model, "param", "lr", chance.choice(TEXTS), t=at()),
        lines.model_value_line(model, "file", "MLmodel", "2" * 64, t=at()),
        lines.model_link_line(run, model, "output", t=at(), step=step),
        lines.model_link_line(run, "m-0", "input", t=at()),
    ]  # fmt: skip
    for _ in range(3):
        t, value = at(), chance.choice(NUMBERS)
        found.append(lines.metric_line(run, "loss", value, step=step, t=t))
        if chance.random() < 0.5:
            found.append(
                lines.model_point_line(run, "loss", value, step=step, t=t, model_id=model,
                                       dataset_name="a", dataset_digest="d")
            )  # fmt: skip
    if chance.random() < 0.5:
        found.append(lines.model_line(model, t=at(), status="READY"))
    return found


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DuckDBStore, Store]]:
    """Lines of a process come to the database in its order, in pieces that end anywhere."""
    from nbtrack.stores.postgres.store import PostgresStore

    folder = tmp_path_factory.mktemp("same") / ".nbtrack"
    own, there = DuckDBStore(folder), PostgresStore(postgres().new_database(), folder)
    there.prepare()
    chance = random.Random(1)
    text = "".join(some_lines(1))
    own.append(text)
    own.fold()
    data, start, segment = text.encode(), 0, f"{'a' * 32}-1.jsonl"
    while start < len(data):
        piece = data[start : start + chance.choice((1, 50, 5000, 20_000))]
        start = there.received.take(segment, start, piece)
    yield own, there
    own.close()
    there.close()


def shown(answer: object) -> str:
    """Of runs that reached the same, either may be named."""
    if isinstance(answer, History):
        reached = {key: (of.highest.value, of.lowest.value) for key, of in answer.extremes.items()}
        answer = [replace(answer, extremes={}), reached]
    return json.dumps(encode(answer), sort_keys=True, indent=1)


def rounded(number: str) -> str:
    return f"{float(number):.12g}"


FILTERS = [
    "params.lr = 0.1", "params.lr = '0.1'", "params.lr != 0.1", "params.lr > 0", "params.lr >= 1",
    "params.lr IN (0.1, 1000)", "params.lr NOT IN ('0.1', 'zebra')", "params.lr IS NULL",
    "params.`a b` IS NOT NULL", "params.läge LIKE '%a%'", "params.lr LIKE 'a_b'",
    "params.lr LIKE 'a\\b'", "params.lr ILIKE 'ä'", "params.lr NOT ILIKE 'Z%'",
    "tags.team ILIKE '%z%'", "tags.team < 'b'", "tags.team = '$f0'", "tags.team != 7",
    "metrics.loss > 0", "metrics.loss = 'nan'", "metrics.loss >= 0.3", "metrics.loss IN (0.1, 3)",
    "not (metrics.loss > 0)", "metrics.f1 IS NULL or params.depth = 'zebra'", "duration > 1",
    "start_time > 0", "start_time > '2025-10-09'", "status = 'finished'", "status != 'RUNNING'",
    "attributes.run_name ILIKE 'fox%'", "run_name = ''", "datasets.name = 'a'",
    "datasets.context LIKE 'tr%'", "any_text LIKE '%zebra%'", "any_text ILIKE '%ä%'",
    "any_text LIKE '%a^_b%'", "experiment_id IN ('7')", "run_id LIKE '0%3'", "user_id = 'ann'",
]  # fmt: skip
ORDERS = [
    ("metrics.loss DESC",), ("metrics.loss ASC",), ("params.lr DESC", "metrics.f1"), ("params.lr",),
    ("params.depth ASC", "run_name"), ("metrics.f1 DESC", "params.lr"),
    ("tags.team DESC",), ("run_name", "start_time DESC"), ("duration DESC",), ("status",),
]  # fmt: skip


@pytest.mark.parametrize("filter_string", FILTERS)
def test_filters(stores: tuple[DuckDBStore, Store], filter_string: str) -> None:
    own, there = stores
    try:
        wanted = own.search_runs(RunQuery(filter_string=filter_string, view_type=ViewType.ALL))
    except ValueError as exc:
        with pytest.raises(type(exc)):
            there.search_runs(RunQuery(filter_string=filter_string))
        return
    query = RunQuery(filter_string=filter_string, view_type=ViewType.ALL)
    assert shown(there.search_runs(query)) == shown(wanted)
    assert there.count_runs(query) == len(wanted)


@pytest.mark.parametrize("order_by", ORDERS)
def test_orders_and_pages(stores: tuple[DuckDBStore, Store], order_by: tuple[str, ...]) -> None:
    own, there = stores
    for offset, most in ((0, None), (2, 3), (30, 100)):
        query = RunQuery(order_by=order_by, offset=offset, max_results=most)
        assert shown(there.search_runs(query)) == shown(own.search_runs(query))
        for question in (query, replace(query, filter_string="metrics.loss > 0")):
            for folded in (True, False):
                wanted = own.read_run_page(question, folded=folded)
                assert shown(there.read_run_page(question, folded=folded)) == shown(wanted)


def test_keys_of_data_come_in_the_order_they_were_logged_in(
    stores: tuple[DuckDBStore, Store],
) -> None:
    own, there = stores
    for wanted in own.search_runs(RunQuery()):
        data = there.get_run(wanted.info.run_id).data
        for name in ("params", "metrics", "tags"):
            assert [*getattr(data, name)] == [*getattr(own.get_run(wanted.info.run_id).data, name)]


OF_RUNS = ("trace_run", "look_up_run", "read_executions", "list_artifact_records", "read_cell")


def questions(own: Store) -> list[tuple[str, dict[str, Any]]]:
    runs = [f"{number:032x}" for number in range(12)]
    every = RunQuery(view_type=ViewType.ALL)
    found: list[tuple[str, dict[str, Any]]] = [
        ("search_run_columns", {"query": every}),
        ("search_experiments", {"view_type": ViewType.ALL, "order_by": ["name DESC"]}),
        ("search_experiments", {"filter_string": "tags.b = '2'"}),
        ("find_experiment", {"name": "Second"}),
        ("read_cells", {"run_ids": runs}),
        ("read_environments", {"run_ids": runs}),
        ("read_git_states", {"run_ids": runs}),
        ("read_texts", {"digests": ["s", "nothing"]}),
        ("read_keys", {"query": every}),
        ("read_keys", {"query": RunQuery(filter_string="metrics.loss > 0")}),
        ("read_latest_points", {"run_ids": runs}),
        ("read_datasets", {"experiment_ids": ["7", "8"]}),
        ("read_lines", {"of": LinesOf(runs=tuple(runs), experiments=("7", "8"),
                                      kernels=(("k", 11),), contents=("e1", "s"))}),
        ("missing_contents", {"digests": ["e1", "s", "nothing"]}),
        ("read_point_digests", {"run_id": runs[3]}),
        ("read_history", {"experiment_id": "7", "lineage": "l1", "without": runs[5]}),
        ("read_places", {"notebook": "n.ipynb"}),
        ("read_identical", {"digest": f"{1:064x}"}),
        ("read_run_values", {"query": every, "columns": ["params.lr", "metrics.f1", "duration",
                                                         "start_time", "tags.team"]}),
        ("search_logged_models", {"query": LoggedModelQuery(
            experiment_ids=("7",), filter_string="params.lr = 0.1 or metrics.loss > 0")}),
        ("search_logged_models", {"query": LoggedModelQuery(
            experiment_ids=("7", "8"), datasets=({"dataset_name": "a"},),
            order_by=({"field_name": "metrics.loss", "ascending": False},),
            view_type=ViewType.ALL)}),
        ("proposed_run", {"typed": "ow", "view_type": ViewType.ACTIVE_ONLY}),
        ("proposed_run", {"typed": "000000", "view_type": ViewType.ACTIVE_ONLY}),
    ]  # fmt: skip
    found += [
        ("read_groups", {"query": every, "by": by, "metrics": ["loss", "f1"]})
        for by in ("params.lr", "tags.team", "experiment", "cell", "status")
    ]
    for x in ("step", "time", "relative"):
        found.append(("read_series", {"run_ids": runs, "keys": ["f1", "loss"], "x": x}))
        bounds = {"low": 0.0, "high": 9.0, "buckets": 4} if x == "step" else {"buckets": 3}
        found.append(("read_series", {"run_ids": runs, "keys": ["loss"], "x": x, **bounds}))
    for run in runs:
        found += [("read_metrics", {"run_id": run, "key": key}) for key in ("loss", "f1")]
        found += [(name, {"run_id": run}) for name in OF_RUNS]
        found.append(("read_child_runs", {"parent_id": run, "view_type": ViewType.ALL}))
    for place in range(12):
        found.append(("look_up_model", {"model_id": f"m-{place}"}))
        found.append(("list_model_files", {"model_id": f"m-{place}"}))
    return found


def test_every_other_question(stores: tuple[DuckDBStore, Store]) -> None:
    own, there = stores
    for name, arguments in questions(own):
        wanted = shown(getattr(own, name)(**arguments))
        told = shown(getattr(there, name)(**arguments))
        if name == "read_groups":  # sums of floats depend on their order
            told, wanted = (repr(json.loads(t, parse_float=rounded)) for t in (told, wanted))
        assert told == wanted, (name, arguments)


def test_texts_that_nothing_names_go_with_executions(tmp_path: Path) -> None:
    """Those of modules, generators and data stay as long as another one names them."""
    from nbtrack.stores.postgres.store import PostgresStore

    texts = [f"{name}{number}" for name in "smg" for number in range(3)]
    text = "".join(lines.text_line(each, each, t=START) for each in texts)
    for number in range(3):
        facts = {"source": f"s{number}", "started_us": START, "generators": [f"g{number}"],
                 "modules": [["a", "b\0\\u0000", None, f"m{number}"]]}  # fmt: skip
        line = {"k": "execution", "n": "k", "s": number, "t": START, "x": facts}
        text += json.dumps(line) + "\n"
    text += '{"k":"execution","n":"k","s":7,"t":1,"x":{"source":"s1","generators":3}}\n'
    own = DuckDBStore(tmp_path / ".nbtrack")
    there = PostgresStore(postgres().new_database(), tmp_path)
    there.prepare()
    for store in (own, there):
        store.append(text)
    own.fold()
    for store in (own, there):
        store.remove_executions({"k": [0, 1], "of another": [2]})

    assert sorted(there.read_texts(texts)) == sorted(own.read_texts(texts))
    assert sorted(there.read_texts(texts)) == ["g2", "m2", "s1", "s2"]
    assert there.status()["database_bytes"] > 1000
    own.close()
    there.close()
