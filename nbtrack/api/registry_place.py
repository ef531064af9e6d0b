"""Where models are registered: in the project, beside the runs they come from."""

from __future__ import annotations

from nbtrack.errors import InvalidValue
from nbtrack.stores.opening import folder_of
from nbtrack.stores.store import Store


def check_registry_uri(uri: str | None, store: Store) -> None:
    """Raises InvalidValue for a place that is not that of *store*; none is fine."""
    if uri and folder_of(uri).as_uri() != store.uri:
        raise InvalidValue(
            f"Models are registered where the runs are, in {store.uri}, not in {uri!r}: "
            "nbtrack.set_tracking_uri() moves both, nbtrack.MlflowClient(uri) uses another project."
        )
