"""A folder that was put together elsewhere takes its place at once."""

from __future__ import annotations

import os
from pathlib import Path


def put_in_place(made: Path, target: Path, aside: Path) -> None:
    """*made* becomes *target*, on the same disk; what was there is *aside* then, or stays if that
    fails. Killed in between, there is no *target*."""
    is_there = target.exists()
    if is_there:
        os.rename(target, aside)
    try:
        os.rename(made, target)
    except BaseException:
        if is_there:
            os.rename(aside, target)
        raise
