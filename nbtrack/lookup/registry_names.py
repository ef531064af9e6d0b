"""What names a model, a version, an alias or a stage. Every refusal names the value."""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence
from typing import Any

from nbtrack.base.nearest import did_you_mean
from nbtrack.base.values import checked_text
from nbtrack.errors import InvalidValue

MOST_CHARACTERS = 255
_ALIAS = re.compile(r"[\w\-]+")
_VERSION_LIKE = re.compile(r"[vV]?[0-9]+")


def check_model_name(name: Any, what: str = "name of a registered model") -> str:
    """Any text but with / or : in it, which have a meaning in models:/name/version."""
    text = checked_text(name, what)
    if text is None or not text.strip():
        raise InvalidValue(f"The {what} is {name!r}; give it a name of at least one character.")
    if "/" in text or ":" in text or not text.isprintable():
        raise InvalidValue(
            f"The {what} {text!r} has a '/', a ':' or a control character in it, and "
            "models:/<name>/<version> could not name it. Take another one."
        )
    if text in (".", "..") or text != text.strip():
        raise InvalidValue(
            f"The {what} {text!r} begins or ends with a space, or is the name of a folder. "
            "Take another one."
        )
    return check_length(text, what)


def check_version(version: Any) -> int:
    """A version's number, given as text or as number. Raises InvalidValue."""
    try:
        number = int(version) if isinstance(version, str) else operator.index(version)
    except (TypeError, ValueError):
        number = 0
    if number < 1:
        raise InvalidValue(
            f"The version is {version!r}; versions are whole numbers from 1, such as '3'."
        )
    return number


def check_alias(alias: Any) -> str:
    """Neither a version nor "latest": models:/name@alias is to be read in one way only."""
    text = checked_text(alias, "alias")
    if not text or not _ALIAS.fullmatch(text):
        raise InvalidValue(f"The alias is {alias!r}; an alias is made of letters, digits, _ and -.")
    if reads_as_version(text):
        raise InvalidValue(
            f"The alias {text!r} reads as a version: 'latest' and numbers, with a v before them "
            "or without, are taken. Choose another one, such as 'champion'."
        )
    return check_length(text, "alias")


def check_stage(stage: Any, stages: Sequence[str], *, model: str) -> str:
    """The stage of that name, in whatever case it is given. Raises InvalidValue."""
    names = {each.lower(): each for each in stages}
    found = names.get(stage.lower()) if isinstance(stage, str) else None
    if found is None:
        raise InvalidValue(
            f"The stage is {stage!r}; {model!r} has the stages {', '.join(stages)}."
            f"{did_you_mean(stage, stages)} "
            f"MlflowClient().set_registered_model_stages({model!r}, [...]) gives it more."
        )
    return found


def reads_as_version(text: str) -> bool:
    """Whether models:/<name>/<text> already means a version."""
    return text.lower() == "latest" or _VERSION_LIKE.fullmatch(text) is not None


def check_length(text: str, what: str) -> str:
    if len(text) > MOST_CHARACTERS:
        raise InvalidValue(
            f"The {what} {text[:40]!r}… has {len(text)} characters; {MOST_CHARACTERS} is the most."
        )
    return text
