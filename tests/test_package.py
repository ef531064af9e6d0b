"""The wheel alone, in an empty environment, is all a user needs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from importlib import metadata
from importlib.util import cache_from_source
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import nbtrack

ROOT = Path(__file__).parents[1]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

TRACK_A_CELL = """
from nbtrack.cli.notebook_run import kernel_manager
import nbclient, nbformat

cells = ["%load_ext nbtrack", "%%track packaged\\nimport nbtrack\\nnbtrack.log_metric('loss', 0.5)"]
book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
nbclient.NotebookClient(book, km=kernel_manager()).execute(cleanup_kc=True)

import nbtrack
(run,) = nbtrack.search_runs(output_format="list", search_all_experiments=True)
print(run.info.run_name, run.info.status, run.data.metrics)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the sdist, and the wheel built from that sdist."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT))
    return folder


@pytest.fixture(scope="module")
def scripts(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script folder of an environment that holds the wheel, what it needs, and no more."""
    home = empty_environment(tmp_path_factory.mktemp("empty"))
    python, (wheel,) = str(home / "bin" / "python"), built.glob("*.whl")
    run(sys.executable, *f"-m pip --python {python} install -q --no-deps {wheel}".split())
    (packages,) = home.glob("lib/python*/site-packages")
    add_what_is_needed(packages)
    return home / "bin"


def empty_environment(folder: Path) -> Path:
    run(sys.executable, "-m", "venv", "--without-pip", str(folder / ".venv"))
    return folder / ".venv"


def add_what_is_needed(packages: Path) -> None:
    """Everything that the one distribution in *packages* requires, as it is installed here.

    Linked, not downloaded: that pip finds it all was seen when this environment was made.
    """
    (wheel,) = metadata.distributions(path=[str(packages)])
    waiting, seen = list(required_by(wheel, set())), set()
    while waiting:
        requirement = waiting.pop()
        wanted = (canonicalize_name(requirement.name), *sorted(requirement.extras))
        if wanted not in seen:
            seen.add(wanted)
            found = metadata.distribution(requirement.name)
            link_files(found, packages)
            waiting += required_by(found, requirement.extras)


def required_by(found: metadata.Distribution, extras: set[str]) -> Iterator[Requirement]:
    for requirement in map(Requirement, found.requires or []):
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in {"", *extras}):
            yield requirement


def link_files(found: metadata.Distribution, packages: Path) -> None:
    """Into the folder *packages*, without what lies outside of it, as scripts do; with what Python
    has compiled of them here, which pip lists and uv does not."""
    for file in found.files or []:
        if ".." not in file.parts:
            source, target = Path(str(file.locate())), packages / file
            link(source, target)
            if file.suffix == ".py":
                link(Path(cache_from_source(str(source))), Path(cache_from_source(str(target))))


def link(source: Path, target: Path) -> None:
    if source.exists() and not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source, target)
        except OSError:  # another file system
            shutil.copy2(source, target)  # of the same age: that is how what is compiled is known


def run(*words: str, cwd: Path | None = None) -> str:
    """Standard output; a failure shows everything."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("NBTRACK_", "PYTHON"))}
    done = subprocess.run(words, cwd=cwd, env=kept, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def test_the_command_is_there(scripts, tmp_path):
    """`nbtrack --version` works, from the environment's own copy."""
    assert (
        run(str(scripts / "nbtrack"), "--version", cwd=tmp_path).split()[1] == nbtrack.__version__
    )
    where = run(
        str(scripts / "python"), "-c", "import nbtrack; print(nbtrack.__file__)", cwd=tmp_path
    )
    assert Path(where.strip()).is_relative_to(scripts.parent)


def test_it_logs_from_a_script(scripts, tmp_path):
    """Import, one run, one metric, read back."""
    script = (
        "import nbtrack\n"
        "with nbtrack.start_run(): nbtrack.log_metric('loss', 0.5)\n"
        "print(nbtrack.search_runs()['metrics.loss'].tolist())"
    )

    assert run(str(scripts / "python"), "-c", script, cwd=tmp_path) == "[0.5]\n"


def test_it_tracks_a_cell(scripts, tmp_path):
    """The extension loads in a kernel, and a tracked cell becomes a run."""
    out = run(str(scripts / "python"), "-c", TRACK_A_CELL, cwd=tmp_path)

    assert out == "packaged FINISHED {'loss': 0.5}\n"


def test_the_demo_runs(scripts, tmp_path):
    """README's first command ends with the runs sorted by accuracy, and what to do next."""
    out = run(str(scripts / "nbtrack"), "demo", cwd=tmp_path)

    assert "★ best by accuracy" in out
    assert "pip install jupyterlab" in out  # which is not a dependency
    assert f"jupyter lab {tmp_path / 'nbtrack-demo' / '01_quickstart.ipynb'}" in out
    assert f"nbtrack --store {tmp_path / 'nbtrack-demo' / '.nbtrack'} runs" in out


def test_the_sdist_has_what_the_tests_need(built):
    """From the sdist one can build the wheel, as was done here, and run the tests."""
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}

    wanted = {"pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", ".ci/run"}
    wanted |= {
        "notebooks/01_quickstart.ipynb",
        "tests/notebooks/nbval_sanitize.cfg",
        "nbtrack/py.typed",
    }
    assert wanted <= inside


def test_the_wheel_has_the_pages_and_not_what_checks_them(built):
    """Every script and style sheet, and no declarations of types."""
    (wheel,) = built.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    pages = {
        file.relative_to(ROOT).as_posix()
        for kind in ("js", "css")
        for file in (ROOT / "nbtrack").rglob(f"page/*.{kind}")
    }

    assert len(pages) > 50
    assert pages <= inside
    kinds = {Path(name).suffix for name in inside if name.startswith("nbtrack/panels/")}
    assert kinds == {".py", ".js", ".css"}


def test_the_wheel_has_the_extension_of_jupyterlab(built):
    """Where JupyterLab and its server look, as it is in the source, with the version of nbtrack."""
    (wheel,) = built.glob("*.whl")
    data = f"nbtrack-{nbtrack.__version__}.data/data"
    room, homes = ROOT / "nbtrack/jupyter", {"data": "share/jupyter", "config": "etc/jupyter"}
    ours = [
        (file, f"{home}/{file.relative_to(room / part).as_posix()}")
        for part, home in homes.items()
        for file in (room / part).rglob("*.*")
        if file.is_file()
    ]
    with zipfile.ZipFile(wheel) as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}

    assert len(ours) > 5
    for file, place in ours:
        assert inside[f"{data}/{place}"] == file.read_bytes()
    package = json.loads(inside[f"{data}/share/jupyter/labextensions/nbtrack/package.json"])
    assert package["version"] == nbtrack.__version__
    assert package["jupyterlab"]["_build"]["load"].endswith(f"?{nbtrack.__version__}")
