"""What a point says beside its value: which logged model it measures, and on which data."""

from __future__ import annotations

import re
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.journal.lines import POINT_FACTS
from nbtrack.recording.dataset_facts import name_and_digest
from nbtrack.records.ids import MODEL_ID
from nbtrack.records.runs import Metric

_NOTHING: dict[str, str] = {}
_MODEL_ID = re.compile(MODEL_ID)


def is_model_id(text: object) -> bool:
    return isinstance(text, str) and _MODEL_ID.fullmatch(text) is not None


def check_model_id(model_id: Any) -> str:
    if not is_model_id(model_id):
        raise InvalidValue(
            f"The model_id is {model_id!r:.80}; that of a logged model is such as "
            "'m-0123456789abcdef0123456789abcdef'."
        )
    return str(model_id)


def facts_of(model_id: str | None, dataset: Any) -> dict[str, str]:
    """POINT_FACTS of points of a logged model, on a dataset, or both. Raises InvalidValue."""
    facts: dict[str, str] = {}
    if model_id is not None:
        facts["model_id"] = check_model_id(model_id)
    if dataset is not None:
        facts["dataset_name"], facts["dataset_digest"] = name_and_digest(dataset)
    return facts


def point_facts(point: Any) -> dict[str, str]:
    """Those of a `Metric`, of ours or MLflow's."""
    if type(point) is Metric and not (point.model_id or point.dataset_name or point.dataset_digest):
        return _NOTHING  # nearly always, and a batch has thousands
    return {name: fact for name in POINT_FACTS if (fact := getattr(point, name, None)) is not None}
