"""Classes of W&B that have no counterpart here: a training that logs one goes on."""

from __future__ import annotations

from typing import Any, Self

from nbtrack.base.guard import warn_once

NAMES = ("Artifact", "Audio", "Histogram", "Html", "Object3D", "Video")


class Unrecorded:
    """Takes whatever is done with it, and keeps nothing."""

    def __init__(self, *_: Any, **__: Any) -> None:
        warn_once(
            f"nbtrack has taken over, and records no wandb.{type(self).__name__}: what is logged "
            "as one is left out. wandb.save and nbtrack.log_artifact record files."
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # pickle and copy ask for these
            raise AttributeError(name)
        return self

    def __call__(self, *_: Any, **__: Any) -> Self:
        return self

    def __repr__(self) -> str:
        return f"<wandb.{type(self).__name__}, not recorded>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing was opened."""


def unrecorded(name: str) -> type[Unrecorded]:
    return _KINDS[name]


_KINDS: dict[str, type[Unrecorded]] = {name: type(name, (Unrecorded,), {}) for name in NAMES}
