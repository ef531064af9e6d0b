"""What a stage of somebody's own may be called. Every refusal names the value."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.lookup.registry_names import check_length, reads_as_version
from nbtrack.model_registry.gate_rule import family_of
from nbtrack.records.registry import STAGES

_STAGE = re.compile(r"\w(?:[\w \-]*\w)?")


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
    if family_of(stage) or reads_as_version(stage):
        raise InvalidValue(
            f"The stage {stage!r} would be taken for a version in models:/name/{stage}, or for a "
            "key in the rule of a gate. Choose another name."
        )
    return check_length(stage, "stage")
