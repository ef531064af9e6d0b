"""Who comes in: the user whose token or password a request brings."""

from __future__ import annotations

import binascii
import hmac
import secrets
from base64 import b64decode
from typing import NamedTuple

from nbtrack.errors import NotIdentified, TooManyAttempts
from nbtrack.server.attempts import Attempts
from nbtrack.server.secret_words import hashed, is_password
from nbtrack.server.users import User, Users

_MOST_REMEMBERED = 1000


class Told(NamedTuple):
    """What a request says of who sends it; *name* is None where it says a token alone."""

    name: str | None
    secret: str


class Door:
    """With *is_open*, nobody has to say who he is until there are users."""

    def __init__(self, users: Users, *, is_open: bool) -> None:
        self._users, self._is_open = users, is_open
        self._attempts = Attempts()
        self._key = secrets.token_bytes(32)  # remembered passwords are no use to another process
        self._right: set[bytes] = set()
        self._nobodys = hashed(secrets.token_hex())

    @property
    def asks_nobody(self) -> bool:
        return self._is_open and not self._users.were_made

    def who(self, authorization: str | None, address: str) -> User | None:
        """None: nobody has to say. Raises NotIdentified, TooManyAttempts."""
        users = self._users.all()
        if self.asks_nobody:
            return None
        told = told_by(authorization)
        owners = [user for user in users.values() if user.has_token(told.secret)]
        if owners and told.name in (None, owners[0].name):
            return owners[0]
        if told.name is None:  # and nobody guesses one: there is nothing to count
            raise NotIdentified("The token is not one of this server's, or is revoked.")
        user = users.get(told.name)
        if user is not None and self._remembered(user, told.secret) in self._right:
            return user
        return self._tried(user, told.name, told.secret, address)

    def _tried(self, user: User | None, name: str, password: str, address: str) -> User:
        whose = f"user {name}", f"address {address}"
        if wait := self._attempts.begin(*whose):
            raise TooManyAttempts(wait)
        kept = user.password if user is not None else None
        # As long for a user who is not there: nobody learns who is.
        is_right = is_password(password, kept or self._nobodys)
        if user is None or kept is None or not is_right:
            raise NotIdentified("The user and the password, or the token, are not right.")
        self._attempts.forgive(*whose)
        self._remember(user, password)
        return user

    def _remember(self, user: User, password: str) -> None:
        """Checking one takes long, and clients send it with every request."""
        if len(self._right) >= _MOST_REMEMBERED:
            self._right.clear()
        self._right.add(self._remembered(user, password))

    def _remembered(self, user: User, password: str) -> bytes:
        text = f"{user.name}\0{user.password}\0{password}"  # a new password is another one
        return hmac.digest(self._key, text.encode(), "sha256")


def told_by(authorization: str | None) -> Told:
    """Raises NotIdentified if it says nothing."""
    scheme, _, rest = (authorization or "").strip().partition(" ")
    if scheme.lower() == "bearer" and rest:
        return Told(None, rest.strip())
    if scheme.lower() == "basic":
        try:
            name, colon, secret = b64decode(rest, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            colon = ""
        if colon and secret:
            return Told(name, secret)
    raise NotIdentified(
        "Say who you are: with a token in MLFLOW_TRACKING_TOKEN, or with MLFLOW_TRACKING_USERNAME "
        "and MLFLOW_TRACKING_PASSWORD. `nbtrack server user add` makes users."
    )
