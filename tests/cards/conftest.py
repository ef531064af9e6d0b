"""Kernels of these tests train with scikit-learn, which is imported in each."""

from __future__ import annotations

import pytest

from tests.support.kernel import OF_SKLEARN


@pytest.fixture(scope="session")
def imported() -> tuple[str, ...]:
    return OF_SKLEARN
