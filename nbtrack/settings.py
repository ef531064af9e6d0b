"""One frozen `Settings`: argument, else environment, else project file, else default.

The project file is the `[tool.nbtrack]` table of the `pyproject.toml` beside the project's
`.nbtrack` folder. Nothing else in nbtrack reads `NBTRACK_*` variables.

| setting      | environment            | default                                             |
|--------------|------------------------|-----------------------------------------------------|
| tracking_uri | NBTRACK_TRACKING_URI   | None: the project folder, see `find_project_folder`  |
| folder       | NBTRACK_DIR            | None: same                                          |
| notebook     | NBTRACK_NOTEBOOK       | None: asked from the front end                      |
| experiment   | NBTRACK_EXPERIMENT     | None: the notebook's name, else "Default"           |
| user         | NBTRACK_USER           | the name of the operating system's user             |
| quiet        | NBTRACK_QUIET          | False: show a card under every tracked cell         |
| infer        | NBTRACK_INFER          | True: read params and metrics off the cell's source |
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

from nbtrack.errors import InvalidValue

FOLDER_NAME = ".nbtrack"
_ENVIRONMENT = {
    "tracking_uri": "NBTRACK_TRACKING_URI",
    "folder": "NBTRACK_DIR",
    "notebook": "NBTRACK_NOTEBOOK",
    "experiment": "NBTRACK_EXPERIMENT",
    "user": "NBTRACK_USER",
    "quiet": "NBTRACK_QUIET",
    "infer": "NBTRACK_INFER",
}
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

    @classmethod
    def load(cls, **arguments: Any) -> Self:
        """Resolve every setting once; arguments that are None count as not given."""
        found: dict[str, Any] = {"user": _os_user()}
        found |= _from_project_file(Path.cwd())
        found |= {f: os.environ[name] for f, name in _ENVIRONMENT.items() if name in os.environ}
        found |= {name: value for name, value in arguments.items() if value is not None}
        for switch in ("quiet", "infer"):
            if switch in found:
                found[switch] = _as_bool(switch, found[switch])
        return cls(**found)


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


def _from_project_file(start: Path) -> dict[str, Any]:
    file = find_project_folder(start).parent / "pyproject.toml"
    if not os.path.isfile(file):
        return {}
    import tomllib

    try:
        table = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("nbtrack", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError):
        return {}  # not ours to complain about: other tools do, and better
    return _checked(table, file)


def _checked(table: Mapping[str, Any], file: Path) -> dict[str, Any]:
    names = {f.name for f in fields(Settings)}
    if unknown := sorted(set(table) - names):
        raise InvalidValue(
            f"{file}: [tool.nbtrack] has no setting {unknown[0]!r}; "
            f"it has {', '.join(sorted(names))}."
        )
    relative = table.get("folder")
    if isinstance(relative, str):
        return {**table, "folder": str(file.parent / Path(relative).expanduser())}
    return dict(table)


def _as_bool(name: str, value: object) -> bool:
    text = str(value).strip().lower()
    if text not in _YES | _NO:
        raise InvalidValue(f"Setting {name} is {value!r}; write 1 or 0.")
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
