"""Scripts of scikit-learn's gallery as notebooks: what their cells train can be had again.

A fixed sample, most of it without runs and kernels; `python -m tests.benchmarks.gallery` takes many
more, with them.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from nbtrack.provenance.reproduction.reproducing import reproduce_run
from nbtrack.provenance.reproduction.verdicts import Outcome
from nbtrack.records.tags import PARENT_TAG, REPRODUCES_TAG
from tests.provenance.run_cells import run_notebooks
from tests.support.gallery import cells_of, digest_of_bound, fits, tracked
from tests.support.source_packages import examples_of

NO_ORIGINALS = {PARENT_TAG, REPRODUCES_TAG}
pytestmark = pytest.mark.slow

SAMPLE = [
    "cluster/plot_affinity_propagation.py",
    "cluster/plot_dbscan.py",
    "ensemble/plot_voting_regressor.py",
    "feature_selection/plot_feature_selection_pipeline.py",
    "frozen/plot_frozen_examples.py",
    "linear_model/plot_elastic_net_precomputed_gram_matrix_with_weighted_samples.py",
    "linear_model/plot_lasso_lars_ic.py",
    "linear_model/plot_multi_task_lasso_support.py",
    "linear_model/plot_nnls.py",
    "miscellaneous/plot_isotonic_regression.py",
    "miscellaneous/plot_roc_curve_visualization_api.py",
    "neighbors/plot_lof_outlier_detection.py",
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


def asked(script: Path) -> list[str]:
    """Its cells up to the last that trains, and one that tells what that bound."""
    cells = cells_of(script)
    last = max(at for at, cell in enumerate(cells) if fits(cell))
    return [*cells[: last + 1], f"r = {digest_of_bound(cells[last])}"]


def test_slices_alone_give_the_same(examples):
    notebooks = [asked(examples / name) for name in SAMPLE]
    ran = run_notebooks(notebooks)
    slices = [[cells[at] for at in sorted(it.slice)] for cells, it in zip(notebooks, ran)]
    alone = run_notebooks(slices)

    assert [it.value for it in alone] == [it.value for it in ran]
    digests = {it.value for it in ran if re.fullmatch("'[0-9a-f]{32}'", str(it.value))}
    assert len(digests) == len(SAMPLE)
    assert sum(map(len, slices)) < sum(map(len, notebooks))


def test_what_a_script_trains_is_had_again(examples, kernel):
    cells = tracked(cells_of(examples / "svm/plot_svm_anova.py"))
    assert [kernel.run(cell).status for cell in cells] == ["ok"] * len(cells)
    newest = next(run for run in kernel.runs() if not run.data.tags.keys() & NO_ORIGINALS)

    verdict = reproduce_run(kernel.store, newest)

    assert verdict.outcome is Outcome.EXACT, verdict
    assert verdict.compared
