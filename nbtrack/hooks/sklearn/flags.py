"""What to record of a fit: the flags of `mlflow.sklearn.autolog`, with the same meaning."""

from __future__ import annotations

from dataclasses import dataclass

from nbtrack.errors import InvalidValue
from nbtrack.hooks.flags import CommonFlags


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags(CommonFlags):
    max_tuning_runs: int | None = None  # None: every candidate of a search is a child run
    log_post_training_metrics: bool = True
    serialization_format: str = "cloudpickle"

    def __post_init__(self) -> None:
        most = self.max_tuning_runs
        if most is not None and (isinstance(most, bool) or not isinstance(most, int) or most < 0):
            raise InvalidValue(f"max_tuning_runs is {most!r}; give 0 or more, or None for all.")


_current = Flags()


def current_flags() -> Flags:
    """Those of the last autolog()."""
    return _current


def set_current_flags(flags: Flags) -> None:
    global _current
    _current = flags
