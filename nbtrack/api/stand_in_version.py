"""The version of a library that is taken over and not installed, for who asks before it imports."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import Distribution, DistributionFinder, MetadataPathFinder
from pathlib import Path
from typing import Any


class _StandIn(Distribution):
    def __init__(self, name: str, version: str) -> None:
        self._text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"

    def read_text(self, filename: str) -> str | None:
        return self._text if filename == "METADATA" else None

    def locate_file(self, path: Any) -> Path:
        """There is no file of it."""
        return Path(path)


def stand_in(
    name: str, version: str, context: DistributionFinder.Context
) -> Iterator[Distribution]:
    """Nothing if *name* is installed, or if *context* asks for all that is, or for another one."""
    if context.name == name and not any(MetadataPathFinder.find_distributions(context)):
        yield _StandIn(name, version)
