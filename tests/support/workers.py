"""Which tests are slow, which one worker of pytest-xdist takes together, and which come first."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

# Files in which nearly every test starts another process, imports MLflow or trains for long.
SLOW = (
    "tests/benchmarks/",
    "tests/browser/",
    "tests/hooks/",
    "tests/models/",
    "tests/parity/",
    "tests/stores/filters/test_filters_against_mlflow.py",
    "tests/survival/",
    "tests/test_package.py",
)
# Files that share something dear within one process: a JupyterLab, MLflow, an installed wheel.
TOGETHER = {
    "tests/browser/": "browser",
    "tests/parity/": "mlflow",
    "tests/stores/filters/test_filters_against_mlflow.py": "mlflow",
    "tests/hooks/test_autolog.py": "mlflow",
}
# What takes a minute or more begins first, so that the workers end together.
SLOWEST = (
    "tests/test_notebooks.py",
    "tests/browser/",
    "tests/test_package.py",
    "tests/parity/",
    "tests/hooks/",
    "tests/cards/",
    "tests/cells/",
    "tests/model_registry/",
    "tests/survival/",
    "tests/models/",
)


class RoomScheduling(LoadScopeScheduling):
    """A file's tests run in one process, which has its fixtures; so do the files in TOGETHER."""

    def __init__(self, config: object, log: object) -> None:
        super().__init__(config, log)
        self.config.option.loadscopereorder = False  # they come in the order of `slowest_first`

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((name for start, name in TOGETHER.items() if file.startswith(start)), file)


def is_slow(path: str) -> bool:
    """Whether all of a file is, so that it need not even be imported for the rest."""
    return path.startswith(SLOW)


def slowest_first(nodeid: str) -> int:
    """Where a test stands in the order."""
    places = (place for place, start in enumerate(SLOWEST) if nodeid.startswith(start))
    return next(places, len(SLOWEST))
