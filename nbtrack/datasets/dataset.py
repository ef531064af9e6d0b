"""What a dataset is, for those that nbtrack describes and for those of users: a name, a digest, a
source, and perhaps a schema and a profile. Names and JSON forms are MLflow's."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from nbtrack.datasets.dataset_source import DatasetSource
from nbtrack.records import runs as records


@dataclass(frozen=True, slots=True)
class PyFuncInputsOutputs:
    """What a model is given, and what it should answer."""

    inputs: Any
    outputs: Any = None


class Dataset:
    """Base of all. A subclass has `_compute_digest`, and calls `__init__` when it can be asked."""

    def __init__(
        self, source: DatasetSource, name: str | None = None, digest: str | None = None
    ) -> None:
        self._source = source
        self._name = name
        self._digest = digest or self._compute_digest()

    def _compute_digest(self) -> str:
        raise NotImplementedError(f"{type(self).__name__} has no _compute_digest; give a digest=.")

    @property
    def name(self) -> str:
        return self._name or "dataset"

    @property
    def digest(self) -> str:
        return self._digest

    @property
    def source(self) -> DatasetSource:
        return self._source

    @property
    def source_type(self) -> str:
        return self._get_source_type()

    @property
    def schema(self) -> Any:
        return None

    @property
    def profile(self) -> Any:
        return None

    def to_dict(self) -> dict[str, str]:
        """Texts only; a subclass adds "schema" and "profile", as JSON."""
        return {
            "name": self.name,
            "digest": self.digest,
            "source": self.source.to_json(),
            "source_type": self.source_type,
        }

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    def to_record(self) -> records.Dataset:
        return records.Dataset(**self.to_dict())

    def _get_source_type(self) -> str:
        return self.source._get_source_type()

    _to_mlflow_entity = to_record
