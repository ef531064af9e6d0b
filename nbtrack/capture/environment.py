"""The environment a cell ran in: what stays the same from cell to cell, stored once per content.

What changes with every edit, the state of git, is apart in `git.py`; `watch.py` keeps both fresh.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Environment:
    python_version: str
    implementation: str  # "CPython", "PyPy"
    executable: str  # the file's name, without its folder
    platform: str
    packages: dict[str, str]
    cpu_model: str | None
    cpu_cores: int | None
    memory_bytes: int | None
    gpu_models: tuple[str, ...]
    digest: str = field(init=False)  # sha256 of the canonical JSON of all the others

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", digest_of(self.as_dict()))

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; the digest is not among them."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.init}
        return {**values, "gpu_models": list(self.gpu_models)}


def collect_environment() -> Environment:
    """Look at this process and machine: about 15 ms with 200 packages installed."""
    import platform

    from nbtrack.capture import hardware, packages

    return Environment(
        python_version=platform.python_version(),
        implementation=platform.python_implementation(),
        executable=Path(sys.executable or "python").name,
        platform=platform.platform(),
        packages=packages.collect_packages(),
        cpu_model=hardware.cpu_model(),
        cpu_cores=hardware.cpu_cores(),
        memory_bytes=hardware.memory_bytes(),
        gpu_models=hardware.gpu_models(),
    )


def digest_of(content: Mapping[str, Any]) -> str:
    """Of what `as_dict` says, also of one that was read."""
    from hashlib import sha256

    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return sha256(canonical.encode()).hexdigest()
