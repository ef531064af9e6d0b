"""What an asynchronous call gives back in MLflow: here all is on disk when a call returns."""

from __future__ import annotations


class RunOperations:
    """Of a call that has been done already: whoever waits for it does not wait."""

    def wait(self) -> None:
        """As MLflow's, it would raise what went wrong; ours was raised by the call itself."""


_DONE = RunOperations()  # it has no state
# What a call returns that was not told; not in the session, because each point asks for it.
_untold: RunOperations | None = None


def operations(synchronous: bool | None) -> RunOperations | None:
    """What a call returns that was told to be *synchronous* or not; None: as the switch says."""
    if synchronous is None:
        return _untold
    return None if synchronous else _DONE


def give_operations(is_wanted: bool) -> None:
    """Whether calls that are not told return something to wait for."""
    global _untold
    _untold = _DONE if is_wanted else None
