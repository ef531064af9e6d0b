"""Latest points: worked out of all points, or asked for where the store keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbtrack.stores.local.schema import LATEST_PLACE, LATEST_VALUE

if TYPE_CHECKING:
    from nbtrack.stores.connection import Connection

_LATEST_VALUE = LATEST_VALUE.format(place=LATEST_PLACE)


def latest_points(connection: Connection, metrics: str, where: str) -> str:
    """A query for run_key, key, value and first_us, the time of the first; *where* is about
    run_key and key, *metrics* where the points are."""
    if getattr(connection, "keeps_latest", False):
        return f"select run_key, key, value, first_us from current.latest_metrics {where}"
    return (
        f"select run_key, key, {_LATEST_VALUE} as value, min(t) as first_us from {metrics} {where}"
        " group by run_key, key"
    )
