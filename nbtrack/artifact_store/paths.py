"""Which artifact paths are accepted, and which folder an artifact URI names."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePath

from nbtrack.errors import InvalidValue

TEMPORARY = ".nbtrack-tmp-"  # begins the name of every file that is still being written
LONGEST_NAME = 255  # bytes of one part: the limit of ext4, and below those of APFS and NTFS
LONGEST_PATH = 1000  # bytes: below the 1024 of S3 keys, so that every run can move there
DRIVE = re.compile(r"[A-Za-z]:")
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")  # two letters or more: C: is a drive


def artifact_parts(path: str | PurePath) -> tuple[str, ...]:
    """The parts of a relative POSIX path; `()` is the artifact folder itself.

    A "." drops out, and so does "dir/..", as in MLflow: it is never looked up on the disk.
    """
    text = path.as_posix() if isinstance(path, PurePath) else path
    if not isinstance(text, str):
        raise InvalidValue(f"An artifact path is a text, not {type(text).__name__}: {text!r}.")
    if problem := _problem_of_path(text) or _problem_of_parts(text.split("/")):
        raise _wrong_path(text, problem)
    parts: list[str] = []
    for part in text.split("/"):
        if part == ".." and not parts:
            raise _wrong_path(text, "leaves the artifact folder")
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return tuple(parts)


def _wrong_path(text: str, problem: str) -> InvalidValue:
    return InvalidValue(
        f"Artifact path {shown(text)} {problem}. "
        "Use a relative path with forward slashes, such as 'plots/loss.png'."
    )


def _problem_of_path(text: str) -> str | None:
    if not text:
        return "is empty"
    if "\0" in text:
        return "holds a NUL character"
    if "\\" in text:
        return "holds a backslash"
    if text.startswith("/") or DRIVE.match(text):
        return "is absolute"
    if os.name == "nt" and ":" in text:
        return "holds a colon, which names a hidden stream on Windows"
    return _problem_of_length(text, LONGEST_PATH)


def _problem_of_parts(parts: list[str]) -> str | None:
    for part in parts:
        if not part:
            return "has an empty part"
        if part.startswith(TEMPORARY):
            return f"uses {TEMPORARY!r}, which begins the names of unfinished files"
        if problem := _problem_of_length(part, LONGEST_NAME):
            return problem
    return None


def _problem_of_length(text: str, longest: int) -> str | None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        return "is not valid Unicode"
    return f"has {size} bytes where {longest} is the most" if size > longest else None


def shown(text: str) -> str:
    """*text* quoted for an error message, cut where nobody reads on."""
    return repr(text if len(text) <= 200 else text[:199] + "…")


def stays_within(path: Path, folder: Path) -> bool:
    """Whether *path* is inside *folder* once every symlink is followed."""
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # a symlink that leads to itself
        return False


def is_folder(location: str) -> bool:
    """Whether it names one of this machine."""
    scheme = SCHEME.match(location)
    return scheme is None or scheme[1].lower() == "file"


def folder_of(artifact_uri: str) -> Path:
    """The folder that a plain path or a `file:` URI names."""
    if not artifact_uri or "\0" in artifact_uri:
        raise InvalidValue(f"Artifact location {artifact_uri!r} names no folder.")
    scheme = SCHEME.match(artifact_uri)
    if scheme is None:
        return Path(artifact_uri)
    if scheme[1].lower() != "file":
        # Only the scheme is shown: the rest of such a URI may hold a password.
        raise InvalidValue(
            f"Artifacts cannot be kept at a {scheme[1]}: location. "
            "Supported are a folder path and a file: URI."
        )
    return _folder_of_file_uri(artifact_uri)


def below_uri(artifact_uri: str, path: str) -> str:
    """The place *path* in it; of an address with ? or #, before these."""
    # A folder may have a # in its name.
    mark = None if is_folder(artifact_uri) else re.search("[?#]", artifact_uri)
    end = len(artifact_uri) if mark is None else mark.start()
    return f"{artifact_uri[:end].rstrip('/')}/{path}{artifact_uri[end:]}"


def lasting_location(artifact_uri: str) -> str:
    """*artifact_uri*, absolute if it is a folder: a later `%cd` does not move it.

    A place of another kind stays as it is.
    """
    scheme = SCHEME.match(artifact_uri)
    if scheme is not None and scheme[1].lower() != "file":
        return artifact_uri
    folder = folder_of(artifact_uri)
    return artifact_uri if folder.is_absolute() else os.path.abspath(folder)


def _folder_of_file_uri(uri: str) -> Path:
    """RFC 8089: `file:/a`, `file:///a`, `file://localhost/a`; on Windows also `file:///C:/a`."""
    from urllib.parse import unquote

    path = unquote(uri[len("file:") :], errors="surrogateescape")
    if path.startswith("//"):
        host, _, rest = path[2:].partition("/")
        if host not in ("", "localhost") and os.name != "nt":
            raise InvalidValue(
                f"Artifact location {shown(uri)} is on another machine ({host!r}). "
                "Mount that folder and use its local path; file:///folder has three slashes."
            )
        path = f"//{host}/{rest}" if host not in ("", "localhost") else f"/{rest}"
    if DRIVE.match(path[1:]):
        path = path[1:]
    if not path or "\0" in path:
        raise InvalidValue(f"Artifact location {shown(uri)} names no folder.")
    return Path(path)
