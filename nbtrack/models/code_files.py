"""The user's own modules that a model keeps (`code_paths`), made importable when it is loaded."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nbtrack.base.guard import warn


def make_code_importable(folder: Path, config: Mapping[str, Any]) -> None:
    """Put the code folder that *config*, of a flavour, names first on sys.path.

    As a copy without caches: a .pyc file beside a source can hold anything, and is not checked.
    """
    code = config.get("code")
    if not code:
        return
    copy = _copied(folder / str(code))
    sys.path.insert(0, str(copy))
    if others := sorted(_loaded_from_elsewhere(copy)):
        warn(
            f"nbtrack: the model in {str(folder)!r} brings its own {', '.join(others)}, but other "
            "code of that name is loaded here already, and it will run with that. Load it in a "
            "fresh process to run it as it was."
        )


def _copied(code: Path) -> Path:
    import atexit
    import shutil
    import tempfile

    copy = tempfile.mkdtemp(prefix="nbtrack-code-")
    atexit.register(shutil.rmtree, copy, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(code, copy, dirs_exist_ok=True, ignore=ignored))


def _loaded_from_elsewhere(code: Path) -> Iterator[str]:
    """Names of modules in *code* that are loaded already, from a file of another content."""
    for source in code.rglob("*.py"):
        parts = source.relative_to(code).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        file = getattr(sys.modules.get(name), "__file__", None)
        if file is not None and not _has_content(Path(file), source.read_bytes()):
            yield name


def _has_content(file: Path, content: bytes) -> bool:
    try:
        return file.read_bytes() == content
    except OSError:
        return False
