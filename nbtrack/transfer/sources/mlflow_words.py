"""MLflow's numbers, tags and places, read the same way in files and in a database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from nbtrack.records.logged_models import LoggedModelStatus
from nbtrack.transfer.sources.source_records import BrokenRecord, ModelLink

CONTEXT_TAG = "mlflow.data.context"
DATASET_FACTS = ("name", "digest", "source_type", "source", "schema", "profile")
_RUN_STATUSES = ("", "RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")


def run_status(number: object) -> str:
    """MLflow writes a number into files. Raises BrokenRecord."""
    if isinstance(number, int) and 0 < number < len(_RUN_STATUSES):
        return _RUN_STATUSES[number]
    if number in _RUN_STATUSES[1:]:
        return str(number)
    raise BrokenRecord(f"its status is {number!r}")


def number_of_status(status: str) -> int:
    return _RUN_STATUSES.index(status)


def model_status(number: object) -> str:
    """A model that is being made, or of which nothing is said, is PENDING."""
    statuses = list(LoggedModelStatus)
    if isinstance(number, int) and 0 < number < len(statuses):
        return str(statuses[number])
    return "PENDING"


def input_facts(dataset: Sequence[object], tags: Mapping[str, str]) -> Mapping[str, str]:
    """As `journal.lines.input_line` takes them; *dataset* are the values of DATASET_FACTS."""
    others = {key: value for key, value in tags.items() if key != CONTEXT_TAG}
    facts = dict(zip(DATASET_FACTS, dataset, strict=True))
    facts |= {"context": tags.get(CONTEXT_TAG), "tags": json.dumps(others, sort_keys=True)}
    return {key: str(value) for key, value in facts.items() if value is not None}


def settled_links(links: Iterable[ModelLink]) -> list[ModelLink]:
    """MLflow names a model that its own run measures as an input of that, too; it is one run that
    made it."""
    found = set(links)
    made = {link.model_id for link in found if link.role == "output"}
    return sorted(link for link in found if link.role == "output" or link.model_id not in made)


def left_out_traces(number: int) -> Mapping[str, str]:
    return {"traces": f"{number:,} of them, and nbtrack keeps none"} if number else {}


def neighbours(artifact_uri: str, folder: str, names: Iterable[str]) -> Iterable[str]:
    """Where `<experiment>/<run>/artifacts` is when the folder of the store was moved."""
    parts = PurePosixPath(urlsplit(artifact_uri).path.replace("\\", "/")).parts
    tail = parts[-4:] if "models" in parts[-3:-2] else parts[-3:]
    return [str(PurePosixPath(folder, name, *tail)) for name in names]
