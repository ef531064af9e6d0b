"""What goes from one project to another: records as lines of a journal, and how they compare."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LinesOf:
    """Whose records: of what each of these names, and of nothing else.

    *runs*: all but their points; with them the models that they made. *kernels*: executions of
    cells, up to that number. *contents*: digests of environments and texts.
    """

    runs: tuple[str, ...] = ()
    experiments: tuple[str, ...] = ()
    kernels: tuple[tuple[str, int], ...] = ()
    contents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PointsDigest:
    """Of all points of one metric of a run, in whatever order they came."""

    count: int
    sha256: str
