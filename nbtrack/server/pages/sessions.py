"""Who has logged in with a browser: a cookie for each, known to this process alone."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from dataclasses import dataclass, replace

from nbtrack.errors import NotIdentified
from nbtrack.server.secret_words import digest_of
from nbtrack.server.users import User, Users

IDLE_SECONDS, LONGEST_SECONDS = 12 * 3600.0, 7 * 86_400.0
_MOST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """*proof* is what he logged in with: the digest of his token, or his password as it is kept."""

    name: str
    proof: str
    begun: float
    used: float


class Sessions:
    """Safe for several threads."""

    def __init__(self, users: Users) -> None:
        self._users = users
        self._lock = threading.Lock()
        self._known: dict[bytes, Session] = {}  # by the digest of the cookie

    def begin(self, user: User, secret: str) -> str:
        """The cookie of *user*, who has proved with *secret* that he is it."""
        proof = digest_of(secret) if user.has_token(secret) else str(user.password)
        cookie, now = secrets.token_urlsafe(32), time.monotonic()
        with self._lock:
            if len(self._known) >= _MOST:
                del self._known[min(self._known, key=lambda each: self._known[each].used)]
            self._known[_digest(cookie)] = Session(name=user.name, proof=proof, begun=now, used=now)
        return cookie

    def user(self, cookie: str) -> User:
        """As he is now. Raises NotIdentified for who is none any more, or may not come in as he
        did: his token was revoked, his password is another one. To be asked for is no use: see
        `use`."""
        now, key = time.monotonic(), _digest(cookie)
        with self._lock:
            found = self._known.get(key)
            if found is None or _is_over(found, now):
                self._known.pop(key, None)
                raise NotIdentified("Log in: nobody has with this browser, or it is long ago.")
        user = self._users.all().get(found.name)
        proofs = () if user is None else (user.password, *(each.sha256 for each in user.tokens))
        if user is None or found.proof not in proofs:
            self.end(cookie)
            raise NotIdentified("Log in again: what you logged in with is not valid any more.")
        return user

    def use(self, cookie: str) -> None:
        """Whoever has it has done something: a page that only lies open looks for news too."""
        with self._lock:
            if (found := self._known.get(key := _digest(cookie))) is not None:
                self._known[key] = replace(found, used=time.monotonic())

    def end(self, cookie: str) -> None:
        with self._lock:
            self._known.pop(_digest(cookie), None)


def _is_over(session: Session, now: float) -> bool:
    return now - session.used > IDLE_SECONDS or now - session.begun > LONGEST_SECONDS


def _digest(cookie: str) -> bytes:
    """No cookie is found by how long it takes to compare it."""
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).digest()
