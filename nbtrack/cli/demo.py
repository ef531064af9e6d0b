"""Run the quickstart notebook for real, and show what it recorded."""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import nbtrack
from nbtrack.cli.console import count, harmless_lines, is_ascii_only, say, width
from nbtrack.cli.notebook_run import NotebookFailed, run_notebook
from nbtrack.errors import InvalidValue, NbtrackError
from nbtrack.recording.session import current_session
from nbtrack.records.runs import RunQuery
from nbtrack.settings import FOLDER_NAME
from nbtrack.stores.opening import folder_of

NOTEBOOK = "01_quickstart.ipynb"
OF_A_TEAM = "10_a_team.ipynb"
_SORT, _TOP = "metrics.accuracy", 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--folder",
        metavar="DIR",
        default="nbtrack-demo",
        help="where the notebook and its record go (default: nbtrack-demo)",
    )


def run(arguments: argparse.Namespace) -> int:
    folder = Path(arguments.folder).absolute()
    # A project of its own: the demo's runs do not mix with those of the project it is tried in.
    project = folder_of(arguments.store) if arguments.store else folder / FOLDER_NAME
    notebook = _copy_to(folder)
    say(*_what_is_there(project), f"Running {notebook} …")
    try:
        run_notebook(notebook, project=project)
    except NotebookFailed as exc:
        sys.stderr.write("\n".join(harmless_lines(str(exc), indent="")) + "\n")
        return 1
    say(_runs_by_accuracy(project), "", *_how_to_go_on(notebook, project))
    return 0


def quickstart() -> Path:
    return _notebook(NOTEBOOK)


def _notebook(name: str) -> Path:
    """Inside the installed package, or beside it in a checkout."""
    package = Path(nbtrack.__file__).parent
    for folder in (package, package.parent):
        if (folder / "notebooks" / name).is_file():
            return folder / "notebooks" / name
    raise NbtrackError(
        f"{name} is missing from this installation of nbtrack ({package}). Install it again."
    )


def _copy_to(folder: Path) -> Path:
    """A fresh copy in *folder*; a notebook there that somebody has worked on is not overwritten."""
    original, copy = quickstart(), folder / NOTEBOOK
    if copy.exists() and _sources(copy) != _sources(original):
        raise InvalidValue(
            f"{copy} was edited and is kept. Move it away, or run nbtrack demo --folder OTHER."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(original.read_bytes())
    except OSError as exc:
        raise InvalidValue(
            f"{folder} cannot be written ({exc.strerror}). Run nbtrack demo --folder DIR with "
            "a folder that can."
        ) from exc
    return copy


def _sources(notebook: Path) -> list[str] | None:
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        return ["".join(cell["source"]) for cell in cells]
    except (ValueError, KeyError, TypeError):  # not a notebook
        return None


def _what_is_there(project: Path) -> list[str]:
    """Runs of an earlier demo are somebody's record: they stay, and that is said."""
    number = current_session().store_for(project.as_uri()).count_runs(RunQuery())
    if not number:
        return []
    runs = count(number, "run")
    return [f"{project} has {runs} already, to which this adds. Delete it to start afresh."]


def _runs_by_accuracy(project: Path) -> str:
    from nbtrack.panels.runs.reading import run_table_of
    from nbtrack.panels.runs.text import run_table_text

    store = current_session().store_for(project.as_uri())
    table = run_table_of(store, experiment_ids=None, filter_string="", sort=_SORT, top=_TOP)
    return run_table_text(table, width=width(), ascii_only=is_ascii_only())


def _how_to_go_on(notebook: Path, project: Path) -> list[str]:
    python = _if_not_on_path()
    install = [] if find_spec("jupyterlab") else [f"  {python}pip install jupyterlab"]
    return [
        "Open the executed notebook:",
        *install,
        f"  {python}jupyter lab {shlex.quote(str(notebook))}",
        "A server for a team, in a notebook to copy:",
        f"  {_notebook(OF_A_TEAM)}",
        f"Its runs are recorded in {project}, apart from your own:",
        f"  {python}nbtrack --store {shlex.quote(str(project))} runs",
    ]


def _if_not_on_path() -> str:
    """What goes before a command of this environment when it is not an activated one."""
    scripts = Path(sys.executable).parent
    found = shutil.which("python")
    is_on_path = found is not None and Path(found).parent == scripts
    return "" if is_on_path else f"{sys.executable} -m "
