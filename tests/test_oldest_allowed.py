"""With the first version of each dependency that pyproject.toml allows, the wheel works, too."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.test_package import (
    built,
    empty_environment,
    run,
    test_it_logs_from_a_script,
    test_it_tracks_a_cell,
    test_the_command_is_there,
    test_the_demo_runs,
)

__all__ = [
    "built",
    "test_it_logs_from_a_script",
    "test_it_tracks_a_cell",
    "test_the_command_is_there",
    "test_the_demo_runs",
]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def scripts(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As in test_package, from the network."""
    home = empty_environment(tmp_path_factory.mktemp("oldest"))
    (wheel,) = built.glob("*.whl")
    words = ("-m", "uv", "pip", "install", "-q", "--resolution", "lowest-direct")
    try:
        run(sys.executable, *words, "--python", str(home / "bin" / "python"), str(wheel))
    except AssertionError:
        if os.environ.get("CI"):
            raise
        pytest.skip("the oldest dependencies could not be fetched")
    return home / "bin"
