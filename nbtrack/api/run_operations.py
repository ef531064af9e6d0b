"""What an asynchronous call gives back in MLflow: here all is on disk when a call returns."""

from __future__ import annotations

from nbtrack.recording.session import current_session


class RunOperations:
    """Of a call that has been done already: whoever waits for it does not wait."""

    def wait(self) -> None:
        """As MLflow's, it would raise what went wrong; ours was raised by the call itself."""


_DONE = RunOperations()  # it has no state


def operations(synchronous: bool | None) -> RunOperations | None:
    """What a call returns that was told to be *synchronous* or not; None: as the setting says."""
    is_asked_for = current_session().gives_operations if synchronous is None else not synchronous
    return _DONE if is_asked_for else None
