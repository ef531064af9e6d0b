"""Profiles of datasets: their sizes in MLflow's words, and how much of them a digest has read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nbtrack.capture import fingerprint


def frame_profile(shape: tuple[int, int], found: fingerprint.Fingerprint) -> dict[str, Any]:
    rows, columns = shape
    size = {"num_rows": rows, "num_elements": rows * columns}
    return {**size, **what_was_read(found, rows)}


def rows_in(profile: Mapping[str, Any]) -> int:
    shape = profile.get("features_shape")
    return (
        int(shape[0])
        if isinstance(shape, list | tuple) and shape
        else int(profile.get("num_rows", 0))
    )


def what_was_read(found: fingerprint.Fingerprint, rows: int | None) -> dict[str, Any]:
    """Nothing of what was read in full: then the profile is MLflow's."""
    if found.is_whole:
        return {}
    hashed = {} if found.hashed_rows == rows else {"hashed_rows": found.hashed_rows}
    return {"sampled": True, **hashed}
