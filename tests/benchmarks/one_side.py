"""Everything about one library, in a process of its own; the results go to stdout as JSON.

python -m tests.benchmarks.one_side nbtrack|mlflow FOLDER [--quick]
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from tests.benchmarks import measures


def main(library: str, folder: Path, *, is_quick: bool) -> dict[str, float]:
    api = importlib.import_module(library)
    _use_folder(api, folder / "calls")
    runs, times = (100, 50) if is_quick else (1000, 300)
    many = times * (1 if library == "mlflow" else 100)
    found: dict[str, float] = {
        "start_and_end": measures.start_and_end(api),
        "ten_and_ten": measures.ten_and_ten(api),
        "log_metric": measures.log_metric_p50(api, times=many),
        "log_metric_busy": measures.log_metric_beside_busy_thread(api, times=times),
    }
    _use_folder(api, folder / "points")
    run_id, found["write_points"] = measures.write_points(api)
    found["read_first"], found["read_points"] = measures.read_points(api, run_id)
    found["disk_bytes"] = _settled_bytes(library, folder / "points")
    _use_folder(api, folder / "search")
    experiment_id = measures.fill(api, runs=runs, keys=20)
    found["search_all"] = measures.search_all(api, experiment_id)
    found["search_filtered"] = measures.search_filtered(api, experiment_id)
    found["search_filtered_anew"] = measures.search_filtered_anew(api, experiment_id)
    found["search_top_20"] = measures.search_top_20(api, experiment_id)
    found["search_top_20_anew"] = measures.search_top_20_anew(api, experiment_id)
    found["search_after_a_write"] = measures.search_after_a_write(api, experiment_id)
    return found


def _use_folder(api: Any, folder: Path) -> None:
    """A project of its own for each part, with what a first run sets up already there."""
    folder.mkdir()
    api.set_tracking_uri(
        f"sqlite:///{folder}/mlflow.db" if api.__name__ == "mlflow" else str(folder)
    )
    with api.start_run():
        pass


def _settled_bytes(library: str, folder: Path) -> int:
    if library == "nbtrack":
        from nbtrack.recording.session import current_session

        store: Any = current_session().store
        store.close()  # as at exit: what is folded is deleted from the journal
    return _bytes_below(folder)


def _bytes_below(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


if __name__ == "__main__":
    json.dump(main(sys.argv[1], Path(sys.argv[2]), is_quick="--quick" in sys.argv), sys.stdout)
