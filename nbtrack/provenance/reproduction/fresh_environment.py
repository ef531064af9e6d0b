"""The Python that a slice runs with once more: this one, or one with the recorded packages."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Literal

from nbtrack.errors import InvalidValue, NbtrackError
from nbtrack.provenance.exports.pins import pins_with_nbtrack
from nbtrack.provenance.upstream import Upstream

Environment = Literal["current", "venv"]
_PACKAGE = Path(__file__).parents[2]  # nbtrack itself, whatever version was recorded


class EnvironmentNotBuilt(NbtrackError):
    """The recorded packages cannot be had."""


def checked_environment(given: str) -> Environment:
    """Raises InvalidValue."""
    if given == "current":
        return "current"
    if given == "venv":
        return "venv"
    raise InvalidValue(f"env is {given!r}; it is 'current' or 'venv'.")


@contextmanager
def python_of(
    upstream: Upstream, env: Environment, *, timeout: float | None = None
) -> Iterator[str]:
    """Its path. An environment that is built here, in at most *timeout* seconds, is gone
    afterwards. Raises EnvironmentNotBuilt."""
    if env == "current":
        yield sys.executable
        return
    with tempfile.TemporaryDirectory(prefix="nbtrack-env-", ignore_cleanup_errors=True) as place:
        deadline = None if timeout is None else time.monotonic() + timeout
        yield _built(upstream, Path(place) / "env", partial(_call, deadline=deadline))


def _built(upstream: Upstream, place: Path, call: Callable[[Sequence[str]], None]) -> str:
    """With uv, which has other Pythons too, else with venv and pip."""
    recorded = str(upstream.environment.get("python_version", ""))
    pins, uv = pins_with_nbtrack(upstream), shutil.which("uv")
    if not recorded or not pins:
        raise EnvironmentNotBuilt("its packages were not recorded; --env current runs it here")
    python = str(place / "bin" / "python")
    if uv is not None:
        call([uv, "venv", "--python", _minor(recorded), str(place)])
        call([uv, "pip", "install", "--python", python, *pins])
    else:
        _check_python(recorded)
        call([sys.executable, "-m", "venv", str(place)])
        # Compiled is what is imported, once: all of it takes longer than all else here.
        call([python, "-m", "pip", "install", "--quiet", "--no-compile", *pins])
    _add_nbtrack(place)
    return python


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _check_python(recorded: str) -> None:
    here = "{}.{}".format(*sys.version_info)
    if _minor(recorded) != here:
        raise EnvironmentNotBuilt(
            f"it ran with Python {_minor(recorded)}, and this is {here}: install uv, which gets it"
        )


def _add_nbtrack(place: Path) -> None:
    """Alone: beside it in its folder may lie all that is installed here."""
    alone = place / "nbtrack-alone"
    alone.mkdir()
    (alone / _PACKAGE.name).symlink_to(_PACKAGE)
    for packages in place.glob("lib/python*/site-packages"):
        (packages / "nbtrack-alone.pth").write_text(f"{alone}\n", encoding="utf-8")


def _call(command: Sequence[str], *, deadline: float | None) -> None:
    left = None if deadline is None else max(0.0, deadline - time.monotonic())
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=left)
    except subprocess.TimeoutExpired:
        raise EnvironmentNotBuilt(
            "to install its packages took longer than the time it was given"
        ) from None
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()] or ["no word of why"]
        raise EnvironmentNotBuilt(f"its packages cannot be installed: {said[-1].strip()}")
