"""Where a model is, and what is recorded of its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbtrack.models.digests import folder_digest


@dataclass(frozen=True, kw_only=True)
class ModelPlace:
    folder: Path
    # {path in the folder: sha256} as recorded when it was logged; None: nobody recorded it.
    recorded: Mapping[str, str] | None = None
    run_id: str | None = None  # of the run that it is in, or was registered from
    model_id: str | None = None  # of the logged model whose own folder it is
    evidence: Mapping[str, Any] | None = None  # what was known of that run at registration

    @property
    def digest(self) -> str | None:
        return None if self.recorded is None else folder_digest(self.recorded)
