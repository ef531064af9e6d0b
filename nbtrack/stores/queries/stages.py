"""Whether what was deleted is looked for, too."""

from __future__ import annotations

from nbtrack.records.runs import ViewType


def stage_condition(alias: str, view_type: ViewType) -> str:
    if view_type == ViewType.ALL:
        return "true"
    stage = "deleted" if view_type == ViewType.DELETED_ONLY else "active"
    return f"{alias}.lifecycle_stage = '{stage}'"
