"""What changed in the code of a notebook; outputs, counts and metadata are left out."""

from __future__ import annotations

import json
from typing import Any

MAX_NOTEBOOK_BYTES = 32 << 20
MAX_CODE_CHARACTERS = 400_000  # comparing takes time that grows faster than the text


def code_diff(path: str, before: bytes, *, after: bytes) -> tuple[str, str | None]:
    """A unified diff of the code cells of two versions, and a note if it could not be made.

    Empty bytes stand for a version that does not exist.
    """
    if max(len(before), len(after)) > MAX_NOTEBOOK_BYTES:
        return "", f"{path} is too large to compare"
    try:
        old, new = _code(before), _code(after)
    except (ValueError, TypeError, AttributeError, KeyError):
        return "", f"{path} is no readable notebook"
    if len(old) + len(new) > MAX_CODE_CHARACTERS:
        return "", f"{path} has too much code to compare"
    return _unified(path, old, new=new), None


def _code(notebook: bytes) -> str:
    """The code cells as one text, each under a `# %%` line."""
    if not notebook.strip():
        return ""
    cells = json.loads(notebook)["cells"]
    return "".join(f"# %%\n{_source(c)}\n" for c in cells if c["cell_type"] == "code")


def _source(cell: dict[str, Any]) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def _unified(path: str, old: str, *, new: str) -> str:
    if old == new:
        return ""
    from difflib import unified_diff

    lines = unified_diff(
        old.splitlines(), new.splitlines(), f"a/{path}", f"b/{path}", "code cells", "code cells",
        lineterm="",
    )  # fmt: skip
    return "".join(f"{line}\n" for line in lines)
