"""Arrays over memory that is not theirs: it may be gone, and to read it then ends the kernel."""

from __future__ import annotations

import pytest

from tests.provenance.run_cells import Ran, run_notebooks

NOTEBOOKS: dict[str, list[str]] = {
    "shared": [
        "import numpy as np\nfrom multiprocessing.shared_memory import SharedMemory",
        "shm = SharedMemory(create=True, size=8_000_000)\n"
        "a = np.ndarray((1_000_000,), buffer=shm.buf)\na[:] = 1\nshm.close()\nshm.unlink()",
        "r = a.shape",
    ],
    "mapped": [
        "import numpy as np",
        "m = np.memmap('x.dat', dtype='u1', mode='w+', shape=(50_000_000,))\nm[:] = 1",
        "open('x.dat', 'wb').close()",
        "r = m.shape",
    ],
    "mapped and changed": [
        "import numpy as np\nm = np.memmap('x.dat', dtype='u1', mode='w+', shape=(50,))",
        "m[3] = 1",
        "r = m[3]",
    ],
    "of bytes": [
        "import numpy as np\nb = bytearray(8)\na = np.frombuffer(b, 'u1')",
        "z = a[0]",
        "a[1] = 1",
        "r = a[1]",
    ],
    "of Arrow": [
        "import pandas as pd\npd.DataFrame({'a': [1, 2]}).to_parquet('a.parquet')",
        "d = pd.read_parquet('a.parquet')",
        "z = d.a.sum()",
        "d.iloc[0, 0] = 5",
        "r = d.a.sum()",
    ],
}


@pytest.fixture(scope="module")
def ran() -> dict[str, Ran]:
    return dict(zip(NOTEBOOKS, run_notebooks(list(NOTEBOOKS.values()))))


@pytest.mark.parametrize(("name", "value"), [("shared", "(1000000,)"), ("mapped", "(50000000,)")])
def test_memory_that_is_gone_is_not_read(ran: dict[str, Ran], name: str, value: str) -> None:
    assert ran[name].value == value


def test_what_may_have_changed_counts_as_changed(ran: dict[str, Ran]) -> None:
    assert ran["mapped and changed"].slice == {0, 1, 2}


def test_memory_of_python_is_read(ran: dict[str, Ran]) -> None:
    assert ran["of bytes"].slice == {0, 2, 3}
    assert ran["of Arrow"].slice == {0, 1, 3, 4}
