"""Ids of runs and experiments that have none of ours: the same ones each time, from what they are
called there."""

from __future__ import annotations

import hashlib
import json

from nbtrack.recording.experiments import DEFAULT_NAME, experiment_id_of
from nbtrack.transfer.sources.source_records import SourceExperiment


def run_id_of(kind: str, *names: object) -> str:
    """Of the run that the tracker *kind* knows by *names*."""
    text = json.dumps([kind, *names], default=str)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def experiment_called(name: str, *, joined: str | None = None, place: str = "") -> SourceExperiment:
    """One that is known by its name alone; instead of it ours that is called *joined*. *place* is
    that of the file or folder that the name is of."""
    shown = (joined or name).strip() or DEFAULT_NAME
    return SourceExperiment(
        experiment_id=experiment_id_of(shown), name=shown, artifact_location=place,
        is_deleted=False, created=None, is_joined=joined is not None,
    )  # fmt: skip
