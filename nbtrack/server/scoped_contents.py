"""Texts and environments in lines of who may not log to all: everybody's under their digest, and so
nobody may say that one is what it is not.

A module with a secret is kept without it, under the digest of the file. Such a line stays in its
journal, as long as it was, but under a key that nobody asks for: refused, it would hold up all that
waits behind it.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from typing import Any

from nbtrack.capture import environment
from nbtrack.errors import NotAllowed
from nbtrack.records.executions import CONTENT_KEY
from nbtrack.remote.protocol import MOST_BYTES

_ASIDE = b"kept:"
_FILES = ("artifact", "modelvalue")
_SAID = re.compile(rb'\{"k":"(?:text|environment)","n":"([0-9a-f]{64})"')


def check_content(line: bytes, told: dict[str, Any]) -> None:
    """Raises NotAllowed for a line of a text, an environment or a file that is not written as ours
    are: others look for those."""
    if told["k"] in _FILES:
        if not line.startswith(b'{"k":"%s",' % told["k"].encode()):
            raise NotAllowed("A line of a file is written in another way than ours.")
        return
    is_of_data = told["k"] == "text" and str(told["n"]).startswith(CONTENT_KEY)
    if not is_of_data and not _SAID.match(line):
        raise NotAllowed(f"{told['n']!r:.80} is no digest of a {told['k']}.")


def set_apart(body: bytes) -> tuple[bytes, bytes]:
    """Lines in which no digest is of something else, as they are sent and as they are; their
    lengths are the same."""
    text = zlib.decompressobj().decompress(body, 2 * MOST_BYTES)
    kept = b"\n".join([_set_apart(line) for line in text.split(b"\n")])
    return body if kept == text else zlib.compress(kept, level=1), kept


def _set_apart(line: bytes) -> bytes:
    said = _SAID.match(line)
    if said is None or _is_so(json.loads(line.decode()), said[1].decode()):
        return line
    start, end = said.span(1)
    return line[:start] + (_ASIDE + said[1])[: end - start] + line[end:]


def _is_so(told: dict[str, Any], digest: str) -> bool:
    try:
        if told["k"] == "environment":
            return environment.digest_of(told.get("x") or {}) == digest
        text = told["v"].encode("utf-8", "surrogatepass")
        return hashlib.sha256(text).hexdigest() == digest
    except (KeyError, AttributeError, ValueError, RecursionError):
        return False
