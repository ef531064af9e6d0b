"""The client and where it looks, under MLflow's names."""

from __future__ import annotations

from nbtrack.api.client import MlflowClient
from nbtrack.api.fluent import get_tracking_uri, is_tracking_uri_set, set_tracking_uri
from nbtrack.api.switches import get_registry_uri, set_registry_uri
from nbtrack.tracking import client, fluent

Client = MlflowClient

__all__ = [
    "Client",
    "MlflowClient",
    "client",
    "fluent",
    "get_registry_uri",
    "get_tracking_uri",
    "is_tracking_uri_set",
    "set_registry_uri",
    "set_tracking_uri",
]
