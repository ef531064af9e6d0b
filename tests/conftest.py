from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.turns import TURNS, deselect_other_turns, turn_of_this_run
from tests.support.workers import (
    RoomScheduling,
    import_others,
    import_ours,
    is_slow,
    keep_spare_instances,
    read_sources_once,
    slowest_first,
    trace_if_measured,
    use_one_thread,
)

if TYPE_CHECKING:
    from tests.support.kernel import Kernel

# Hundreds of processes import nbtrack: the first one compiles it for all.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# Threads that spin while they wait for a core take it from the other worker, and data are small.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
os.environ.setdefault("KERAS_BACKEND", "torch")  # which is installed; Keras's default is not

# Whoever asks for one of these waits for another process, or trains and registers models.
SLOW_FIXTURES = {"kernel", "new_kernel", "notebook", "server", "churn", "train"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="the tests that take turns, too")


def pytest_report_header(config: pytest.Config) -> str | None:
    if (turn := turn_of_this_run(config)) is None:
        return None
    return f"turns: of the tests that take turns, those of turn {turn + 1} of {TURNS} (--all: all)"


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["turn"] = turn_of_this_run(node.config)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> RoomScheduling:
    return RoomScheduling(config, log)


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput") and config.option.markexpr != "not slow":
        import_others()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Importing MLflow alone takes two seconds."""
    path = collection_path.relative_to(config.rootpath).as_posix()
    return True if config.option.markexpr == "not slow" and is_slow(path) else None


@pytest.hookimpl(tryfirst=True)  # before `-m` selects by marks
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        starts_a_process = SLOW_FIXTURES.intersection(getattr(item, "fixturenames", ()))
        if starts_a_process or is_slow(item.nodeid):
            item.add_marker(pytest.mark.slow)
    if (turn := turn_of_this_run(config)) is not None:
        deselect_other_turns(config, items, turn)
    if hasattr(config, "workerinput"):  # one of several workers, who are to end together
        items.sort(key=lambda item: slowest_first(item.nodeid))


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    plugins = session.config.pluginmanager
    runs_tests = not plugins.hasplugin("dsession")  # but tells workers to
    is_measured = plugins.hasplugin("_cov") and session.config.option.cov_source
    if runs_tests and is_measured:
        import_ours()
    if is_measured:
        read_sources_once()
    use_one_thread()
    keep_spare_instances()


def pytest_collection_finish() -> None:
    """All that was imported stays: to look for garbage in it takes half a second, many times."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> None:
    trace_if_measured(item)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """MLflow tells its child processes where it records, and so do we, and a test beside others is
    none of them."""
    for name in ("TRACKING_URI", "EXPERIMENT_ID", "EXPERIMENT_NAME", "RUN_ID"):
        os.environ.pop(f"MLFLOW_{name}", None)
    os.environ.pop("NBTRACK_PARENT", None)


@pytest.fixture(autouse=True)
def _no_store_stays_open(request: pytest.FixtureRequest) -> Iterator[None]:
    """A store has a thread and an instance of DuckDB: hundreds left open slow down all the rest."""
    folder = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    yield
    if folder is not None and "nbtrack.recording.session" in sys.modules:
        _close_stores_in(folder)


def _close_stores_in(folder: Path) -> None:
    from nbtrack.recording.session import current_session

    stores = current_session()._stores
    for uri, store in list(stores.items()):
        if Path(store.uri.removeprefix("file://")).is_relative_to(folder):
            del stores[uri]
            # A store that closes folds what was logged, and here nobody will read that.
            shutil.rmtree(store.folder, ignore_errors=True)
            store.close()


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """The folder of a project that is the active one."""
    import nbtrack
    from tests.support.begun_project import begun_project

    folder = begun_project(tmp_path / ".nbtrack")
    nbtrack.set_tracking_uri(folder)
    yield folder
    while nbtrack.active_run() is not None:
        nbtrack.end_run()
    nbtrack.set_tracking_uri(None)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One kernel, with the extension loaded, for all tests of a module."""
    from tests.support.kernel import Kernel

    made = Kernel(tmp_path_factory.mktemp("notebook"))
    made.run("import nbtrack")
    yield made
    made.close()


@pytest.fixture
def new_kernel(tmp_path: Path) -> Iterator[Callable[..., Kernel]]:
    """Makes kernels of one folder; those that are left are closed at the end."""
    from tests.support.kernel import Kernel

    kernels: list[Kernel] = []

    def make(**options: object) -> Kernel:
        kernels.append(Kernel(tmp_path, **options))
        return kernels[-1]

    yield make
    for kernel in kernels:
        kernel.close()
