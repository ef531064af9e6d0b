"""What to record of a fit: the flags of `mlflow.sklearn.autolog`, with the same meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    log_input_examples: bool = False
    log_model_signatures: bool = True
    log_models: bool = True
    log_datasets: bool = True
    exclusive: bool = False
    disable_for_unsupported_versions: bool = False
    silent: bool = False
    max_tuning_runs: int | None = None  # None: every candidate of a search is a child run
    log_post_training_metrics: bool = True
    serialization_format: str = "cloudpickle"
    registered_model_name: str | None = None
    pos_label: Any = None
    extra_tags: Mapping[str, Any] | None = None


_current = Flags()


def current_flags() -> Flags:
    """Those of the last autolog()."""
    return _current


def set_current_flags(flags: Flags) -> None:
    global _current
    _current = flags
