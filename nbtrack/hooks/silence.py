"""`autolog(silent=True)`: what could not be recorded is not said, and all else is."""

from __future__ import annotations

import logging

from nbtrack.hooks.nesting import is_about_hooks

_silent: set[str] = set()  # packages


def set_silent(package: str, *, is_silent: bool) -> None:
    (_silent.add if is_silent else _silent.discard)(package)
    logger = logging.getLogger("nbtrack")
    if _silent:
        logger.addFilter(_is_to_be_said)  # twice is once
    else:
        logger.removeFilter(_is_to_be_said)


def _is_to_be_said(record: logging.LogRecord) -> bool:  # noqa: ARG001 - the logger's interface
    return not is_about_hooks()
