"""Take secrets out of what is kept besides cells: params, notes, addresses, diffs of files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from nbtrack.capture.secret_literals import MASK
from nbtrack.capture.secret_names import is_secret_name
from nbtrack.capture.secret_shapes import mask_assignments, mask_code, mask_shapes
from nbtrack.capture.secrets import mask_secrets

MAX_LINE_CHARACTERS = 2000

# Azure has a container before the @: without it the address is another one.
_USER_INFO = re.compile(r"^((?!wasbs?:|abfss?:)[\w+.-]+://)[^/?#]*@")
_SCP_PASSWORD = re.compile(r"^([^/@:]+):[^/@]*@(?=[^/]+:)")
_QUERY_FIELD = re.compile(r"([?&])([^=&#]*)=([^&#]*)")

# Files in which a value stands without quotes: there a bare word is no variable.
_PLAIN_VALUES = (".env", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".properties", ".sh")
_SHELL_ASSIGNMENT = re.compile(r"[ +-]?\s*(?:export\s+)?[A-Z0-9_]+=\S+$")


def without_credentials(url: str) -> str:
    """*url* without user, password and the values of query fields that look like secrets."""
    url = _USER_INFO.sub(r"\1", url)
    url = _SCP_PASSWORD.sub(r"\1@", url)
    return _QUERY_FIELD.sub(_masked_field, url)


def holds_secret(name: str, value: object) -> bool:
    """Whether the source of a cell is stored with *value* masked where *name* is given it."""
    if is_secret_name(name):
        return True
    if value is None or isinstance(value, bool | int | float | complex):
        return False
    written = f"value = {value!r}"
    return mask_secrets(written) != written


def mask_text(text: str) -> str:
    """Free text: names and notes that the user gives."""
    return mask_shapes(mask_assignments(text))


def mask_diff(diff: str) -> str:
    """*diff* with secrets masked, and without lines that are too long to have been typed."""
    # Line by line, so that other threads get their turn in between: a regular expression keeps
    # the interpreter to itself until it is through.
    return "".join(_masked_lines(diff))


def _masked_field(field: re.Match[str]) -> str:
    mark, name, value = field.groups()
    is_secret = is_secret_name(name) or name.lower().endswith(("sig", "signature"))
    return f"{mark}{name}={MASK if is_secret else value}"


def _masked_lines(diff: str) -> Iterator[str]:
    mask: Callable[[str], str] = mask_code
    for line in diff.splitlines(keepends=True):
        if line.startswith("diff --git "):
            mask = _mask_for(line)
            yield line
        elif len(line) > MAX_LINE_CHARACTERS:
            yield f"{line[:1]}… {len(line)} characters left out …\n"
        else:
            is_shell = _SHELL_ASSIGNMENT.match(line) is not None
            yield mask_shapes((mask_assignments if is_shell else mask)(line))


def _mask_for(header: str) -> Callable[[str], str]:
    """How to read a file, by the end of its name in a line `diff --git a/x.py b/x.py`."""
    name = header.rstrip().rstrip('"').rpartition("/")[2]
    is_plain = name.endswith(_PLAIN_VALUES) or name.startswith(".env")
    return mask_assignments if is_plain else mask_code
