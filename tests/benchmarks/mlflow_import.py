"""What `nbtrack import mlflow` costs, and MLflow's own reading of the same database.

    python -m tests.benchmarks.mlflow_import [RUNS [KEYS [POINTS]]]      (1000 40 20)

The database is made by MLflow, and filled with RUNS x KEYS x POINTS points by SQL. The import is a
process of its own: its CPU seconds and peak memory are those of the whole command. MLflow reads a
few of the runs, as a program that copies them would (the run, and each key's history), and what it
takes for all is that times how many there are.
"""

from __future__ import annotations

import json
import math
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

READ_BY_MLFLOW = 20  # runs
START_MS = 1_700_000_000_000
IMPORT = "from nbtrack.cli.main import main; main(['import', 'mlflow', {db!r}, '--to', {to!r}])"
READING = """
import sys, time
from mlflow import MlflowClient
client = MlflowClient({uri!r})
run_ids = {run_ids!r}
client.get_run(run_ids[0])
begin = time.process_time()
points = 0
for run_id in run_ids:
    for key in client.get_run(run_id).data.metrics:
        points += len(client.get_metric_history(run_id, key))
print((time.process_time() - begin) / len(run_ids), points)
"""


def make_database(folder: Path, *, runs: int, keys: int, points: int) -> Path:
    from mlflow import MlflowClient

    file = folder / "mlflow.db"
    experiment = MlflowClient(f"sqlite:///{file}").create_experiment("bench")
    with sqlite3.connect(file) as connection:
        connection.executemany(
            "insert into runs (run_uuid, name, user_id, status, start_time, end_time,"
            " lifecycle_stage, artifact_uri, experiment_id, source_type)"
            " values (?, ?, 'ann', 'FINISHED', ?, ?, 'active', ?, ?, 'LOCAL')",
            (
                (each, f"run {n}", START_MS + n, START_MS + n + 60_000,
                 f"{folder}/mlruns/{experiment}/{each}/artifacts", experiment)
                for n, each in enumerate(map(run_id_of, range(runs)))
            ),
        )  # fmt: skip
        for table, count in (("params", 10), ("tags", 5)):
            connection.executemany(
                f"insert into {table} (key, value, run_uuid) values (?, ?, ?)",
                (
                    (f"{table}{k}", str(n * k), run_id_of(n))
                    for n in range(runs)
                    for k in range(count)
                ),
            )
        connection.executemany(
            "insert into metrics (key, value, timestamp, run_uuid, step, is_nan)"
            " values (?, ?, ?, ?, ?, 0)",
            _points(runs, keys, points),
        )
        connection.executemany(
            "insert into latest_metrics (key, value, timestamp, run_uuid, step, is_nan)"
            " values (?, 1, 1, ?, 1, 0)",
            ((f"metric/{k}", run_id_of(n)) for n in range(runs) for k in range(keys)),
        )
    (folder / "mlruns").mkdir(exist_ok=True)
    return file


def run_id_of(number: int) -> str:
    return f"{number:032x}"


def _points(runs: int, keys: int, points: int) -> Iterator[tuple[object, ...]]:
    for n in range(runs):
        for k in range(keys):
            for s in range(points):
                value = math.exp(-s / points) * (1 + n / runs) + k
                yield f"metric/{k}", value, START_MS + n + s, run_id_of(n), s


def measured_import(db: Path, to: Path) -> dict[str, float]:
    to.mkdir(exist_ok=True)
    begin = time.perf_counter()
    with subprocess.Popen([sys.executable, "-c", IMPORT.format(db=str(db), to=str(to))]) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, process.returncode
    return {
        "seconds": time.perf_counter() - begin,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_mib": usage.ru_maxrss / 1024,
    }


def mlflows_reading(db: Path, runs: int) -> float:
    """CPU seconds for all runs, from a few."""
    run_ids = [run_id_of(n * runs // READ_BY_MLFLOW) for n in range(min(READ_BY_MLFLOW, runs))]
    code = READING.format(uri=f"sqlite:///{db}", run_ids=run_ids)
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return float(said.stdout.split()[-2]) * runs


def main(runs: int = 1000, keys: int = 40, points: int = 20) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        db = make_database(folder, runs=runs, keys=keys, points=points)
        first = measured_import(db, folder / "first")
        again = measured_import(db, folder / "first")
        mlflow = mlflows_reading(db, runs)
        facts = {
            "runs": runs, "points": runs * keys * points, "database_mib": db.stat().st_size >> 20,
            **first, **{f"again_{name}": value for name, value in again.items()},
            "mlflow_cpu_seconds": mlflow, "ratio": mlflow / first["cpu_seconds"],
        }  # fmt: skip
    print(json.dumps({k: round(v, 2) for k, v in facts.items()}, indent=1))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
