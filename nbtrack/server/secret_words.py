"""Tokens and passwords: made, and known again by what is kept of them, which is no way back."""

from __future__ import annotations

import hashlib
import secrets
from hmac import compare_digest

_PREFIX = "nbt_"  # by which tools that look for secrets in files find one
_ROUNDS, _BLOCK, _LANES = 2**14, 8, 1  # of scrypt: 16 MiB and about 50 ms
_SALT_BYTES = 16


def new_token() -> str:
    return _PREFIX + secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """Nobody guesses 256 random bits: there is nothing that a slow hash would protect."""
    return hashlib.sha256(token.encode()).hexdigest()


def hashed(password: str, salt: bytes | None = None) -> str:
    salt = salt or secrets.token_bytes(_SALT_BYTES)
    key = hashlib.scrypt(password.encode(), salt=salt, n=_ROUNDS, r=_BLOCK, p=_LANES)
    return f"{salt.hex()}:{key.hex()}"


def is_password(password: str, kept: str) -> bool:
    return compare_digest(hashed(password, bytes.fromhex(kept.partition(":")[0])), kept)
