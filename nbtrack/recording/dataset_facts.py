"""What a run says of a dataset that it read."""

from __future__ import annotations

from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.records.runs import Dataset


def dataset_facts(dataset: Any) -> dict[str, Any]:
    names = ("name", "digest", "source_type", "source", "schema", "profile")
    if hasattr(dataset, "to_record"):
        dataset = dataset.to_record()
    if isinstance(dataset, Dataset):
        return {name: getattr(dataset, name) for name in names}
    if hasattr(dataset, "to_dict"):  # an mlflow.data dataset
        found = dataset.to_dict()
        return {name: found.get(name) for name in names}
    raise _no_dataset(dataset)


def name_and_digest(dataset: Any) -> tuple[str, str]:
    """Without the rest, which is dear for each point of a loop. Raises InvalidValue."""
    if not (hasattr(dataset, "name") and hasattr(dataset, "digest")):
        raise _no_dataset(dataset)
    return str(dataset.name), str(dataset.digest)


def _no_dataset(given: Any) -> InvalidValue:
    return InvalidValue(
        f"A dataset is wanted, not {type(given).__name__}; "
        "wrap it with nbtrack.data.from_pandas(...) or nbtrack.data.from_numpy(...)."
    )
