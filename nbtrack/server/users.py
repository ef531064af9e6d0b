"""The users of a server and their tokens, in a file of the project that only its owner reads."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hmac import compare_digest
from pathlib import Path
from types import MappingProxyType

from nbtrack.base.locks import held
from nbtrack.errors import InvalidValue, NameTaken, NotFound, StoreBusy, StoreError
from nbtrack.server.grants import Grant
from nbtrack.server.roles import Role
from nbtrack.server.secret_words import digest_of, hashed, new_token

FOLDER = "server"  # in the project's
WAIT_SECONDS = 10.0
MOST_TOKENS = 100  # of a user: each is compared with each that comes in
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}")  # without what basic auth divides by


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    sha256: str
    made_at: str

    @property
    def id(self) -> str:
        """By which it is revoked."""
        return self.sha256[:8]


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    name: str
    role: Role | None  # for all; None: there are grants alone
    tokens: tuple[Token, ...] = ()
    password: str | None = None  # as `secret_words.hashed` keeps it
    grants: tuple[Grant, ...] = ()

    def may(self, needed: Role) -> bool:
        """Of everything."""
        return self.role is not None and self.role.may(needed)

    @property
    def title(self) -> str:
        """What he is."""
        words = [*([str(self.role)] if self.role else []), *map(str, self.grants)]
        return ", ".join(words) or "nothing yet"

    def has_token(self, token: str) -> bool:
        """However much of it is right, that takes as long."""
        digest = digest_of(token)
        return any([compare_digest(each.sha256, digest) for each in self.tokens])


class Users:
    """Of the project in *folder*. Read afresh when the file has changed: a server notices at
    once."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FOLDER / "users.json"
        self._read: tuple[object, Mapping[str, User]] = (None, MappingProxyType({}))

    def all(self) -> Mapping[str, User]:
        """By name. Raises StoreError rather than saying that there are none."""
        version = self._version()
        if version != self._read[0]:
            self._read = version, MappingProxyType(_read(self._file))
        return self._read[1]

    @property
    def were_made(self) -> bool:
        """Ever: whoever removes the last one does not open the door to everybody."""
        return self._version() is not None

    def add(
        self,
        name: str,
        role: Role | None,
        *,
        password: str | None = None,
        grants: Iterable[Grant] = (),
    ) -> str:
        """The token, which nobody can be told again. Raises InvalidValue, NameTaken."""
        if not _NAME.fullmatch(name):
            raise InvalidValue(
                f"{name!r:.120} is no name of a user: letters, digits and ._@+- are."
            )
        if password is not None and not password.strip():
            raise InvalidValue("The password is empty, and nobody could be kept out by it.")
        with self._changed() as users:
            if name in users:
                raise NameTaken(f"There is a user {name!r}; `token new` makes another token.")
            kept = None if password is None else hashed(password)
            made = User(name=name, role=role, password=kept, grants=tuple(grants))
            users[name], token = _with_token(made)
        return token

    def grant(self, name: str, grants: Iterable[Grant]) -> User:
        """In place of those of the same experiments and models. Raises NotFound."""
        new = {(each.kind, each.name): each for each in grants}
        with self._changed() as users:
            known = {(each.kind, each.name): each for each in _known(users, name).grants}
            users[name] = replace(users[name], grants=tuple((known | new).values()))
        return users[name]

    def take_back(self, name: str, places: Iterable[tuple[str, str]]) -> User:
        """The grants of these kinds and names. Raises NotFound."""
        gone = set(places)
        with self._changed() as users:
            had = _known(users, name).grants
            left = tuple(each for each in had if (each.kind, each.name) not in gone)
            if len(left) + len(gone) != len(had):
                raise NotFound(f"{name!r} has no such role; `user list` shows those he has.")
            users[name] = replace(users[name], grants=left)
        return users[name]

    def remove(self, name: str) -> None:
        """Raises NotFound."""
        with self._changed() as users:
            del users[_known(users, name).name]

    def new_token(self, name: str) -> str:
        """Beside those that there are. Raises NotFound, InvalidValue."""
        with self._changed() as users:
            users[name], token = _with_token(_known(users, name))
        return token

    def revoke(self, name: str, token_id: str) -> None:
        """Raises NotFound."""
        with self._changed() as users:
            user = _known(users, name)
            left = tuple(token for token in user.tokens if token.id != token_id)
            if left == user.tokens:
                raise NotFound(f"{name!r} has no token {token_id!r:.40}; `user list` shows them.")
            users[name] = replace(user, tokens=left)

    def _version(self) -> object:
        try:
            found = self._file.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    @contextmanager
    def _changed(self) -> Iterator[dict[str, User]]:
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with held(self._file.with_suffix(".lock"), wait_seconds=WAIT_SECONDS) as is_ours:
            if not is_ours:
                raise StoreBusy("Somebody else is changing the users. Try again.")
            users = _read(self._file)
            yield users
            _write(self._file, users)


def _with_token(user: User) -> tuple[User, str]:
    if len(user.tokens) >= MOST_TOKENS:
        raise InvalidValue(
            f"{user.name!r} has {MOST_TOKENS} tokens; revoke some that are not used."
        )
    token, now = new_token(), datetime.now(UTC).isoformat(timespec="seconds")
    kept = Token(sha256=digest_of(token), made_at=now)
    return replace(user, tokens=(*user.tokens, kept)), token


def _known(users: Mapping[str, User], name: str) -> User:
    if name not in users:
        raise NotFound(f"There is no user {name!r:.120}; `user list` shows them.")
    return users[name]


def _read(file: Path) -> dict[str, User]:
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        users = [_user(each) for each in told["users"]]
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError) as exc:
        raise StoreError(f"{file} has no users that can be read: {exc!r:.200}") from exc
    return {user.name: user for user in users}


def _user(told: Mapping[str, object]) -> User:
    role = told["role"]
    facts = dict(told) | {"role": None if role is None else Role(str(role))}
    grants: list[dict[str, str]] = list(told.get("grants") or ())  # type: ignore[call-overload]  # of JSON
    facts["grants"] = tuple(
        Grant(kind=each["kind"], name=each["name"], role=Role(each["role"])) for each in grants
    )
    facts["tokens"] = tuple(Token(**token) for token in told["tokens"])  # type: ignore[attr-defined]
    return User(**facts)  # type: ignore[arg-type]


def _write(file: Path, users: Mapping[str, User]) -> None:
    """Whole or not at all, and nobody else's to read at any time."""
    temporary = file.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    text = json.dumps({"users": [asdict(user) for user in users.values()]}, indent=1)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(descriptor)
    temporary.replace(file)
