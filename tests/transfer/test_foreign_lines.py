"""What a server answers is taken as far as it was asked for, and in the form of a journal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest

from nbtrack.api.client import MlflowClient
from nbtrack.errors import InvalidValue, NotFound
from nbtrack.journal import lines
from nbtrack.records.transfers import LinesOf
from nbtrack.stores.opening import open_store
from nbtrack.stores.store import Store
from nbtrack.transfer.copies.between import pull_runs
from nbtrack.transfer.copies.foreign_lines import check_lines, check_points
from tests.support.forging_server import Forge, ForgingServer
from tests.support.random_runs import add_model, change_run, record_cell
from tests.support.team_server import TeamServer

RUN, OTHER, MODEL, DIGEST, KERNEL = "a" * 32, "b" * 32, f"m-{'c' * 32}", "d" * 64, "e" * 32
OF_RUN, OF_EXPERIMENT = LinesOf(runs=(RUN,)), LinesOf(experiments=("7",))
OF_KERNEL, OF_TEXT = LinesOf(kernels=((KERNEL, 3),)), LinesOf(contents=(DIGEST,))
START = lines.run_line(RUN, t=1, experiment_id="7")
OF_OTHERS = [
    (OF_RUN, lines.tag_line(OTHER, "k", "v", t=1)),
    (OF_RUN, lines.run_line(OTHER, t=1, lifecycle_stage="deleted")),
    (OF_RUN, lines.model_line(MODEL, t=1, name="m", source_run_id=OTHER)),
    (OF_RUN, lines.model_line(MODEL, t=1, status="FAILED")),
    (OF_RUN, lines.model_value_line(MODEL, "file", "MLmodel", DIGEST, t=1)),
    (OF_RUN, lines.execution_facts_line(KERNEL, 1, {"source": DIGEST, "run_id": OTHER}, t=1)),
    (OF_RUN, lines.experiment_line("7", t=1, lifecycle_stage="deleted")),
    (OF_RUN, lines.text_line(DIGEST, "x", t=1)),
    (OF_EXPERIMENT, lines.experiment_line("8", t=1, name="x")),
    (OF_EXPERIMENT, lines.experiment_tag_line("8", "k", "v", t=1)),
    (OF_EXPERIMENT, START),
    (OF_KERNEL, lines.execution_facts_line(KERNEL, 4, {"source": DIGEST}, t=1)),
    (OF_KERNEL, lines.execution_facts_line(OTHER, 1, {"source": DIGEST}, t=1)),
    (OF_TEXT, lines.text_line("f" * 64, "x", t=1)),
    (OF_TEXT, lines.environment_line("f" * 64, {}, t=1)),
]
FOLDERS = ["/etc", "../x", "file:///etc", "File:/etc", "C:\\x", "", 5, ["s3://x"]]
NO_LINES: list[Any] = [
    None, 5, "", "x", "[]\n", "{}\n", lines.CLOSE_LINE, START.rstrip(), START * 2, f" {START}",
    START.replace('"run"', '"later"'), START.replace('"t":1', '"t":"1"'),
    START.replace('"r":', f'"r":"{OTHER}","r":'),  # DuckDB takes the first, Python the last
    START.replace('"x":{', '"x":{"artifact_uri":"/etc","artifact_uri":"s3://x",'),
    START.replace('"t":1', '"t":1,"u":2'), START.replace('"x":', '"x":5,"y":'),
    lines.text_line(DIGEST, "x", t=1).replace('"k"', f'"r":"{OTHER}","k"'),
    lines.artifact_line(RUN, "x", DIGEST, size=1, t=1).replace('"n"', '"m"'),
    "[" * 100_000,
]  # fmt: skip


@pytest.mark.parametrize(("of", "line"), OF_OTHERS)
def test_a_line_about_something_else_is_refused(of: LinesOf, line: str) -> None:
    with pytest.raises(InvalidValue, match="http://x answers with something else"):
        check_lines([line], of, "http://x")


@pytest.mark.parametrize("line", NO_LINES)
def test_what_is_no_line_of_a_journal_is_refused(line: Any) -> None:
    check_lines([START], OF_RUN, "http://x")
    with pytest.raises(InvalidValue, match="something else"):
        check_lines([START, line], OF_RUN, "http://x")


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_folder_is_named(folder: object) -> None:
    made = lines.model_line(MODEL, t=1, source_run_id=RUN, artifact_location="s3://b/x")
    check_lines([made, lines.run_line(RUN, t=1, artifact_uri="s3://b/x")], OF_RUN, "http://x")
    named = lines.model_line(MODEL, t=1, source_run_id=RUN, artifact_location=folder)
    home = lines.experiment_line("7", t=1, artifact_location=folder)
    for of, line in (
        (OF_RUN, lines.run_line(RUN, t=1, artifact_uri=folder)), (OF_RUN, named),
        (OF_EXPERIMENT, home),
    ):  # fmt: skip
        with pytest.raises(InvalidValue, match="something else"):
            check_lines([line], of, "http://x")


def test_points_are_of_what_was_asked_for() -> None:
    point = lines.metric_line(RUN, "loss", float("nan"), step=-1, t=1)
    check_points([point, lines.metric_line(RUN, "loss", 0.1, step=2, t=1)], RUN, ["loss"], "x")
    sly = f'{RUN}","r":"{OTHER}'
    for run_id, wrong in [
        (RUN, lines.metric_line(OTHER, "loss", 1.0, step=1, t=1)),
        (RUN, lines.metric_line(RUN, "acc", 1.0, step=1, t=1)),
        (sly, lines.metric_line(sly, "loss", 1.0, step=1, t=1)),
        (RUN, point * 2), (RUN, point.replace("-1", "[1]")), (RUN, START), (RUN, None),
    ]:  # fmt: skip
        with pytest.raises(InvalidValue, match="something else"):
            check_points([wrong], run_id, ["loss"], "x")


@pytest.fixture
def liar(server: TeamServer) -> Iterator[ForgingServer]:
    made = ForgingServer(server.address)
    yield made
    made.close()


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Store]:
    with closing(MlflowClient(str(tmp_path / "here"))._store) as opened:
        yield opened


@pytest.fixture(scope="module")
def run_id(server: TeamServer) -> str:
    """Of a run on the server with a bit of everything."""
    with closing(MlflowClient(str(server.folder / ".nbtrack"))._store) as store:
        client, chance = MlflowClient(store.uri), Random(5)
        run_id = str(client.create_run(client.create_experiment("told")).info.run_id)
        for _ in range(20):
            change_run(client, run_id, chance)
        record_cell(client, run_id, chance)
        add_model(client, run_id, chance)
        client.writer(run_id).log_bytes([b"x"], "evil.txt")
        client.set_terminated(run_id)
    return run_id


def pulled(liar: ForgingServer, here: Store, run_id: str) -> list[str]:
    with closing(open_store(liar.address)) as served:
        return pull_runs(here, served, [run_id], []).faults


def of_runs(forge: Forge) -> Forge:
    """In answers about runs only; a run's own line comes last."""
    return lambda told: forge(told) if told and told[-1].startswith('{"k":"run"') else told


def with_facts(line: str, **facts: object) -> str:
    told = json.loads(line)
    return lines.run_line(told["r"], t=told["t"], **told["x"], **facts)


def test_a_server_names_no_folder_of_this_machine_and_no_run_but_the_one(
    run_id: str, liar: ForgingServer, here: Store, tmp_path: Path
) -> None:
    """Nothing of a wrong answer is taken; of the right one, all."""
    outside = tmp_path / "outside"
    for forge in (
        lambda told: [*told[:-1], with_facts(told[-1], artifact_uri=str(outside))],
        lambda told: [lines.tag_line(OTHER, "k", "v", t=1), *told],
    ):
        liar.forged["read_lines"] = of_runs(forge)
        with pytest.raises(InvalidValue, match="something else"):
            pulled(liar, here, run_id)
        here.flush()
        assert not outside.exists()
        for each in (run_id, OTHER):
            with pytest.raises(NotFound):
                here.get_run(each)
    liar.forged.clear()

    assert pulled(liar, here, run_id) == []
    assert here.get_run(run_id).info.status == "FINISHED"


def test_a_model_of_another_run_stays_that_runs(
    run_id: str, liar: ForgingServer, here: Store
) -> None:
    client = MlflowClient(here.uri)
    own = client.create_run("0").info.run_id
    model = client.create_logged_model("0", name="mine", source_run_id=own)
    taken = lines.model_line(model.model_id, t=lines.now_us(), name="x", source_run_id=run_id)
    liar.forged["read_lines"] = of_runs(lambda told: [taken, *told])
    with pytest.raises(InvalidValue, match=f"is of run {run_id}"):
        pulled(liar, here, run_id)
    assert here.look_up_model(model.model_id).model.name == "mine"
