"""A library that another thread is importing is in `sys.modules`, and holds nothing yet."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nbtrack.records.runs import RunQuery
from nbtrack.stores.opening import open_store

HALF_IMPORTED = [
    "PIL", "PIL.Image", "comm.base_comm", "concurrent.futures.thread",
    "ipykernel.iostream", "ipywidgets.widgets.widget", "matplotlib.figure", "multiprocessing.pool",
    "multiprocessing.process", "numpy", "numpy.random", "pandas", "pandas._config.config",
    "pydantic", "scipy.sparse", "sklearn", "sklearn.pipeline", "tqdm",
]  # fmt: skip
BEGIN_IMPORTS = f"""
import sys, types
for name in {HALF_IMPORTED!r}:
    sys.modules[name] = types.ModuleType(name)
"""
CELL = """%%track cell x=2
import random, threading
nbtrack.log_metric('acc', 0.5)
thread = threading.Thread(target=nbtrack.log_metric, args=('inner', 1))
thread.start()
thread.join()
nbtrack.log_table({'a': [1, None]}, 'rows.json')
{'f1': 0.25 + random.random() * 0}"""
NOTEBOOK = f"""
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell('%load_ext nbtrack\\nimport nbtrack')
shell.run_cell({BEGIN_IMPORTS!r})
assert shell.run_cell({CELL!r}).success
"""
SCRIPT = f"""
import nbtrack
{BEGIN_IMPORTS}
sys.modules["asyncio"] = sys.modules["IPython"] = types.ModuleType("asyncio")
with nbtrack.start_run(run_name="cell"):
    nbtrack.log_params({{"x": 2}})
    nbtrack.log_metrics({{"acc": 0.5, "inner": 1.0, "f1": 0.25}})
    nbtrack.log_table({{"a": [1, None]}}, "rows.json")
"""


@pytest.mark.parametrize("code", [NOTEBOOK, SCRIPT], ids=["notebook", "script"])
def test_everything_is_recorded(code: str, tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    store = open_store(str(tmp_path / ".nbtrack"))
    [run] = store.search_runs(RunQuery())
    files = [file.path for file in store.list_artifact_records(run.info.run_id)]
    store.close()

    assert (done.returncode, done.stderr) == (0, "")
    assert (run.data.params["x"], run.info.run_name) == ("2", "cell")
    assert run.data.metrics == {"acc": 0.5, "inner": 1.0, "f1": 0.25}
    assert "rows.json" in files
