"""The store that a tracking URI names."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote, unquote, urlparse

from nbtrack.errors import InvalidValue
from nbtrack.settings import is_server as is_server  # for all who open stores
from nbtrack.settings import says_more_than_where, servers_folder
from nbtrack.stores.store import Store

# One letter alone is a drive: C:
_ADDRESS = re.compile(r"\s*(\w[\w+.-]*:(?=//)|\w[\w+.-]+:|)(/{0,2})(.*)", re.DOTALL)
_HOST = r"(?:\[[0-9A-Fa-f:.%]*\]?|[^:/\[\],]+)(?::\d*)?"  # a word in place of a port: a password
_HOSTS = re.compile(rf"{_HOST}(?:,{_HOST})*(?:/|\Z)")
HURRY_SECONDS = 0.3  # whoever opens a store may be logging


def open_store(uri: str) -> Store:
    """The store behind *uri*: a project folder, by its path or `file:` URI, or a server."""
    if is_server(uri):
        return _open_server(full_uri(uri), folder_of(uri))
    from nbtrack.stores.local.duckdb import DuckDBStore

    return DuckDBStore(folder_of(uri))


def wait_for_kind(uri: str | None) -> None:
    """For who has the time: `open_store` knows then of a slow server, too, what it is."""
    if uri and is_server(uri):
        from nbtrack.remote.mlflow_server.kind import is_mlflows

        is_mlflows(full_uri(uri), folder_of(uri))


def _open_server(uri: str, folder: Path) -> Store:
    from nbtrack.remote.mlflow_server.kind import is_mlflows

    if is_mlflows(uri, folder, wait_seconds=HURRY_SECONDS):
        from nbtrack.remote.mlflow_server.store import MlflowStore

        return MlflowStore(uri, folder)
    from nbtrack.remote.store import RemoteStore

    return RemoteStore(uri, folder)


def is_database(uri: str) -> bool:
    """Of PostgreSQL, which only `nbtrack server` opens."""
    return uri.lower().startswith(("postgresql://", "postgres://"))


def without_password(uri: str) -> str:
    """The address of a server, or of a database, as it may be shown: its host and path. One of a
    file is shown as it is; of what has no host, where that would be, the scheme alone."""
    scheme, slashes, rest = _parts(uri)
    is_address = scheme or slashes == "//" or "://" in uri
    if not (rest and is_address) or scheme == "file:":
        return uri
    hidden, _, place = rest.rpartition("@")
    if scheme.startswith("sqlite") and rest.startswith("/"):  # a file's, behind which are options
        return uri.partition("?")[0]
    shown = re.split("[?#;]", place)[0]
    is_clear = slashes == "//" and not re.search(r"^/|[?#;]", hidden)  # that @ may be in a token
    is_place = _HOSTS.match(shown) or (not hidden and re.fullmatch("/[^:]*", shown))
    return f"{scheme}{slashes}{shown if is_clear and is_place else '…'}"


def _parts(uri: str) -> tuple[str, str, str]:
    """The scheme with its colon, in lower case; the slashes behind it; and the rest."""
    found = _ADDRESS.match(uri)
    return ("", "", uri) if found is None else (found[1].lower(), found[2], found[3])


def full_uri(uri: str) -> str:
    """The same for all ways to write it. Raises InvalidValue for a scheme nbtrack does not know."""
    folder = folder_of(uri)
    return uri.rstrip("/") if is_server(uri) else folder.as_uri()


def folder_of(uri: str) -> Path:
    """The folder that *uri* names; of a server, that in which this machine keeps what it logged.

    Raises InvalidValue for a scheme nbtrack does not know.
    """
    if is_server(uri):
        return (servers_folder() / _name_of_server(uri)).absolute()
    return _parsed(uri).absolute()  # a relative one means another folder after %cd


@lru_cache(maxsize=64)  # every run asks for the folder of its store
def _name_of_server(uri: str) -> str:
    """That of its folder here. Raises InvalidValue."""
    if says_more_than_where(uri):
        raise InvalidValue(
            f"Tracking URI {without_password(uri)} has more than that in it, behind an @, ? or #: "
            "who you are would be shown wherever the address is. Write http://host:port, and set "
            "NBTRACK_TOKEN, or NBTRACK_USERNAME and NBTRACK_PASSWORD."
        )
    parsed = urlparse(uri)
    if not (parsed.hostname or "").strip("."):
        raise InvalidValue(
            f"Tracking URI {without_password(uri)!r} names no host; write http://host:port."
        )
    return quote(f"{parsed.netloc}{parsed.path}".strip("/"), safe="").replace("%", "_")


@lru_cache(maxsize=64)
def _parsed(uri: str) -> Path:
    parsed = urlparse(uri)
    if parsed.scheme == "file":
        if parsed.netloc not in ("", "localhost"):
            raise InvalidValue(
                f"Tracking URI {uri!r} names the host {parsed.netloc!r}; "
                "write file:/path/to/folder."
            )
        return Path(unquote(parsed.path)).absolute()
    if "://" in uri:
        raise InvalidValue(
            f"Tracking URI {without_password(uri)!r}: nbtrack stores in a folder, or on a "
            "server of nbtrack or MLflow. Give a path, file:/path/to/folder or http://host:port."
        )
    return Path(uri).expanduser()
