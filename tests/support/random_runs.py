"""Runs with a bit of all that can be recorded of one, by chance."""

from __future__ import annotations

import os
from random import Random

from nbtrack.api.client import MlflowClient
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.recording.logged_models import own_folder, record_files
from nbtrack.records.executions import Execution
from nbtrack.records.runs import Metric

VALUES = [0.1, -0.0, 0.0, 1e308, 5e-324, float("nan"), float("inf"), -float("inf"), 1 / 3]
TEXTS = ["", "1", "é\n\t\"'\\", "日本", "x" * 3000, "\x7f\u2028", "null", "{}"]


def change_run(client: MlflowClient, run_id: str, chance: Random) -> None:
    """One thing more is recorded of it, or something changed."""
    writer = client.writer(run_id)
    what = chance.randrange(10)
    key, text = f"{chance.choice('abc')}/é {chance.randrange(3)}", chance.choice(TEXTS)
    if what == 0:
        points = [
            Metric(key, chance.choice(VALUES), chance.randrange(2**41), chance.randrange(-5, 5))
            for _ in range(chance.randrange(300))
        ]
        client.log_batch(run_id, metrics=points)
    elif what == 1:
        for step in range(chance.randrange(50)):
            writer.log_metric(key, chance.random(), step=step)
    elif what == 2:
        writer.log_params({key: text}, is_inferred=chance.random() < 0.3)
    elif what == 3:
        writer.set_tag(key, text)
    elif what == 4:
        writer.drop_tag(key)
    elif what == 5:
        writer.log_bytes([os.urandom(chance.randrange(20_000))], f"{key}.bin")
    elif what == 6:
        writer.set_tag("mlflow.note.content", text)
    elif what == 7:
        record_cell(client, run_id, chance)
    elif what == 8:
        add_model(client, run_id, chance)
    else:
        client.update_run(run_id, name=f"name {chance.random()}")


def new_runs(client: MlflowClient, experiment_id: str, chance: Random) -> list[str]:
    """Some that have ended; the second is a child of the first."""
    found: list[str] = []
    for number in range(chance.randrange(1, 4)):
        tags = {"mlflow.parentRunId": found[0]} if number == 1 else {}
        run = client.create_run(experiment_id, tags=tags, run_name=f"run {number}")
        found.append(run.info.run_id)
        for _ in range(chance.randrange(8)):
            change_run(client, run.info.run_id, chance)
        status = chance.choice(["FINISHED", "FAILED", "KILLED"])
        client.set_terminated(run.info.run_id, status)
    return found


def add_model(client: MlflowClient, run_id: str, chance: Random) -> None:
    """With a file in a folder of its own, and points that name it."""
    experiment_id = client.get_run(run_id).info.experiment_id
    model = client.create_logged_model(experiment_id, name="m", source_run_id=run_id)
    place = own_folder(model).write("MLmodel", chance.randbytes(100))
    record_files(client._store, model.model_id, [place])
    client.log_metric(run_id, "f1", chance.random(), model_id=model.model_id)
    client.set_logged_model_tags(model.model_id, {"é": chance.choice(TEXTS)})
    client.finalize_logged_model(model.model_id, "READY")


def record_cell(client: MlflowClient, run_id: str, chance: Random) -> None:
    """Executions of a kernel that other runs of the experiment may be of, with texts and an
    environment."""
    store, number = client._store, chance.randrange(5)
    kernel = f"{client.get_run(run_id).info.experiment_id}-{chance.randrange(3)}"
    for each in range(number + 1):
        source = f"{each}" * 64
        told = Execution(
            kernel=kernel, number=each, source=source, started_us=now_us(),
            run_id=run_id if each == number else None,
        )  # fmt: skip
        store.append(lines.text_line(source, f"cell {each}", t=now_us()))
        store.append(lines.execution_line(told, t=now_us()))
    digest = f"{chance.randrange(3)}" * 64
    store.append(lines.environment_line(digest, {"python": "3", "é": [1, 2.5]}, t=now_us()))
    store.append(lines.run_line(run_id, t=now_us(), environment=digest))
    facts = {"source": "x = 1", "execution_count": 3, "cpu_seconds": 0.1, "notebook": "n.ipynb"}
    store.append(lines.cell_line(run_id, t=now_us(), **facts))
