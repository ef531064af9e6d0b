"""How many rows can be predicted in a given time, found out by predicting few."""

from __future__ import annotations

from collections.abc import Callable

TRIALS = (1, 4, 32, 128, 512, 2048)  # rows
TRUSTED = 128  # rows, from which on the cost of one more row can be told from that of a call


def affordable_rows(count: int, measure: Callable[[int], float], *, seconds: float) -> int:
    """At most *count*, and at least as many as were tried.

    *measure(rows)* predicts so many and returns the seconds it took. The first call may be slow
    because it is the first, and any call because the machine is busy: a sample is used only if
    two in a row say so.
    """
    few, some = TRIALS[:2]
    measure(few)
    took = measure(some)
    if took * count <= seconds * some:
        return count
    trial = _Trial(few, measure(few)).then(some, took)
    for rows in TRIALS[2:]:
        if trial.rows >= TRUSTED and trial.seconds_for(count) <= seconds:
            return count
        if trial.seconds_for(rows) > seconds:
            trial = trial.with_second_try(measure(trial.rows))
            if trial.seconds_for(rows) > seconds:
                break
        if rows >= count:
            return count
        trial = trial.then(rows, measure(rows))
    return trial.rows_in(seconds, most=count)


class _Trial:
    """One measurement, and the one before it, of fewer rows."""

    def __init__(self, rows: int, took: float, *, before: _Trial | None = None) -> None:
        self.rows, self._took, self._before = rows, took, before

    def then(self, rows: int, took: float) -> _Trial:
        return _Trial(rows, took, before=self)

    def with_second_try(self, took: float) -> _Trial:
        return _Trial(self.rows, min(took, self._took), before=self._before)

    @property
    def _per_row(self) -> float:
        """The fixed cost of a call is not paid per row."""
        if self._before is None:
            return self._took / self.rows
        more = self._took - self._before._took
        return max(more / (self.rows - self._before.rows), 1e-9)

    def seconds_for(self, rows: int) -> float:
        return self._took + self._per_row * (rows - self.rows)

    def rows_in(self, seconds: float, *, most: int) -> int:
        more = int((seconds - self._took) / self._per_row)
        return min(most, max(self.rows, self.rows + more))
