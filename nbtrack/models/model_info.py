"""`ModelInfo`: what `log_model` returns and `get_model_info` reads, as in MLflow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nbtrack.models.signature import ModelSignature


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    model_uri: str
    artifact_path: str | None
    run_id: str | None
    flavors: dict[str, dict[str, Any]]
    signature: ModelSignature | None
    saved_input_example_info: dict[str, Any] | None
    model_uuid: str | None
    utc_time_created: str
    metadata: dict[str, Any] | None
    model_size_bytes: int | None
    mlflow_version: str | None
    nbtrack_version: str | None
    digest: str | None = None  # "sha256:…" over all files; None where nobody recorded one
    model_id: str | None = None
    registered_model_version: int | None = None

    @property
    def signature_dict(self) -> dict[str, str | None] | None:
        return None if self.signature is None else self.signature.to_dict()

    @property
    def name(self) -> str | None:
        return self.artifact_path
