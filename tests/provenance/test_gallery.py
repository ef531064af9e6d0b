"""Scripts of scikit-learn's gallery as notebooks: what their cells train can be had again.

A fixed sample; `python -m tests.benchmarks.gallery` takes many more.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nbtrack.provenance.reproduction.reproducing import reproduce_run
from nbtrack.provenance.reproduction.verdicts import Outcome
from nbtrack.records.tags import PARENT_TAG, REPRODUCES_TAG
from tests.support.gallery import cells_of, tracked
from tests.support.source_packages import examples_of

NO_ORIGINALS = {PARENT_TAG, REPRODUCES_TAG}
pytestmark = pytest.mark.slow

SAMPLE = [
    "linear_model/plot_nnls.py",
    "miscellaneous/plot_isotonic_regression.py",
    "miscellaneous/plot_roc_curve_visualization_api.py",
    "svm/plot_svm_anova.py",
]


@pytest.fixture(scope="module")
def examples(pytestconfig: pytest.Config) -> Path:
    cache = pytestconfig.cache
    assert cache is not None
    try:
        return examples_of("scikit-learn", Path(cache.mkdir("gallery")))
    except OSError as exc:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no index of packages: {exc}")


@pytest.mark.parametrize("name", SAMPLE)
def test_what_a_script_trains_is_had_again(examples, kernel, name):
    """One kernel runs them all, one after the other: what one script drew from numpy's generator
    is a part of where the next one's numbers come from."""
    cells = tracked(cells_of(examples / name))
    assert [kernel.run(cell).status for cell in cells] == ["ok"] * len(cells)
    newest = next(run for run in kernel.runs() if not run.data.tags.keys() & NO_ORIGINALS)

    verdict = reproduce_run(kernel.store, newest)

    assert verdict.outcome is Outcome.EXACT, verdict
    assert verdict.compared
