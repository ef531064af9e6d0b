"""The pages' files, put together to what a panel gives to its page."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_PANELS = Path(__file__).parent.parent


@cache
def script(*names: str) -> str:
    """One module of these files; the last one is the entry, with the only `export default`."""
    return "\n".join(_text(name) for name in names)


@cache
def styles(*names: str) -> str:
    return "\n".join(_text(name) for name in names)


def _text(name: str) -> str:
    (file,) = _PANELS.glob(f"*/page/{name}")
    return file.read_text(encoding="utf-8")
