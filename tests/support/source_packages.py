"""The examples in the source packages of projects, fetched by pip from whatever index it knows.

pip asks a source package for its metadata, which takes a build; the stand-in for its build backend
hands out what lies there.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path

_BACKEND = """
import pathlib, shutil


def get_requires_for_build_wheel(config_settings=None):
    return []


def prepare_metadata_for_build_wheel(folder, config_settings=None):
    found = pathlib.Path(folder) / "NAME-0.dist-info"
    found.mkdir()
    shutil.copy("PKG-INFO", found / "METADATA")
    return found.name
"""


def examples_of(project: str, cache: Path) -> Path:
    """The folder of those of the version that is installed, fetched once. Raises OSError, with
    what pip said."""
    folder = cache / f"{project}-{version(project)}"
    if not (folder / "examples").is_dir():
        package = _downloaded(project, cache)
        with tarfile.open(package) as archive:
            members = [each for each in archive if each.name.split("/")[1:2] == ["examples"]]
            archive.extractall(cache, members=members, filter="data")
        unpacked = cache / package.name.removesuffix(".tar.gz")
        if unpacked != folder:
            unpacked.rename(folder)
        package.unlink()
    return folder / "examples"


def _downloaded(project: str, cache: Path) -> Path:
    name = project.replace("-", "_")
    backend = cache / "backends" / name
    backend.mkdir(parents=True, exist_ok=True)
    (backend / "mesonpy.py").write_text(_BACKEND.replace("NAME", name))
    options = ["--no-deps", "--no-build-isolation", "--no-binary", project, "-d", str(cache)]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", *options, f"{project}=={version(project)}"],
        env={**os.environ, "PYTHONPATH": str(backend)},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise OSError(done.stderr[-500:])
    return next(cache.glob(f"{name}-*.tar.gz"))
