"""What names of a notebook hold, as digests: asked in the kernel, after each cell that runs again.

Of numbers, texts, arrays, frames, and plain containers of those: of other objects nobody can tell
from outside whether they are equal.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from functools import partial
from typing import Any

from nbtrack.base.guard import tried
from nbtrack.base.imported import is_instance
from nbtrack.capture.fingerprint import fingerprint_pandas
from nbtrack.capture.value_digest import ValueDigest


def value_digests(names: Iterable[str]) -> str:
    """JSON of the digests by name, of those that have one."""
    namespace = vars(sys.modules["__main__"])
    there = {name: namespace[name] for name in names if name in namespace}
    digests = {
        name: tried(partial(_digest, value), on_fault=_none) for name, value in there.items()
    }
    return json.dumps({name: digest for name, digest in digests.items() if digest})


def _digest(value: Any) -> str | None:
    if is_instance(value, "pandas", "DataFrame"):
        return fingerprint_pandas(value).digest
    if is_instance(value, "pandas", "Series"):
        return fingerprint_pandas(value.to_frame()).digest
    found = ValueDigest("")
    found.add_objects([value])
    return found.hexdigest() if found.is_whole else None


def _none(_fault: Exception) -> None:
    return None
