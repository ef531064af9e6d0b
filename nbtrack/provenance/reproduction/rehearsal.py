"""What a kernel has to know in which a slice runs once more."""

from __future__ import annotations

import json

from nbtrack.provenance.executions.generator_states import restore
from nbtrack.recording.session import current_session


def begin_rehearsal() -> None:
    """What this process does is a repetition: the model registry is not changed by it."""
    current_session().is_rehearsing = True


def restore_generators(texts: str) -> None:
    """A JSON list of what `generator_states.text_of` wrote."""
    for text in json.loads(texts):
        restore(text)
