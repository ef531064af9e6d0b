"""Fingerprints of the states that random numbers come from."""

from __future__ import annotations

from nbtrack.base.imported import imported


def seed_digests() -> dict[str, str]:
    """sha256 of the state of `random` and of numpy's global generator, about 50 µs.

    Only of those that are imported already: one that is not has no state yet. Generators that
    the user made (`numpy.random.default_rng`) are not among them.
    """
    digests = {}
    if (python := imported("random", "getstate")) is not None:
        digests["random"] = _sha256(repr(python()).encode())
    if (numpy := imported("numpy.random", "get_state")) is not None:
        digests["numpy"] = _sha256(*_parts(numpy(legacy=False)))
    return digests


def _parts(state: dict[str, object]) -> list[bytes]:
    """Bytes that name one state of numpy's generator, whichever bit generator it has."""
    inner = state["state"]
    assert isinstance(inner, dict)
    flat = {**inner, **{name: value for name, value in state.items() if name != "state"}}
    return [
        value.tobytes() if hasattr(value, "tobytes") else f"{name}={value!r};".encode()
        for name, value in sorted(flat.items())
    ]


def _sha256(*parts: bytes) -> str:
    from hashlib import sha256

    return sha256(b"".join(parts)).hexdigest()
