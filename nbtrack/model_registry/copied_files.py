"""Whether the registry's copies of models are what was recorded of them."""

from __future__ import annotations

from collections.abc import Iterator

from nbtrack.errors import ModelChanged, ModelNotFound, NbtrackError
from nbtrack.models.digests import check_files
from nbtrack.models.registered_places import place_of_version
from nbtrack.records.registry import RegistryQuery
from nbtrack.stores.store import Store


def count_versions(store: Store) -> int:
    """Of all models, those apart that were deleted."""
    return len(store.search_model_versions(RegistryQuery()))


def changed_versions(store: Store) -> Iterator[str]:
    """A sentence for each version whose files are not as recorded; all files are read."""
    for version in store.search_model_versions(RegistryQuery()):
        try:
            place = place_of_version(store, version)
            check_files(place.folder, place.recorded or {})
        except (ModelChanged, ModelNotFound, OSError) as exc:
            yield f"Version {version.version} of {version.name!r}: {exc}"
        except (NbtrackError, ValueError, KeyError) as exc:
            yield f"Of version {version.version} of {version.name!r} no files are recorded: {exc}"
