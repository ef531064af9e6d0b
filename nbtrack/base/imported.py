"""What libraries hold that the user has imported; none is imported to find out."""

from __future__ import annotations

import sys
from typing import Any


def imported(module: str, name: str) -> Any:
    """None if *module* is not imported, or not so far: it is in `sys.modules` from the beginning
    of its import, which may be at work in another thread."""
    return getattr(sys.modules.get(module), name, None)


def is_instance(value: Any, module: str, name: str) -> bool:
    """Whether *value* is of the class *name*, if its module was imported by anybody."""
    kind = imported(module, name)
    return isinstance(kind, type) and isinstance(value, kind)
