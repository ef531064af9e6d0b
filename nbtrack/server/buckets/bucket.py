"""A bucket, as the server sees it: contents by their digest, and few small notes by name.

    <prefix>/blobs/<the first two digits>/<sha256>   a content, which never changes
    <prefix>/copies/<place>.json                     which files a registered version has
    <prefix>/doomed/<sha256>                         nothing needed it when `nbtrack gc` looked: it
                                                     goes a day later, if that is so still
    <prefix>/project.json                            whose it is: `nbtrack gc` of others keeps off
    <prefix>/clock/now                               when it was written last: the store's own time
    <prefix>/incoming/<random>                       sent by a client, and not looked at yet
    <prefix>/checking/<random>                       the same, where no client can reach it

Who we are for the store, and where that is, only the usual variables say: AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL, AWS_REGION. No message of ours repeats them.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from nbtrack.errors import BucketAway, InvalidValue, OtherBytes, StoreError, require

EXTRA = "server"
PIECE_BYTES = 8 << 20  # of one request for a part of a content
SIGNED = timedelta(minutes=15)  # for so long a signed address is good to begin with
LEFT = timedelta(days=1)  # older ones that came in are nobody's
LOOK_SECONDS = 60.0
_CLOCK = "clock/now"
_ADDRESS = re.compile(r"s3://[^/\s?#@]+(/[^?#]*)?", re.IGNORECASE)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_TOKEN = re.compile(r"[0-9a-f]{32}")
_OPTIONS: Mapping[str, Any] = {
    "client_options": {
        "allow_http": True,  # of a store in the same network; the address says which it is
        "connect_timeout": timedelta(seconds=5),
        "timeout": timedelta(seconds=60),  # of one request, of PIECE_BYTES at the most
    },
    "retry_config": {"max_retries": 2, "retry_timeout": timedelta(seconds=10)},
}


def is_bucket(location: str) -> bool:
    return location.lower().startswith("s3://")


class StoredObject(NamedTuple):
    name: str  # without its folder
    size: int  # in bytes
    age: timedelta


class Bucket:
    """At *address*, s3://bucket/prefix. Raises InvalidValue for another one, MissingExtra without
    obstore; each method BucketAway if the store does not answer, StoreError if it refuses."""

    def __init__(self, address: str) -> None:
        if not _ADDRESS.fullmatch(address):
            raise InvalidValue(
                f"--artifacts {_without_secrets(address)!r}: write s3://bucket/prefix. Who you are "
                "is said by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, where it is by "
                "AWS_ENDPOINT_URL."
            )
        require("obstore", extra=EXTRA)
        import obstore.store

        self.address = address.rstrip("/")
        self._store = obstore.store.S3Store.from_url(self.address, **_OPTIONS)
        self._known: dict[str, float] = {}  # contents that were there, by the monotonic clock
        self._doomed: set[str] = set()
        self._looked_at = -LOOK_SECONDS

    def check(self) -> None:
        """Whether it is there, and is ours to use."""
        import obstore

        with self._told("looked into"):
            obstore.list_with_delimiter(self._store, "checking")

    def has(self, sha256: str) -> bool:
        if self._is_known(sha256):
            return True
        with self._told("looked into"):
            if is_there := self._has_object(_name(sha256)):
                self._note_known(sha256)
        return is_there

    def look_up(self, digests: Iterable[str]) -> None:
        """Several at once, so that `has` need not ask one by one."""
        unknown = {each for each in digests if not self._is_known(each)}
        if len(unknown) > 1:
            with ThreadPoolExecutor(16, thread_name_prefix="nbtrack-bucket") as threads:
                for _ in threads.map(self.has, unknown):
                    pass

    def size(self, sha256: str) -> int:
        """Of a content that is there."""
        import obstore

        with self._told("looked into"):
            return int(obstore.head(self._store, _name(sha256))["size"])

    def needs(self, sha256: str) -> bool:
        """Whether it is to be sent: it is not there, or will not be for long."""
        with self._told("looked into"):
            return not self._has_object(_name(sha256)) or sha256 in self._doomed_lately()

    def put(self, sha256: str, file: Path) -> None:
        """Whole or not at all; what is there already is not sent again."""
        import obstore

        if self.needs(sha256):
            self.spare([sha256])  # first: what is marked may go
            with self._told("written"):
                obstore.put(
                    self._store, _name(sha256), file, chunk_size=PIECE_BYTES, max_concurrency=4
                )
            self._note_kept(sha256)

    def pieces(self, sha256: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """From byte *start* up to *end*; a whole one is StoreError, at its last piece, if it is
        not what it should be."""
        size = self.size(sha256)
        found = self._ranges(_name(sha256), start, size if end is None else min(end, size))
        return _checked(found, sha256) if (start, end) == (0, None) else found

    def digest(self, sha256: str) -> str:
        """Of what is there as that content, read afresh."""
        return self._digest_of(_name(sha256))

    def _ranges(self, name: str, start: int, end: int) -> Iterator[bytes]:
        import obstore

        for place in range(start, end, PIECE_BYTES):
            limit = min(place + PIECE_BYTES, end)
            with self._told("read"):
                piece = bytes(obstore.get_range(self._store, name, start=place, end=limit))
            yield piece

    def _digest_of(self, name: str) -> str:
        import obstore

        digest = hashlib.sha256()
        with self._told("read"):
            size = int(obstore.head(self._store, name)["size"])
        for piece in self._ranges(name, 0, size):
            digest.update(piece)
        return digest.hexdigest()

    # --- notes

    def write_note(self, name: str, told: object) -> None:
        import obstore

        with self._told("written"):
            obstore.put(self._store, name, json.dumps(told).encode())

    def create_note(self, name: str, told: object) -> Any:
        """What the note says from now on: this, or what it said already. Of several that make it at
        once one does, where the store knows conditions; elsewhere the last one."""
        import obstore
        from obstore import exceptions

        written = json.dumps(told).encode()
        with self._told("written"), suppress(exceptions.AlreadyExistsError):
            try:
                obstore.put(self._store, name, written, mode="create")
            except exceptions.BaseError as exc:
                if "501 Not Implemented" not in str(exc):  # no class of errors says it
                    raise
                obstore.put(self._store, name, written)
        return self.read_note(name)

    def read_note(self, name: str) -> Any:
        """None if there is none."""
        import obstore

        with self._told("read"), suppress(FileNotFoundError):
            return json.loads(bytes(obstore.get(self._store, name).bytes()))
        return None

    # --- straight to clients and from them

    def signed_download(self, sha256: str) -> str:
        import obstore

        return str(obstore.sign(self._store, "GET", _name(sha256), SIGNED))

    def signed_upload(self) -> tuple[str, str]:
        """A token, and the address of a place that nothing reads before it is checked."""
        import obstore

        token = os.urandom(16).hex()
        return token, str(obstore.sign(self._store, "PUT", f"incoming/{token}", SIGNED))

    def take(self, token: str, sha256: str) -> None:
        """What a client has put there becomes a content. Raises OtherBytes if it is another one,
        InvalidValue if there is none.

        It is looked at where the client's address does not reach: it would be good for a second
        upload, between the look and the copy.
        """
        import obstore

        if not _TOKEN.fullmatch(token):
            raise InvalidValue(f"{token!r:.80} is no token of an upload.")
        incoming, checking = f"incoming/{token}", f"checking/{os.urandom(16).hex()}"
        with self._told("written"):
            try:
                obstore.copy(self._store, incoming, checking)
            except FileNotFoundError:
                raise InvalidValue("Nothing was uploaded with this token.") from None
            try:
                if self._digest_of(checking) != sha256:
                    raise OtherBytes
                self.spare([sha256])  # first: what is marked may go
                obstore.copy(self._store, checking, _name(sha256))
            finally:
                obstore.delete(self._store, [incoming, checking])
        self._note_kept(sha256)

    def sweep(self) -> None:
        """Take away what came in and was left, by clients that were killed."""
        import obstore

        before = self._now() - LEFT
        with self._told("swept"):
            for folder in ("incoming", "checking"):
                for found in obstore.list(self._store, folder):
                    left = [each["path"] for each in found if each["last_modified"] < before]
                    obstore.delete(self._store, left)

    # --- what nothing needs any more

    def contents(self) -> Iterator[StoredObject]:
        """All that are here, by their digests."""
        return self._objects("blobs")

    def doomed(self) -> Iterator[StoredObject]:
        """Marks, by the digests of contents; their age is since they were made."""
        return self._objects("doomed")

    def doom(self, digests: Iterable[str]) -> None:
        import obstore

        with self._told("written"):
            for sha256 in digests:
                obstore.put(self._store, f"doomed/{sha256}", b"")

    def spare(self, digests: Iterable[str]) -> None:
        """Take back what `doom` did."""
        self._delete(f"doomed/{sha256}" for sha256 in digests)

    def remove(self, digests: Iterable[str]) -> None:
        """For good; the marks last: who is killed goes on the next time."""
        gone = list(digests)
        for sha256 in gone:
            self._known.pop(sha256, None)
        self._delete(map(_name, gone))
        self.spare(gone)

    def is_doomed(self, sha256: str) -> bool:
        """Marked still, and not sent again since."""
        marked, sent = self._modified(f"doomed/{sha256}"), self._modified(_name(sha256))
        return marked is not None and (sent is None or sent <= marked)

    def notes(self, folder: str) -> list[str]:
        """Names of notes in *folder*, which it is below."""
        import obstore

        with self._told("looked into"):
            return [each["path"] for page in obstore.list(self._store, folder) for each in page]

    def remove_notes(self, names: Iterable[str]) -> None:
        self._delete(names)

    def _objects(self, folder: str) -> Iterator[StoredObject]:
        import obstore

        now = self._now()
        with self._told("looked into"):
            for page in obstore.list(self._store, folder):
                for each in page:
                    name = each["path"].rpartition("/")[2]
                    yield StoredObject(name, each["size"], now - each["last_modified"])

    def _now(self) -> datetime:
        """By the clock of the store, which dates what is in it: ours may be days off."""
        self.write_note(_CLOCK, None)
        return self._modified(_CLOCK) or datetime.now(UTC)

    def _modified(self, name: str) -> datetime | None:
        """None if it is not there."""
        import obstore

        with self._told("looked into"), suppress(FileNotFoundError):
            return obstore.head(self._store, name)["last_modified"]
        return None

    def _delete(self, names: Iterable[str]) -> None:
        import obstore

        with self._told("swept"), suppress(FileNotFoundError):
            if gone := list(names):
                obstore.delete(self._store, gone)

    def _doomed_lately(self) -> Set[str]:
        """As of a minute ago at the most: what is doomed goes a day later."""
        if time.monotonic() - self._looked_at > LOOK_SECONDS:
            self._looked_at = time.monotonic()
            self._doomed = {each.name for each in self.doomed()}
        return self._doomed

    def _note_kept(self, sha256: str) -> None:
        """It was sent just now."""
        self._doomed.discard(sha256)
        self._note_known(sha256)

    def _has_object(self, name: str) -> bool:
        import obstore

        try:
            obstore.head(self._store, name)
        except FileNotFoundError:
            return False
        return True

    def _note_known(self, sha256: str) -> None:
        if len(self._known) >= 1 << 20:  # 100 MB of them
            self._known.clear()
        self._known[sha256] = time.monotonic()

    def _is_known(self, sha256: str) -> bool:
        """As of a minute ago at the most: `nbtrack gc` is another process."""
        return time.monotonic() - self._known.get(sha256, -LOOK_SECONDS) < LOOK_SECONDS

    @contextmanager
    def _told(self, done: str) -> Iterator[None]:
        """Without what the store's own messages say: addresses, and who we are."""
        from obstore import exceptions

        refusals = (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError)
        try:
            yield
        except FileNotFoundError:
            raise StoreError(f"There is something missing in the bucket {self.address}.") from None
        except refusals:
            raise StoreError(
                f"The bucket {self.address} cannot be {done}: it refuses who we are. Look at "
                "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, and what they may do."
            ) from None
        except exceptions.BaseError as exc:
            if "NoSuchBucket" in str(exc):
                raise StoreError(f"There is no bucket {self.address}. Make it first.") from None
            raise BucketAway(
                f"The bucket {self.address} does not answer: try again in a while."
            ) from None


def _checked(pieces: Iterator[bytes], sha256: str) -> Iterator[bytes]:
    """The last one only if all are what they should be."""
    last, digest = b"", hashlib.sha256()
    for piece in pieces:
        if last:
            yield last
        last = piece
        digest.update(piece)
    if digest.hexdigest() != sha256:
        raise StoreError(f"The content {sha256} was changed in the bucket: it is another one.")
    yield last


def is_digest(sha256: str) -> bool:
    return _DIGEST.fullmatch(sha256) is not None


def _name(sha256: str) -> str:
    if not is_digest(sha256):
        raise InvalidValue(f"{sha256!r:.80} is no sha256.")
    return f"blobs/{sha256[:2]}/{sha256}"


def _without_secrets(address: str) -> str:
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
