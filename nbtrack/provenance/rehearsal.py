"""What a kernel has to know in which a slice runs once more."""

from __future__ import annotations

from nbtrack.recording.session import current_session


def begin_rehearsal() -> None:
    """What this process does is a repetition: the model registry is not changed by it."""
    current_session().is_rehearsing = True
