"""What `nbtrack.diff` gives: it prints itself, draws itself in a notebook, and becomes a dict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nbtrack.base.plain_values import json_number
from nbtrack.provenance.differences.as_html import difference_html
from nbtrack.provenance.differences.as_text import difference_text
from nbtrack.provenance.differences.difference import MetricDifference, RunDifference
from nbtrack.provenance.differences.findings import Change, Finding
from nbtrack.records.runs import Run


class DifferenceView:
    """`.metrics` and `.causes` as they are shown; `.difference` has every part of both origins."""

    def __init__(self, difference: RunDifference) -> None:
        self.difference = difference

    @property
    def metrics(self) -> Sequence[MetricDifference]:
        """Those that differ, what matters first."""
        return self.difference.metrics

    @property
    def causes(self) -> Sequence[Finding]:
        """The likeliest first; none where no difference was recorded."""
        return self.difference.causes

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; numbers that are not finite are texts."""
        return difference_dict(self.difference)

    def __repr__(self) -> str:
        return difference_text(self.difference)

    def _repr_html_(self) -> str:
        return difference_html(self.difference)


def difference_dict(found: RunDifference) -> dict[str, Any]:
    return {
        "before": _run(found.before),
        "after": _run(found.after),
        "metrics": [_metric(each) for each in found.metrics],
        "same_metrics": found.same_metrics,
        "causes": [_finding(each) for each in found.causes],
        "harmless": [_finding(each) for each in found.harmless],
        "not_proven": {each.part: list(each.doubts) for each in found.findings if each.doubts},
        "not_captured": {each.part: list(each.gaps) for each in found.findings if each.gaps},
        "same": found.same,
    }


def _run(run: Run) -> dict[str, Any]:
    return {"run_id": run.info.run_id, "name": run.info.run_name, "started": run.info.start_time}


def _metric(metric: MetricDifference) -> dict[str, Any]:
    values = {"before": metric.before, "after": metric.after, "delta": metric.delta}
    plain = {key: number(value) for key, value in values.items()}
    return {"key": metric.key, **plain, "verdict": metric.verdict}


def number(value: float | None) -> float | str | None:
    return None if value is None else json_number(value)


def _finding(finding: Finding) -> dict[str, Any]:
    changes = [_change(each) for each in finding.changes]
    return {"part": str(finding.part), "title": finding.part.heading, "changes": changes}


def _change(change: Change) -> dict[str, Any]:
    """Of lines only those that differ: [sign, before, after]."""
    named = {"sign": change.sign, "key": change.key, "note": change.note}
    lines = [list(line) for line in change.lines if line.sign != "="]
    return {**named, "before": change.before, "after": change.after, "lines": lines}
