"""The kinds of sources that nbtrack knows by itself: code, files of this machine, web addresses,
and addresses of other kinds, which it records and does not load."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlparse

from nbtrack.artifact_store.local import LocalArtifacts
from nbtrack.artifact_store.paths import folder_of
from nbtrack.artifact_store.staging import Staging, chunks_of_stream
from nbtrack.capture.redact import without_credentials
from nbtrack.datasets.dataset_source import DatasetSource
from nbtrack.errors import FileMissing, InvalidValue

REQUEST_SECONDS = 60
UNNAMED_FILE = "dataset_source"


class CodeDatasetSource(DatasetSource):
    """Made by the code that logged it."""

    def __init__(self, tags: Mapping[str, Any] | None = None) -> None:
        self.tags = dict(tags or {})

    @staticmethod
    def _get_source_type() -> str:
        return "code"

    @staticmethod
    def _can_resolve(raw_source: Any) -> bool:  # noqa: ARG004 - nothing that is given is code
        return False

    def to_dict(self) -> dict[str, Any]:
        return {"tags": self.tags}

    @classmethod
    def from_dict(cls, source_dict: dict[Any, Any]) -> Self:
        return cls(source_dict.get("tags"))


class FileSystemDatasetSource(DatasetSource):
    """A file or folder somewhere, under its *uri*; the type is the scheme of that."""

    def __init__(self, uri: str | os.PathLike[str]) -> None:
        self.uri = uri

    def _get_source_type(self) -> str:  # type: ignore[override]  # asked of an object only
        return _scheme(self.uri) or "local"

    @staticmethod
    def _can_resolve(raw_source: Any) -> bool:
        return bool(_scheme(raw_source))

    @classmethod
    def _resolve(cls, raw_source: Any) -> Self:
        return cls(raw_source)

    def load(self, dst_path: str | None = None) -> str:
        """A local path to it. Raises InvalidValue for a place that is not of this machine."""
        raise InvalidValue(
            f"nbtrack records {without_credentials(os.fspath(self.uri))!r} and cannot load it"
            f"{f' to {dst_path!r}' if dst_path else ''}: read it with the library of that place."
        )

    def to_dict(self) -> dict[str, Any]:
        return {"uri": without_credentials(os.fspath(self.uri))}

    @classmethod
    def from_dict(cls, source_dict: dict[Any, Any]) -> Self:
        return cls(_needed(source_dict, "uri"))


class LocalArtifactDatasetSource(FileSystemDatasetSource):
    """A file or folder of this machine: a path or a `file:` URI."""

    @staticmethod
    def _get_source_type() -> str:
        return "local"

    @staticmethod
    def _can_resolve(raw_source: Any) -> bool:
        return isinstance(raw_source, str | os.PathLike) and _scheme(raw_source) in ("", "file")

    def load(self, dst_path: str | None = None) -> str:
        """Its path; with *dst_path*, that of a copy in this folder. Raises FileMissing."""
        place = folder_of(os.fspath(self.uri))
        if not place.exists():
            raise FileMissing(f"There is no file or folder {str(place)!r}.")
        return str(LocalArtifacts(place.parent).download(place.name, dst_path))


class S3ArtifactDatasetSource(FileSystemDatasetSource): ...


class GCSArtifactDatasetSource(FileSystemDatasetSource): ...


class AzureBlobArtifactDatasetSource(FileSystemDatasetSource): ...


class FTPArtifactDatasetSource(FileSystemDatasetSource): ...


class SFTPArtifactDatasetSource(FileSystemDatasetSource): ...


class HdfsArtifactDatasetSource(FileSystemDatasetSource): ...


_BY_SCHEME: dict[str, type[FileSystemDatasetSource]] = {
    "s3": S3ArtifactDatasetSource,
    "gs": GCSArtifactDatasetSource,
    "wasbs": AzureBlobArtifactDatasetSource,
    "ftp": FTPArtifactDatasetSource,
    "sftp": SFTPArtifactDatasetSource,
    "hdfs": HdfsArtifactDatasetSource,
    "viewfs": HdfsArtifactDatasetSource,
}


def source_elsewhere(uri: str | os.PathLike[str]) -> FileSystemDatasetSource:
    """What is not of this machine, in MLflow's class for the scheme, if it has one."""
    return _BY_SCHEME.get(_scheme(uri), FileSystemDatasetSource)(uri)


class HTTPDatasetSource(DatasetSource):
    """A file at a web address; what is secret in the address is not recorded."""

    def __init__(self, url: str) -> None:
        self.url = url

    @property
    def uri(self) -> str:
        return self.url

    @staticmethod
    def _get_source_type() -> str:
        return "http"

    @staticmethod
    def _can_resolve(raw_source: Any) -> bool:
        return isinstance(raw_source, str) and _scheme(raw_source) in ("http", "https")

    @classmethod
    def _resolve(cls, raw_source: Any) -> Self:
        return cls(raw_source)

    def load(self, dst_path: str | os.PathLike[str] | None = None) -> str:
        """The path of a copy, in the folder *dst_path* or in a new one. Raises InvalidValue,
        OSError."""
        import tempfile
        from urllib.request import urlopen

        if not self._can_resolve(self.url):
            raise InvalidValue(f"{without_credentials(self.url)!r} is no http: or https: address.")
        with urlopen(self.url, timeout=REQUEST_SECONDS) as answer:
            name = _file_name(self.url, answer.headers.get("Content-Disposition"))
            folder = Path(dst_path if dst_path is not None else tempfile.mkdtemp())
            with Staging() as staging:
                staging.add(folder / name, chunks_of_stream(answer))
        return str(folder / name)

    def to_dict(self) -> dict[str, Any]:
        return {"url": without_credentials(self.url)}

    @classmethod
    def from_dict(cls, source_dict: dict[Any, Any]) -> Self:
        return cls(_needed(source_dict, "url"))


def _file_name(url: str, disposition: str | None) -> str:
    """As the answer names it, or the address; never a path."""
    if found := re.search(r"filename=(.+)", disposition or ""):
        name = found[1].strip("\"'")
        if os.path.basename(name) != name or name in ("", ".", ".."):
            raise InvalidValue(f"The answer names its file {name!r}, which is no file name.")
        return name
    return os.path.basename(urlparse(url).path) or UNNAMED_FILE


def _needed(source_dict: Mapping[Any, Any], key: str) -> Any:
    if source_dict.get(key) is None:
        raise InvalidValue(f"The source {dict(source_dict)!r} has no {key!r}.")
    return source_dict[key]


def _scheme(source: Any) -> str:
    """Of an address, in lower case; "" for a path and for what is neither."""
    if not isinstance(source, str | os.PathLike):
        return ""
    scheme, separator, _ = os.fspath(source).partition(":")
    is_scheme = separator and re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]+", scheme)
    return scheme.lower() if is_scheme else ""
