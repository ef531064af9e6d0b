"""Fits that draw from numpy's generator and make no use of it: the cell is told, so that nobody is
warned of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nbtrack.base.guard import guarded
from nbtrack.hooks.data.rows import row_count
from nbtrack.provenance.executions.states import probed
from nbtrack.provenance.warnings.harmless_fits import Shape, harmless_fit
from nbtrack.recording.session import current_session

_OF_FOLDS = ("cross_val_score", "cross_validate")


class QuietDraw:
    """From before a fit to its end."""

    def __init__(self) -> None:
        self._before: int | None = None
        with guarded("look at the random generator"):
            self._cell = current_session().stack.cell()
            self._before = None if self._cell is None else probed().get("numpy")

    def end_of_folds(self, function: str, given: Mapping[str, Any]) -> None:
        """Of a cross-validation whose folds are not drawn."""
        if function in _OF_FOLDS and type(given.get("cv")) in (int, type(None)):
            self.end(given["estimator"], (given.get("X"),))

    def end(self, estimator: Any, args: tuple[Any, ...]) -> None:
        if self._before is None or self._cell is None:
            return
        with guarded("look at the random generator"):
            after = probed().get("numpy")
            if after is None or after == self._before:
                return
            if harmless_fit(estimator, _shape(args[0] if args else None)):
                self._cell.quiet_draws.append((self._before, after))


def _shape(data: Any) -> Shape:
    found = getattr(data, "shape", None)
    is_table = isinstance(found, tuple) and len(found) == 2
    return Shape(row_count(data) or 0, int(found[1]) if is_table and found else 0)
