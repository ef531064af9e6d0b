"""What every framework's hook is told by its `autolog()`: MLflow's flags, with the same meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonFlags:
    log_input_examples: bool = False
    log_model_signatures: bool = True
    log_models: bool = True
    log_datasets: bool = True
    exclusive: bool = False
    disable_for_unsupported_versions: bool = False
    silent: bool = False
    registered_model_name: str | None = None
    pos_label: Any = None  # of the training metrics of binary classifiers
    extra_tags: Mapping[str, Any] | None = None

    @property
    def model_options(self) -> Mapping[str, Any]:
        """How the model is to be kept: what `parts_of` of its flavour is given."""
        return {}

    def with_common(self, common: CommonFlags) -> Self:
        """These, but for what `nbtrack.autolog()` said to all frameworks."""
        return replace(self, **{f.name: getattr(common, f.name) for f in fields(CommonFlags)})
