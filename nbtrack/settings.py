"""One frozen `Settings`: argument, else environment, else project file, else default.

The project file is the `[tool.nbtrack]` table of the `pyproject.toml` beside the project's
`.nbtrack` folder. Nothing else in nbtrack reads `NBTRACK_*` variables.

A setting there that cannot be understood counts as not set: no training ends because of it. A
script is told once, at its first log; `%load_ext nbtrack` raises; `nbtrack doctor` lists it. A
place that cannot be used is an error everywhere, for the record would go elsewhere.

| setting      | environment            | default                                             |
|--------------|------------------------|-----------------------------------------------------|
| tracking_uri | NBTRACK_TRACKING_URI   | None: the project folder, see `find_project_folder`  |
| folder       | NBTRACK_DIR            | None: same                                          |
| notebook     | NBTRACK_NOTEBOOK       | None: asked from the front end                      |
| experiment   | NBTRACK_EXPERIMENT     | None: the notebook's name, else "Default"           |
| user         | NBTRACK_USER           | the name of the operating system's user             |
| quiet        | NBTRACK_QUIET          | False: show a card under every tracked cell         |
| infer        | NBTRACK_INFER          | True: read params and metrics off the cell's source |
| autolog      | NBTRACK_AUTOLOG        | True: tracked cells record what is trained in them  |
| no_warn      | NBTRACK_NO_WARN        | "": kinds of warnings to keep quiet, "stale,leak"   |
| provenance   | NBTRACK_PROVENANCE     | True: each cell leaves a record of what it needed   |

Where neither says where to record, or in which experiment, MLflow's variables count; a server that
they name only where there is no project yet: what it has so far would go on elsewhere. A process
that another one started records where that one does; see `base.parent_process`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Self

from nbtrack.base.parent_process import parent_process
from nbtrack.errors import InvalidValue
from nbtrack.records.warned import silenced_kinds

FOLDER_NAME = ".nbtrack"
FitScope = Literal["never", "tracked cells", "everywhere"]  # where a hook records what is trained
_ENVIRONMENT = {
    "tracking_uri": "NBTRACK_TRACKING_URI",
    "folder": "NBTRACK_DIR",
    "notebook": "NBTRACK_NOTEBOOK",
    "experiment": "NBTRACK_EXPERIMENT",
    "user": "NBTRACK_USER",
    "quiet": "NBTRACK_QUIET",
    "infer": "NBTRACK_INFER",
    "autolog": "NBTRACK_AUTOLOG",
    "no_warn": "NBTRACK_NO_WARN",
    "provenance": "NBTRACK_PROVENANCE",
}
_MLFLOWS_PLACE, _MLFLOWS_EXPERIMENT = "MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME"
_SWITCHES = ("quiet", "infer", "autolog", "provenance")
_YES, _NO = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    tracking_uri: str | None = None
    folder: str | None = None
    notebook: str | None = None
    experiment: str | None = None
    user: str = "unknown"
    quiet: bool = False
    infer: bool = True
    autolog: bool = True
    no_warn: str = ""
    provenance: bool = True

    @classmethod
    def load(
        cls, problems: list[str] | None = None, *, place: Path | None = None, **arguments: Any
    ) -> Self:
        """Resolve every setting once, for work in *place*, None where we are; arguments that are
        None count as not given.

        What cannot be understood is told in *problems*, one sentence each; for an argument
        InvalidValue is raised.
        """
        problems = [] if problems is None else problems
        found: dict[str, Any] = {"user": _os_user()}
        found |= _from_project_file(place or working_folder(), problems)
        found |= _from_environment(problems)
        found |= _from_mlflow(found, place or working_folder())
        found |= _from_parent()
        for name, value in arguments.items():
            if value is not None:
                found[name] = _understood(name, value)
        return cls(**found)


def working_folder() -> Path:
    """Where we are; if somebody deleted that folder, where the user is at home."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return _home() or Path("/")


def find_project_folder(start: Path) -> Path:
    """Where the record of work in *start* lives: the nearest `.nbtrack`, going up.

    The walk ends at the root of the git repository, and below the home folder: what lies there
    or above is no project of which *start* is a part. If there is none yet: at the git root,
    else in *start*.
    """
    start, home = start.resolve(), _home()
    for folder in (start, *start.parents):
        if folder == home and folder != start:
            break
        # Not Path.is_dir: it raises where we may not look.
        if os.path.isdir(folder / FOLDER_NAME) or os.path.exists(folder / ".git"):
            return folder / FOLDER_NAME
    return start / FOLDER_NAME


def is_temporary(folder: Path) -> bool:
    """Whether the machine will be thrown away, and *folder* with it."""
    import tempfile

    hosted = ("COLAB_RELEASE_TAG", "KAGGLE_KERNEL_RUN_TYPE", "BINDER_SERVICE_HOST")
    on_drive = "/content/drive/" in f"{folder.as_posix()}/"
    scratch = Path(tempfile.gettempdir()).resolve() in folder.resolve().parents
    return scratch or (any(name in os.environ for name in hosted) and not on_drive)


def _from_environment(problems: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, variable in _ENVIRONMENT.items():
        if variable in os.environ:
            try:
                found[name] = _understood(name, os.environ[variable], called=variable)
            except InvalidValue as exc:
                problems.append(str(exc))
    return found


def _from_mlflow(ours: Mapping[str, Any], start: Path) -> dict[str, Any]:
    """What MLflow's variables say of what ours do not, for work in *start*."""
    found: dict[str, Any] = {}
    place = os.environ.get(_MLFLOWS_PLACE)
    is_open = not {"tracking_uri", "folder"} & ours.keys()
    if place and is_open and not unserved_by_us() and not server_passed_over(start):
        found["tracking_uri"] = place
    if (name := os.environ.get(_MLFLOWS_EXPERIMENT)) and "experiment" not in ours:
        found["experiment"] = name
    return found


def servers_folder() -> Path:
    """Where this machine keeps what was logged to servers, by the conventions of its system."""
    if own := os.environ.get("NBTRACK_SERVERS_DIR"):
        return Path(own)
    home = Path.home()
    usual = home / "AppData/Local" if os.name == "nt" else home / ".local/share"
    place = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_DATA_HOME")
    return Path(place or usual) / "nbtrack" / "servers"


def mlflows_server() -> str | None:
    """The address of a server that MLflow's variable names, if we can ask it."""
    place = os.environ.get(_MLFLOWS_PLACE, "")
    return place if is_server(place) and unserved_by_us() is None else None


def server_passed_over(start: Path) -> str | None:
    """That address, where it is not followed in *start*: a project is there already."""
    folder = find_project_folder(start)
    return mlflows_server() if is_project(folder) else None


def is_project(folder: Path) -> bool:
    """Whether somebody has recorded there."""
    # Not Path.is_dir: it raises where we may not look.
    return os.path.isdir(folder / "journal") or os.path.isfile(folder / "nbtrack.duckdb")


def is_server(uri: str) -> bool:
    return uri.lower().startswith(("http://", "https://"))


def says_more_than_where(uri: str) -> bool:
    """Whether an address may have a password or a token in it, wherever it is written."""
    return any(mark in uri.partition("://")[2] for mark in "@?#")


def unserved_by_us() -> str | None:
    """Where MLflow's variable says to record, if that is neither a folder nor a server that we can
    ask: a database, or an address with a password in it."""
    place = os.environ.get(_MLFLOWS_PLACE, "")
    if is_server(place):
        return place if says_more_than_where(place) else None
    is_other = "://" in place or place in ("databricks", "databricks-uc", "uc")
    return place if is_other and not place.startswith("file:") else None


def mlflows_experiment_id() -> str | None:
    """The experiment that MLflow's variable names by its id, if none is named by name."""
    return os.environ.get("MLFLOW_EXPERIMENT_ID") or None


def take_mlflows_run_id() -> str | None:
    """The run to go on with, said by MLflow's variable; once, as in MLflow."""
    return os.environ.pop("MLFLOW_RUN_ID", None) or None


def allows_pickles() -> bool:
    """Whether models may run what is in their pickles, said by MLflow's variable."""
    said = os.environ.get("MLFLOW_ALLOW_PICKLE_DESERIALIZATION") or "1"
    return said.strip().lower() not in _NO


def mlflows_model_id() -> str | None:
    """The logged model that is the active one, said by MLflow's variable."""
    return os.environ.get("MLFLOW_ACTIVE_MODEL_ID") or None


def mlflows_variable(name: str) -> str | None:
    """What MLflow's variable says, MLFLOW_<name>; an empty one says nothing."""
    return os.environ.get(f"MLFLOW_{name}") or None


def mlflows_variable_names() -> list[str]:
    """The names of MLflow's variables that say something; a value may be a password."""
    return sorted(
        name for name, value in os.environ.items() if value and name.startswith("MLFLOW_")
    )


def set_mlflows_variable(name: str, value: object | None) -> None:
    """For this process, and for those that are started from it."""
    os.environ.pop(f"MLFLOW_{name}", None)
    if value is not None:
        os.environ[f"MLFLOW_{name}"] = str(value)


def forget_mlflows_model_id() -> None:
    os.environ.pop("MLFLOW_ACTIVE_MODEL_ID", None)


def _from_parent() -> dict[str, Any]:
    parent, found = parent_process(), {}
    if parent.store is not None:
        found = {"tracking_uri": parent.store, "folder": None}
    if parent.experiment is not None:
        found["experiment"] = parent.experiment
    return found


def _from_project_file(start: Path, problems: list[str]) -> dict[str, Any]:
    file = find_project_folder(start).parent / "pyproject.toml"
    if not os.path.isfile(file):
        return {}
    try:
        text = file.read_text(encoding="utf-8")
    except (UnicodeDecodeError, OSError):
        return {}  # not ours to complain about: other tools do, and better
    found = _checked(_own_table(text), file, problems)
    for name in ("folder", "tracking_uri"):  # relative to the file, wherever the notebook is
        if name in found and ":" not in found[name]:
            found[name] = str(file.parent / Path(found[name]).expanduser())
    return found


@lru_cache(maxsize=1)
def _own_table(text: str) -> dict[str, Any]:
    """Of a `pyproject.toml`: 15 ms, if it is a long one."""
    import tomllib

    try:
        found: dict[str, Any] = tomllib.loads(text).get("tool", {}).get("nbtrack", {})
    except tomllib.TOMLDecodeError:
        return {}
    return found


def _checked(table: Mapping[str, Any], file: Path, problems: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in table.items():
        try:
            found[name] = _understood(name, value)
        except InvalidValue as exc:
            problems.append(f"{file}: [tool.nbtrack] {exc}")
    return found


def _understood(name: str, value: object, *, called: str = "") -> object:
    """The value of a setting. Raises InvalidValue, naming it as it is *called* where it stands."""
    names = sorted(f.name for f in fields(Settings))
    if name not in names:
        raise InvalidValue(f"has no setting {name!r}; it has {', '.join(names)}.")
    if name in _SWITCHES:
        return _as_bool(called or name, value)
    if name == "no_warn":
        text = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        return ",".join(sorted(silenced_kinds(text)))
    if not isinstance(value, str):
        raise InvalidValue(f"{called or name} is {value!r}; write a text.")
    return value


def _as_bool(name: str, value: object) -> bool:
    text = str(value).strip().lower()
    if text not in _YES | _NO:
        raise InvalidValue(f"{name} is {value!r}; write 1 or 0.")
    return text in _YES


def _home() -> Path | None:
    try:
        return Path.home().resolve()
    except RuntimeError:  # no home folder is known
        return None


def _os_user() -> str:
    # getpass imports termios and more; these are what it looks at first.
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        if value := os.environ.get(name):
            return value
    if sys.platform != "win32":
        import pwd

        try:
            return pwd.getpwuid(os.getuid()).pw_name
        except KeyError:
            return str(os.getuid())
    return "unknown"
