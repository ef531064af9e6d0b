"""A filter that somebody could type into a report: of its best metric, or of what it has."""

from __future__ import annotations

import re
from statistics import median

from nbtrack.panels.report.reading import Report

_PLAIN = re.compile(r"[A-Za-z_]\w*")


def example_filter(report: Report) -> str | None:
    """None where no run has a metric."""
    keys = [report.metric] if report.metric else list(report.table.metric_keys[:1])
    for key in keys:
        values = [row.metrics[key] for row in report.table.rows if key in row.metrics]
        if values and "`" not in key and abs(middle := median(values)) < float("inf"):
            written = key if _PLAIN.fullmatch(key) else f"`{key}`"
            way = "<" if report.is_lower_better else ">"
            return f"metrics.{written} {way} {middle:.3g}"
    return None
