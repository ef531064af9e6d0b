"""Where data came from. Users may have kinds of their own; names and JSON forms are MLflow's."""

from __future__ import annotations

import json
from typing import Any, Self


class DatasetSource:
    """Base of all. A subclass has what raises NotImplementedError here, and is registered with
    `nbtrack.data.dataset_source_registry.register_dataset_source`."""

    @staticmethod
    def _get_source_type() -> str:
        """A word for this kind of source, such as "s3"."""
        raise NotImplementedError

    @staticmethod
    def _can_resolve(raw_source: Any) -> bool:
        """Whether what somebody gave as a source is one of this kind."""
        raise NotImplementedError

    @classmethod
    def _resolve(cls, raw_source: Any) -> Self:
        raise NotImplementedError

    def load(self, *args: Any, **kwargs: Any) -> Any:
        """The data, or a local path to it."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """Plain values; what is secret in them stays out."""
        raise NotImplementedError

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    @classmethod
    def from_dict(cls, source_dict: dict[Any, Any]) -> Self:
        raise NotImplementedError

    @classmethod
    def from_json(cls, source_json: str) -> Self:
        return cls.from_dict(json.loads(source_json))

    @property
    def source_type(self) -> str:
        return self._get_source_type()
