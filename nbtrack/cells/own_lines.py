"""Cells and lines that are about tracking alone."""

from __future__ import annotations

import re

_OWN_LINE = re.compile(
    r"\s*(#|$|%(load_ext|reload_ext)\s+nbtrack|%{1,2}(track|runs|experiment|compare|registry)\b)"
)


def is_about_tracking(typed: str) -> bool:
    """Whether a cell holds nothing but our own line magics."""
    return not typed.startswith("%%") and holds_no_code(typed)


def holds_no_code(typed: str) -> bool:
    return all(map(_OWN_LINE.match, typed.splitlines()))
