"""The store that a tracking URI names."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlparse

from nbtrack.errors import InvalidValue
from nbtrack.stores.store import Store


def open_store(uri: str) -> Store:
    """The store behind *uri*: a plain path or a `file:` URI names a project folder."""
    from nbtrack.stores.local.duckdb import DuckDBStore

    return DuckDBStore(folder_of(uri))


def folder_of(uri: str) -> Path:
    """The folder that *uri* names. Raises InvalidValue for a scheme nbtrack does not know."""
    return _parsed(uri).absolute()  # a relative one means another folder after %cd


@lru_cache(maxsize=64)  # every run asks for the folder of its store
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
            f"Tracking URI {uri!r}: nbtrack stores in a folder. "
            "Give a path or file:/path/to/folder."
        )
    return Path(uri).expanduser()
