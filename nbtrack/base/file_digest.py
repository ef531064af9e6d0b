"""The digest of what a file holds."""

from __future__ import annotations

import hashlib
import os


def sha256_of(file: str | os.PathLike[str]) -> str:
    """Read afresh, to its end. Raises OSError."""
    with open(file, "rb", buffering=0) as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
