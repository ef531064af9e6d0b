"""The client under MLflow's names."""

from nbtrack.api.client import MlflowClient
from nbtrack.api.fluent import get_tracking_uri, is_tracking_uri_set, set_tracking_uri

Client = MlflowClient

__all__ = [
    "Client",
    "MlflowClient",
    "get_tracking_uri",
    "is_tracking_uri_set",
    "set_tracking_uri",
]
