"""Take secrets out of texts that are kept: addresses, and lines of source."""

from __future__ import annotations

import re

MASK = "***"

_USER_INFO = re.compile(r"^([\w+.-]+://)[^/?#]*@")
_SCP_PASSWORD = re.compile(r"^([^/@:]+):[^/@]*@(?=[^/]+:)")
# Bounded repeats: on a long line of minified code, open ones take quadratic time.
_SECRET = (
    r"(?:[\w.-]{0,40}(?:token|secret|passw(?:or)?d|passphrase|credential|(?:api|access|private)_?key)"
    r"s?(?:[_-][\w-]{0,40}|key|value)?|(?:[\w.-]{0,40}[_-])?key)(?!\w)"
)
_QUERY_VALUE = re.compile(rf"([?&](?:{_SECRET}|[\w-]{{0,40}}sig(?:nature)?)=)[^&#]*", re.IGNORECASE)
# name = "value", name: str = "value", {"name": "value"}, f(name="value"), d["name"] = "value"
_QUOTED = re.compile(
    rf"(\b{_SECRET}['\"]?\]?\s{{0,9}}(?::\s{{0,9}}\w{{1,40}}\s{{0,9}})?[:=]\s{{0,9}}[rbfu]{{0,2}})"
    r"(['\"])(?!\2)[^\n]{0,9999}?\2",
    re.IGNORECASE,
)
# NAME=value, as in .env files and shell scripts
_SHELL = re.compile(
    r"^([ +-]?\s*(?:export\s+)?[A-Z0-9_]*(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD)[A-Z0-9_]*=)"
    r"[^\s'\"]+$",
    re.MULTILINE,
)


def without_credentials(url: str) -> str:
    """*url* without user, password and the values of query fields that look like secrets."""
    url = _USER_INFO.sub(r"\1", url)
    url = _SCP_PASSWORD.sub(r"\1@", url)
    return _QUERY_VALUE.sub(rf"\1{MASK}", url)


def mask_secrets(text: str) -> str:
    """*text* with the literals masked that are given to names such as token or password.

    A line at a time, so that it works on diffs and on files that are no Python.
    """
    return _SHELL.sub(rf"\1{MASK}", _QUOTED.sub(rf"\1\2{MASK}\2", text))
