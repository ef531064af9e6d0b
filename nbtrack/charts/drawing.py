"""What a chart function returns: the Altair chart, and apart from it the rows that it draws."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DATA_NAME = "rows"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """*rows* hold JSON values only, all with the same fields."""

    chart: Any  # alt.Chart or alt.LayerChart that reads the data named "rows"
    rows: list[Row]


def spec_of(drawing: Drawing) -> dict[str, Any]:
    """Vega-Lite for the page; the rows travel apart from it.

    Not held against the whole schema again, which takes as long as all the rest: tests do that.
    """
    spec: dict[str, Any] = drawing.chart.to_dict(validate=False)
    return spec


def whole_spec_of(drawing: Drawing) -> dict[str, Any]:
    """Vega-Lite that stands alone."""
    spec = spec_of(drawing)
    return {**spec, "datasets": {**spec.get("datasets", {}), DATA_NAME: drawing.rows}}


def packed(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """*rows* by column, for the wire: text columns as codes into their distinct values.

    {"length": n, "columns": {name: [values] | {"values": [distinct], "codes": [numbers]}}};
    `unpackRows` in charts_tab/page/rows.js is the other end. A third to a tenth of the bytes.
    """
    names = list(rows[0]) if rows else []
    columns = {name: _packed_column([row[name] for row in rows]) for name in names}
    return {"length": len(rows), "columns": columns}


def finite(value: Any) -> float | None:
    """*value* as a number that JSON has; None for everything else."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _packed_column(values: list[Any]) -> Any:
    if not values or not all(isinstance(value, str) for value in values):
        return values
    distinct = {value: code for code, value in enumerate(dict.fromkeys(values))}
    return {"values": list(distinct), "codes": [distinct[value] for value in values]}
