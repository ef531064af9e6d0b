from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.kernel import Kernel


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One kernel, with the extension loaded, for all tests of a module."""
    made = Kernel(tmp_path_factory.mktemp("notebook"))
    made.run("import nbtrack")
    yield made
    made.close()


@pytest.fixture
def new_kernel(tmp_path: Path) -> Iterator[Callable[..., Kernel]]:
    """Makes kernels of one folder; those that are left are closed at the end."""
    kernels: list[Kernel] = []

    def make(**options: object) -> Kernel:
        kernels.append(Kernel(tmp_path, **options))
        return kernels[-1]

    yield make
    for kernel in kernels:
        kernel.close()
