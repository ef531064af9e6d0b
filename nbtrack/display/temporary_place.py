"""Words for a record that will not last."""

from __future__ import annotations

import tempfile
from pathlib import Path


def temporary_words(folder: Path) -> str:
    """Why *folder*, which `settings.is_temporary`, will be gone."""
    scratch = Path(tempfile.gettempdir()).resolve()
    if scratch in folder.resolve().parents:
        return f"temporary folder: the system may empty {scratch}"
    return "temporary: lost with this machine"
