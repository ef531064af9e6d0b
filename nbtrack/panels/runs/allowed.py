"""What the user of a page may do with the runs that it shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nbtrack.panels.runs.remembered_columns import choice_places
from nbtrack.panels.shared.rights import Rights


def allowed(
    rights: Rights, rows: Iterable[Mapping[str, Any]], experiment_ids: Sequence[str] | None
) -> dict[str, Any]:
    """As a `Page` says it, of its *rows* and of the experiments that it is about."""
    of_rows = dict.fromkeys(row["experiment"] for row in rows)
    places = {place.experiment_id for place in choice_places(experiment_ids)}
    editable = rights.experiments_to_edit(places | of_rows.keys())
    return {
        "keepsChoices": places <= editable,
        "readOnly": [each for each in of_rows if each not in editable],
    }
