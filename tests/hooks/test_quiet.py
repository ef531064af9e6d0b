"""Our own computations make no noise, and take no random numbers."""

from __future__ import annotations

import warnings
from threading import Thread

import numpy as np
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from nbtrack.hooks.quiet import no_warnings, same_random_numbers


def test_quiet_is_for_one_thread_and_leaves_no_filter() -> None:
    """Other threads' warnings are theirs, and what was shown once is not shown again."""
    before = list(warnings.filters)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        with no_warnings():
            warnings.warn("ours", stacklevel=1)
            other = Thread(target=lambda: warnings.warn("theirs", stacklevel=1))
            other.start()
            other.join()

    assert [str(each.message) for each in seen] == ["theirs"]
    assert list(warnings.filters) == before


def test_generators_within_a_pipeline_are_kept() -> None:
    """A step that draws when it transforms draws the same numbers afterwards."""
    scaler = StandardScaler()
    scaler.generator_ = np.random.RandomState(0)
    pipeline = make_pipeline(scaler, GaussianNB())

    with same_random_numbers(pipeline):
        scaler.generator_.random()

    assert scaler.generator_.random() == np.random.RandomState(0).random()
