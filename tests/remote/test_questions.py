"""Every question of `Store` gets the same answer from a server as from the project itself."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterator
from dataclasses import astuple
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import nbtrack
from nbtrack.errors import InvalidFilter, InvalidValue, NotFound
from nbtrack.journal.reading import segment_sizes
from nbtrack.recording.session import current_session
from nbtrack.records.logged_models import LoggedModelQuery
from nbtrack.records.registry import RegistryQuery
from nbtrack.records.runs import RunQuery, ViewType
from nbtrack.records.transfers import LinesOf
from nbtrack.remote.codec import decode, encode
from nbtrack.remote.protocol import MOST_PATHS, QUESTIONS_ASKED, question
from nbtrack.remote.store import RemoteStore
from nbtrack.stores.local.duckdb import DuckDBStore
from nbtrack.stores.opening import open_store
from nbtrack.stores.registry.registry_append import INSERT
from tests.support.postgres import Postgres, postgres
from tests.support.team_server import TeamServer

Both = tuple[DuckDBStore, RemoteStore, str]


def fill() -> str:
    """Something of all that a store can be asked for."""
    from sklearn.linear_model import LinearRegression

    nbtrack.set_experiment("filled")
    nbtrack.set_experiment_tag("é", "'")
    with nbtrack.start_run(run_name="parent") as run:
        nbtrack.log_params({"lr": 0.1, "a b": '"'})
        for step in range(40):
            nbtrack.log_metric("loss", math.nan if step == 7 else 1 / (step + 1), step=step)
        nbtrack.log_metric("inf", math.inf)
        nbtrack.log_text("x", "notes/a.txt")
        nbtrack.log_input(nbtrack.data.from_numpy(__import__("numpy").arange(4.0)), "training")
        model = LinearRegression().fit([[1.0], [2.0]], [2.0, 4.0])
        nbtrack.sklearn.log_model(model, name="model", registered_model_name="price")
        with nbtrack.start_run(run_name="child", nested=True):
            nbtrack.log_metric("loss", 0.5)
    return run.info.run_id


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DuckDBStore, str]]:
    base = tmp_path_factory.mktemp("both")
    nbtrack.set_tracking_uri(base / "served" / ".nbtrack")
    run_id = fill()
    store = current_session().store
    assert isinstance(store, DuckDBStore)
    store.fold()
    yield store, run_id
    nbtrack.set_tracking_uri(None)


@pytest.fixture(scope="module", params=["folder", "postgresql"])
def both(
    request: pytest.FixtureRequest, project: tuple[DuckDBStore, str]
) -> Iterator[tuple[DuckDBStore, RemoteStore, str]]:
    """The project, and a server of the same records: of the project itself, or of a database."""
    store, run_id = project
    base = store.folder.parent.parent
    if request.param == "folder":
        server = TeamServer(store.folder.parent)
    else:
        server = TeamServer(base / "files", database=copied_into(postgres(), store, base / "files"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("NBTRACK_SERVERS_DIR", str(base / f"machine of {request.param}"))
        there = open_store(server.address)
    assert isinstance(there, RemoteStore)
    yield store, there, run_id
    there.close()
    server.kill()


def copied_into(begun: Postgres, store: DuckDBStore, files: Path) -> str:
    """The address of a database with the records of *store*, the files of which are in *files*."""
    from nbtrack.stores.postgres.store import PostgresStore

    address, folder = begun.new_database(), files / ".nbtrack"
    there = PostgresStore(address, folder)
    there.prepare()
    for name, size in segment_sizes(store.folder / "journal").items():
        text = (store.folder / "journal" / name).read_bytes()
        for start in range(0, size, 1000):  # pieces that end within a line
            there.received.take(name, start, text[start : start + 1000])
    with there._pool.transaction() as connection:
        rows = [astuple(event) for event in store.registry_events()]
        connection.executemany(INSERT, rows)
    for name in ("models", "artifacts"):
        shutil.copytree(store.folder / name, folder / name)
    shutil.copy(store.folder / "registry.head", folder)
    there.release()
    return address


def questions(store: DuckDBStore, run_id: str) -> dict[str, dict[str, Any]]:
    """Arguments by name; the test fails for a question that has none here."""
    runs, models = RunQuery(order_by=("metrics.loss ASC",)), LoggedModelQuery(experiment_ids=("0",))
    experiment = store.get_run(run_id).info.experiment_id
    models = LoggedModelQuery(experiment_ids=(experiment,))
    model_id = store.search_logged_models(models)[0].model_id
    return {
        "count_runs": {"query": runs},
        "find_experiment": {"name": "filled"},
        "get_experiment": {"experiment_id": experiment},
        "get_run": {"run_id": run_id},
        "list_artifact_records": {"run_id": run_id},
        "list_model_files": {"model_id": model_id},
        "look_up_model": {"model_id": model_id},
        "look_up_run": {"run_id": run_id},
        "missing_contents": {"digests": ["x"]},
        "noted_registry_head": {},
        "proposed_run": {"typed": "paren", "view_type": ViewType.ACTIVE_ONLY},
        "read_cell": {"run_id": run_id},
        "read_cells": {"run_ids": [run_id]},
        "read_child_runs": {"parent_id": run_id},
        "read_datasets": {"experiment_ids": [experiment]},
        "read_environments": {"run_ids": [run_id]},
        "read_executions": {"run_id": run_id},
        "read_git_states": {"run_ids": [run_id]},
        "read_groups": {"query": runs, "by": "params.lr", "metrics": ["loss"]},
        "read_history": {"experiment_id": experiment, "lineage": None, "without": "x"},
        "read_keys": {"query": runs},
        "read_latest_points": {"run_ids": [run_id]},
        "read_lines": {"of": LinesOf(runs=(run_id,), experiments=(experiment,))},
        "read_metrics": {"run_id": run_id, "key": "loss"},
        "read_places": {"notebook": "x.ipynb"},
        "read_point_digests": {"run_id": run_id},
        "read_point_lines": {"run_id": run_id, "keys": ["loss"], "start": 3, "limit": 9},
        "read_run_page": {"query": runs, "folded": True},
        "read_run_values": {"query": runs, "columns": ["params.lr", "metrics.loss"]},
        "read_series": {"run_ids": [run_id], "keys": ["loss"], "x": "step", "buckets": 8},
        "read_texts": {"digests": ["x"]},
        "registry_events": {"name": "price"},
        "registry_head": {},
        "renamed_experiments": {},
        "search_experiments": {},
        "search_logged_models": {"query": models},
        "search_model_versions": {"query": RegistryQuery(name="price")},
        "search_registered_models": {"query": RegistryQuery()},
        "search_run_columns": {"query": runs},
        "search_runs": {"query": RunQuery(filter_string="metrics.loss > 0 and params.lr = '0.1'")},
    }


def shown(answer: object) -> str:
    """With NaN, which is not itself, and without an order of keys."""
    return json.dumps(encode(answer), sort_keys=True)


@pytest.mark.parametrize("name", sorted(QUESTIONS_ASKED))
def test_the_answer_is_the_projects_own(both: Both, name: str) -> None:
    """Places of files apart, which are this machine's."""
    store, there, run_id = both
    arguments = questions(store, run_id)[name]
    own, told = getattr(store, name)(**arguments), getattr(there, name)(**arguments)

    assert there.line.away_since is None
    assert type(told) is type(own) or isinstance(told, dict)
    assert shown(told).replace(str(there.folder), str(store.folder)) == shown(own)


def test_what_is_wrong_is_wrong_there_too(both: Both) -> None:
    _, there, run_id = both
    with pytest.raises(InvalidFilter, match=r"metrics\.loss >"):
        there.search_runs(RunQuery(filter_string="metrics.loss >"))
    with pytest.raises(NotFound, match="append"):
        there.line.ask("/questions/append", {"text": "{}"})
    with pytest.raises(InvalidValue, match="get_run"):
        there.line.ask("/questions/get_run", {"run": "x"})
    with pytest.raises(InvalidValue, match="search_runs"):
        there.line.ask("/questions/search_runs", {"query": {"filter": "x"}})
    paths = [f"{number}.txt" for number in range(MOST_PATHS + 1)]
    with pytest.raises(InvalidValue, match=r"ask for 1,000 at the most"):
        there.line.ask("/questions/file_digests", {"owner": run_id, "paths": paths})
    twice = {"owner": run_id, "paths": ["notes/a.txt", "notes", "no.txt", "notes/a.txt"]}
    answer = there.line.ask("/questions/file_digests", twice)["answer"]
    assert answer == {"notes/a.txt": sha256(b"x").hexdigest(), "notes": None, "no.txt": None}


def test_what_records_have_comes_back_as_it_was() -> None:
    times = {"at": datetime(2026, 1, 2, tzinfo=UTC), "list": [1, None, "x", 0.5, True]}
    kind = dict[str, Any]
    assert decode(kind, encode(times)) == times
    pairs = {("a", "b"): None, ("c", "d"): "e"}
    assert decode(dict[tuple[str, str], str | None], encode(pairs)) == pairs
    with pytest.raises(TypeError, match="object"):
        encode(object())


def test_every_question_has_types_that_can_travel() -> None:
    """Of a class that only the type checker imports, nothing could be made."""
    for name in QUESTIONS_ASKED:
        assert question(name).answer is not Any
