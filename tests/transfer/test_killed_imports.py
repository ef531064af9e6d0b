"""An import of tables that was killed goes on; what tables say, `test_export_runs` tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import duckdb

from nbtrack import MlflowClient
from nbtrack.cli.main import main


def test_an_import_of_tables_that_was_killed_goes_on(tmp_path, capsys):
    """Wherever it is killed, no run is there by half; the next one has all, once."""
    tables, back = tmp_path / "t", tmp_path / "back"
    tables.mkdir()
    back.mkdir()
    with duckdb.connect() as made:
        made.execute(
            "create table runs as select md5(i::varchar) as run_id, 'r' || i as run_name, '7' as"
            " experiment_id, 'many' as experiment, 'FINISHED' as status, timestamp '2024-01-01'"
            " as start_time from range(300) t(i)"
        )
        made.execute(
            "create table metrics as select run_id, 'k' || k as key, s / 7 as value, s as step,"
            " start_time as timestamp from runs, range(4) a(k), range(50) b(s)"
        )
        for name in ("runs", "metrics"):
            made.execute(f"copy {name} to '{tables / name}.parquet' (format parquet)")
    words = ["import", "parquet", str(tables), "--to", str(back)]
    code = f"from nbtrack.cli.main import main; main({words})"
    environment = {**os.environ, "TMPDIR": str(tmp_path)}  # where a killed one leaves its tables
    for size in (1, 400_000):
        with subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.DEVNULL, env=environment
        ) as process:
            while process.poll() is None and not _has_grown_to(back, size):
                time.sleep(0.002)
            process.send_signal(signal.SIGKILL)
        runs = ours(back).search_runs([_experiment(back)], max_results=1000)
        assert all(len(run.data.metrics) == 4 for run in runs)
    assert main(words) == 0
    assert "both sides have the same digest" in capsys.readouterr().out
    [run] = ours(back).search_runs([_experiment(back)], "attributes.run_name = 'r7'")
    points = ours(back).get_metric_history(run.info.run_id, "k1")
    assert [(p.step, p.value) for p in points] == [(s, s / 7) for s in range(50)]


def _has_grown_to(project: Path, size: int) -> bool:
    with suppress(FileNotFoundError):
        journals = project.glob(".nbtrack/journal/*.jsonl")
        return any(each.stat().st_size >= size for each in journals)
    return False


def ours(project: Path) -> MlflowClient:
    return MlflowClient(str(project / ".nbtrack"))


def _experiment(project: Path) -> str:
    found = ours(project).get_experiment_by_name("many")
    return "7" if found is None else found.experiment_id
