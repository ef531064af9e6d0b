"""Settings of the whole process under MLflow's names."""

from __future__ import annotations

from nbtrack.api.fluent import get_tracking_uri, is_tracking_uri_set, set_tracking_uri
from nbtrack.api.switches import (
    disable_system_metrics_logging,
    enable_async_logging,
    enable_system_metrics_logging,
    get_registry_uri,
    set_registry_uri,
    set_system_metrics_node_id,
    set_system_metrics_samples_before_logging,
    set_system_metrics_sampling_interval,
)

__all__ = [
    "disable_system_metrics_logging",
    "enable_async_logging",
    "enable_system_metrics_logging",
    "get_registry_uri",
    "get_tracking_uri",
    "is_tracking_uri_set",
    "set_registry_uri",
    "set_system_metrics_node_id",
    "set_system_metrics_samples_before_logging",
    "set_system_metrics_sampling_interval",
    "set_tracking_uri",
]
