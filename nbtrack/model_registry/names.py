"""What may name a model, a version, an alias or a stage. Every refusal names the value."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Sequence
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.model_registry.changes import checked_text
from nbtrack.model_registry.gate_rule import family_of
from nbtrack.records.registry import STAGES

MOST_CHARACTERS = 255
_ALIAS = re.compile(r"[\w\-]+")
_VERSION_LIKE = re.compile(r"[vV]?[0-9]+")
_STAGE = re.compile(r"\w(?:[\w \-]*\w)?")


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
    return _check_length(text, what)


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
    if text.lower() == "latest" or _VERSION_LIKE.fullmatch(text):
        raise InvalidValue(
            f"The alias {text!r} reads as a version: 'latest' and numbers, with a v before them "
            "or without, are taken. Choose another one, such as 'champion'."
        )
    return _check_length(text, "alias")


def check_stage(stage: Any, stages: Sequence[str], *, model: str) -> str:
    """The stage of that name, in whatever case it is given. Raises InvalidValue."""
    names = {each.lower(): each for each in stages}
    found = names.get(stage.lower()) if isinstance(stage, str) else None
    if found is None:
        raise InvalidValue(
            f"The stage is {stage!r}; {model!r} has the stages {', '.join(stages)}. "
            f"MlflowClient().set_registered_model_stages({model!r}, [...]) gives it more."
        )
    return found


def check_custom_stages(stages: Any) -> tuple[str, ...]:
    """Stages beside the four that every model has. Raises InvalidValue."""
    if isinstance(stages, str) or not isinstance(stages, Iterable):
        raise InvalidValue(f"stages is {stages!r}; give a list of names, such as ['Canary'].")
    usual = {each.lower() for each in STAGES}
    found: dict[str, str] = {}
    for stage in stages:
        name = _check_stage_name(stage)
        if name.lower() in found:
            raise InvalidValue(f"The stage {name!r} is given twice; case makes no difference.")
        if name.lower() not in usual:
            found[name.lower()] = name
    return tuple(found.values())


def _check_stage_name(stage: Any) -> str:
    if not isinstance(stage, str) or not _STAGE.fullmatch(stage):
        raise InvalidValue(
            f"The stage is {stage!r}; a stage is made of letters, digits, _, - and spaces."
        )
    if family_of(stage) or stage.lower() == "latest" or _VERSION_LIKE.fullmatch(stage):
        raise InvalidValue(
            f"The stage {stage!r} would be taken for a version in models:/name/{stage}, or for a "
            "key in the rule of a gate. Choose another name."
        )
    return _check_length(stage, "stage")


def _check_length(text: str, what: str) -> str:
    if len(text) > MOST_CHARACTERS:
        raise InvalidValue(
            f"The {what} {text[:40]!r}… has {len(text)} characters; {MOST_CHARACTERS} is the most."
        )
    return text
