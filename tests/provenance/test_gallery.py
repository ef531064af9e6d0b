"""Scripts of scikit-learn's gallery as notebooks: what their cells train can be had again.

A fixed sample; `python -m tests.benchmarks.gallery` takes many more.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nbtrack.provenance.reproducing import reproduce_run
from nbtrack.provenance.verdicts import Outcome
from tests.support.gallery import cells_of, gallery, tracked
from tests.support.kernel import Kernel

pytestmark = pytest.mark.slow

SAMPLE = [
    "linear_model/plot_nnls.py",
    "model_selection/plot_roc_curve_visualization_api.py",
    "svm/plot_svm_regression.py",
    "cluster/plot_mean_shift.py",
]


@pytest.fixture(scope="module")
def examples(pytestconfig: pytest.Config) -> Path:
    cache = pytestconfig.cache
    assert cache is not None
    try:
        return gallery(Path(cache.mkdir("gallery")))
    except OSError as exc:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no index of packages: {exc}")


@pytest.mark.parametrize("name", SAMPLE)
def test_what_a_script_trains_is_had_again(examples, tmp_path, name):
    kernel = Kernel(tmp_path)
    try:
        for cell in tracked(cells_of(examples / name)):
            assert kernel.run(cell).status == "ok"
        newest = next(run for run in kernel.runs() if "mlflow.parentRunId" not in run.data.tags)
        verdict = reproduce_run(kernel.store, newest)
        assert verdict.outcome is Outcome.EXACT, verdict
    finally:
        kernel.close()
