"""What `nbtrack.bisect` gives."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from nbtrack.provenance.bisection.bisection import Attempt, Bisection
from nbtrack.provenance.bisection.proof import Proof
from nbtrack.provenance.bisection.words import bisection_html, bisection_text
from nbtrack.provenance.differences.view import DifferenceView, difference_dict
from nbtrack.records.runs import Run


class BisectionView:
    """`.before` and `.after` are the runs between which the metric moved, `.difference` what
    changed between them; `.bisection` has all attempts, `.proof` what running again has shown."""

    def __init__(self, bisection: Bisection, *, proof: Proof | None = None) -> None:
        self.bisection = bisection
        self.proof = proof

    @property
    def before(self) -> Run:
        return self.bisection.before.run

    @property
    def after(self) -> Run:
        return self.bisection.after.run

    @property
    def difference(self) -> DifferenceView:
        return DifferenceView(self.bisection.difference)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        found = self.bisection
        return {
            "metric": found.metric,
            "middle": found.middle,
            "crossings": found.crossings,
            "without_metric": found.without,
            "attempts": [_attempt(each) for each in found.attempts],
            "moved_in": found.after.run.info.run_id,
            "difference": difference_dict(found.difference),
            "proof": None if self.proof is None else _proof(self.proof),
        }

    def __repr__(self) -> str:
        return bisection_text(self.bisection, self.proof)

    def _repr_html_(self) -> str:
        return bisection_html(self.bisection, self.proof)


def _attempt(attempt: Attempt) -> dict[str, Any]:
    info = attempt.run.info
    named = {"run_id": info.run_id, "name": info.run_name, "attempt": attempt.number}
    return {**named, "value": attempt.value, "is_past_middle": attempt.is_past}


def _proof(proof: Proof) -> dict[str, Any]:
    return {
        "is_proven": proof.is_proven,
        "verdict": proof.verdict,
        "moved_by": list(proof.moved_by),
        "trials": [asdict(each) for each in proof.trials],
        "remarks": list(proof.remarks),
    }
