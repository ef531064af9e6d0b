"""What is kept of an import with the things that came over: where from, and what they were then.

A mark makes a second import quick, and leaves what was changed here since as it is. It is written
with the last line of a thing: without its mark, it has not come over whole.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

MARK = "nbtrack.imported"  # a tag of runs, logged models and experiments
# Of an experiment on a server of MLflow's that we wrote to, which finds no deleted model: with the
# model's id here, a tag whose text is its id there.
DELETED_MODEL = "nbtrack.deleted_model."
_TRACKERS = {"mlflow": "MLflow", "tensorboard": "TensorBoard", "wandb": "W&B"}


def tracker_called(kind: str) -> str:
    """For people; *kind* is that of a reader."""
    return _TRACKERS.get(kind, kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Of a run or a logged model: digests of what the source said of it.

    *stamp* is that of names, sizes and times of its files there; *missing* are files that could
    not be read, or the place that could not be reached; *origin* is the `kind` of its reader.
    """

    facts: str = ""
    points: str = ""
    files: str = ""
    stamp: str = ""
    missing: tuple[str, ...] = ()
    origin: str = "mlflow"

    def text(self) -> str:
        facts = asdict(self)
        return json.dumps({"from": facts.pop("origin"), **facts})


def mark_in(text: str | None) -> Mark | None:
    """None if there is none, or it is no mark of ours."""
    try:
        found = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    names = {each.name for each in fields(Mark)} - {"missing", "origin"}
    facts = {name: str(found.get(name, "")) for name in names}
    facts["origin"] = str(found.get("from", "mlflow"))
    return Mark(**facts, missing=tuple(map(str, found.get("missing") or ())))


def without_mark(tags: Mapping[str, Any]) -> dict[str, Any]:
    """Nor with what an export keeps of models."""
    return {k: v for k, v in tags.items() if k != MARK and not k.startswith(DELETED_MODEL)}
