"""What may be said when a model is loaded."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class LoadOptions:
    trusted: Collection[str | type] | None = None  # types in a skops file
    model_config: Mapping[str, Any] | None = None
    is_quiet: bool = False  # other versions are not said
