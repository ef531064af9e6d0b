"""Which project the notebooks of a folder record into."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nbtrack.errors import InvalidValue
from nbtrack.settings import Settings, find_project_folder
from nbtrack.stores.opening import folder_of, is_server, without_password


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A *folder* of this machine; or a *server*, of which only the address is known here."""

    folder: Path | None = None
    server: str = ""

    @property
    def title(self) -> str:
        return without_password(self.server) if self.folder is None else self.folder.parent.name


def project_of(root: Path, folder: str) -> Project:
    """What a kernel in *folder*, a path below *root*, would record into.

    Raises InvalidValue for a path that leads out of *root*.
    """
    place = root.joinpath(*_parts(folder))
    settings = Settings.load(place=place)
    for chosen in (settings.tracking_uri, settings.folder):
        if chosen and is_server(chosen):
            return Project(server=chosen)
        if chosen:
            is_path = ":" not in chosen
            return Project(folder=folder_of(str(place / chosen) if is_path else chosen))
    return Project(folder=find_project_folder(place))


def _parts(folder: str) -> list[str]:
    parts = [part for part in folder.split("/") if part]
    if ".." in parts or "\\" in folder or "\0" in folder:
        raise InvalidValue(f"{folder!r} is no folder below that of the server.")
    return parts
