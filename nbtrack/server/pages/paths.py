"""Which paths of a server are pages for people; no path of the protocols is."""

from __future__ import annotations

import re

_PATHS = re.compile(r"/(?:page\.(?:js|css)|login|logout|runs|models(?:/[^/]*)?)?")


def is_page(path: str) -> bool:
    """These ask themselves who comes, and are not for programs."""
    return _PATHS.fullmatch(path) is not None
