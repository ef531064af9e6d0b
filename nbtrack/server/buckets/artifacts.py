"""Files of a run, model or version whose contents are in a bucket.

Which path has which content, the records say (`Kept`); so a listing asks the bucket nothing new,
and a file that is logged again, or removed, leaves contents that others may have as they are. What
code of the server wants to open as a file is fetched into the folder, and fetched again when it is
another one.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

from nbtrack.artifact_store.local import LocalArtifacts
from nbtrack.artifact_store.paths import TEMPORARY, artifact_parts, shown
from nbtrack.artifact_store.sources import checked_file
from nbtrack.artifact_store.staging import chunks_of
from nbtrack.artifact_store.store import Files
from nbtrack.base.locks import make_shared_folder
from nbtrack.base.nearest import did_you_mean
from nbtrack.errors import ArtifactNotFound, InvalidValue, OtherBytes
from nbtrack.records.runs import FileInfo
from nbtrack.remote.fetched import Fetched
from nbtrack.server.buckets.bucket import Bucket


class Content(NamedTuple):
    sha256: str
    size: int | None = None  # in bytes; None: the bucket knows


class Kept(Protocol):
    """The records of one folder of files."""

    def contents(self) -> Mapping[str, Content]:
        """By path, of all that was logged and not removed."""

    def adopt(self, contents: Mapping[str, Content]) -> None:
        """They are what the folder has, all of it."""

    def prove(self, sha256: str) -> None:
        """All of it was sent for this folder: see `Unproved`."""

    def is_proved(self, sha256: str) -> bool:
        """Nobody has to send it before it is here."""


class BucketArtifacts(LocalArtifacts):
    """*folder* is where files are fetched to, *spool* where they come together, *notes* what
    tells fetched ones from those that were there before there was a bucket."""

    def __init__(
        self,
        folder: Path,
        *,
        run_id: str | None,
        bucket: Bucket,
        kept: Kept,
        spool: Path,
        notes: Path,
    ) -> None:
        super().__init__(folder, run_id=run_id)
        self._bucket, self._kept, self._spool = bucket, kept, spool
        self._fetched = Fetched(self.folder, notes)

    # --- writing

    def write(
        self, path: str, data: bytes | Iterable[bytes], *, sha256: str | None = None
    ) -> FileInfo:
        name = self.check_path(path)
        with self._spooled([data] if isinstance(data, bytes) else data) as (file, content):
            if sha256 not in (None, content.sha256):
                raise OtherBytes
            self._bucket.put(content.sha256, file)
            self._kept.prove(content.sha256)
        return _info(name, content)

    def write_all(self, files: Mapping[str, bytes | Path]) -> Files:
        named = {self.check_path(path): content for path, content in files.items()}
        return [self._write_one(path, content) for path, content in named.items()]

    def link_all(self, files: Mapping[str, Path]) -> None:
        self.write_all(files)

    def _write_one(self, path: str, content: bytes | Path) -> FileInfo:
        pieces = [content] if isinstance(content, bytes) else chunks_of(checked_file(content))
        return self.write(path, pieces)

    def _copy(self, sources: Sequence[tuple[str, Path]]) -> Files:
        return self.write_all({path: file for path, file in sources if not file.is_dir()})

    @contextmanager
    def _spooled(self, pieces: Iterable[bytes]) -> Iterator[tuple[Path, Content]]:
        """On the disk for as long as the block runs: nobody holds a file in memory."""
        make_shared_folder(self._spool)
        file, digest, size = self._spool / f"{TEMPORARY}{os.urandom(8).hex()}", hashlib.sha256(), 0
        try:
            with open(file, "xb", buffering=0) as opened:
                for piece in pieces:
                    digest.update(piece)
                    size += opened.write(piece)
            yield file, Content(digest.hexdigest(), size)
        finally:
            file.unlink(missing_ok=True)

    def check_path(self, path: str) -> str:
        """As it is kept. Raises InvalidValue for one outside, of a folder, or below a file."""
        parts, known = artifact_parts(path), self._kept.contents()
        name = "/".join(parts)
        if not parts or any(each.startswith(f"{name}/") for each in known):
            raise InvalidValue(f"Artifact path {shown(path)} names a folder; add a file name.")
        above = ("/".join(parts[:end]) for end in range(1, len(parts)))
        if (file := next((each for each in above if each in known), None)) is not None:
            raise InvalidValue(
                f"Artifact path {shown(path)} goes through {shown(file)}, which is a file."
            )
        return name

    # --- what goes between clients and the bucket by itself

    def has_content(self, sha256: str) -> bool:
        return self._kept.is_proved(sha256) and not self._bucket.needs(sha256)

    def has_own_content(self, sha256: str) -> bool:
        """In one of its files, too."""
        own = {each.sha256 for each in self._kept.contents().values()}
        return sha256 in own and self.has_content(sha256)

    def signed_upload(self) -> dict[str, str]:
        token, address = self._bucket.signed_upload()
        return {"token": token, "address": address}

    def take(self, token: str, sha256: str) -> None:
        """What was sent with *token*. Raises OtherBytes, InvalidValue."""
        self._bucket.take(token, sha256)
        self._kept.prove(sha256)

    def signed_download(self, content: Content) -> str:
        return self._bucket.signed_download(content.sha256)

    # --- a folder that was moved here

    def adopt(self) -> None:
        """What is in the folder is its content from now on."""
        found = {file.path: self._taken(file.path) for file in super().walk()}
        self._kept.adopt(found)
        for path, content in found.items():
            self._fetched.note(path, content.sha256)

    def _taken(self, path: str) -> Content:
        content = Content(super().sha256(path), (self.folder / path).stat().st_size)
        self._bucket.put(content.sha256, self.folder / path)
        return content

    # --- looking

    def list(self, path: str | None = None) -> Files:
        found: dict[str, FileInfo] = {}
        start = _start(path)
        for file in self.walk(path):
            first, slash, _ = file.path[len(start) :].partition("/")
            name = start + first
            found[name] = FileInfo(name, is_dir=True, file_size=None) if slash else file
        return [found[name] for name in sorted(found)]

    def walk(self, path: str | None = None) -> Iterator[FileInfo]:
        start, known = _start(path), self._kept.contents()
        found = {name: known[name] for name in sorted(known) if name.startswith(start)}
        self._bucket.look_up(content.sha256 for content in found.values())
        for name, content in found.items():
            if self._is_here(name, content):
                yield _info(name, self._sized(content))

    def has(self, path: str) -> bool:
        name = _normal(path)
        found = self._kept.contents().get(name)
        if found is not None:
            return self._is_here(name, found)
        return any(True for _ in self.walk(name))

    def content_of(self, path: str) -> Content | None:
        """Of a file whose content is in the bucket; None: it is only in the folder. Raises
        ArtifactNotFound if it is neither, InvalidValue for a folder."""
        name, known = _normal(path), self._kept.contents()
        found = known.get(name)
        if found is None and any(each.startswith(_start(name)) for each in known):
            raise InvalidValue(f"Artifact {shown(path)} is a folder. Name a file in it.")
        if found is None or not self._is_here(name, found):
            raise ArtifactNotFound(path, self._run_id, did_you_mean(path, iter(known)))
        return self._sized(found) if self._bucket.has(found.sha256) else None

    def pieces(self, content: Content, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        return self._bucket.pieces(content.sha256, start, end)

    def _is_here(self, name: str, content: Content) -> bool:
        """One that a client has told of may be on its way; one that is in the folder alone was
        there before there was a bucket."""
        return self._bucket.has(content.sha256) or self._is_own(name)

    def _is_own(self, name: str) -> bool:
        return super().has(name) and self._fetched.sha256(name) is None

    def _sized(self, content: Content) -> Content:
        if content.size is not None or not self._bucket.has(content.sha256):
            return content
        return content._replace(size=self._bucket.size(content.sha256))

    # --- reading

    def read(self, path: str) -> bytes:
        content = self.content_of(path)
        return super().read(path) if content is None else b"".join(self.pieces(content))

    def sha256(self, path: str) -> str:
        content = self.content_of(path)
        return super().sha256(path) if content is None else self._bucket.digest(content.sha256)

    def path_of(self, path: str | None = None) -> Path:
        self._fetch(path)
        return super().path_of(path)

    def _fetch(self, path: str | None) -> None:
        """A file, or all in a folder: what the folder has then is what the records say."""
        name = _normal(path)
        known, start = self._kept.contents(), _start(name)
        wanted = {
            each: content
            for each, content in known.items()
            if (each == name or each.startswith(start)) and self._bucket.has(content.sha256)
        }
        for each, content in wanted.items():
            if self._fetched.sha256(each) != content.sha256:
                super().write(each, self.pieces(content), sha256=content.sha256)
                self._fetched.note(each, content.sha256)
        self._drop_old(name, known)

    def _drop_old(self, name: str, known: Mapping[str, Content]) -> None:
        for file in [*super().walk(name or None)]:
            if file.path not in known and self._fetched.sha256(file.path) is not None:
                (self.folder / file.path).unlink(missing_ok=True)

    def delete(self, path: str | None = None) -> None:
        """What was fetched; its content stays, for others may have it."""
        if path is not None and not self.has(path):
            raise ArtifactNotFound(path, self._run_id, "")
        if path is None or super().has(path):
            super().delete(path)


def _info(name: str, content: Content) -> FileInfo:
    return FileInfo(path=name, is_dir=False, file_size=content.size, sha256=content.sha256)


def _normal(path: str | None) -> str:
    return "/".join(artifact_parts(path.rstrip("/") or path)) if path else ""


def _start(folder: str | None) -> str:
    name = _normal(folder)
    return f"{name}/" if name else ""
