"""How charts look. "page" takes its colours from the page they are in, "paper" brings its own.

In SVG a colour may be a CSS variable: such a chart follows a change of theme without a redraw.
Pictures made outside of a page (SVG and PNG for saved notebooks) need plain colours.
"""

from __future__ import annotations

from typing import Any, Literal

Theme = Literal["page", "paper"]

# Of middle lightness all along, so that neither end is lost on a white or on a dark page.
SEQUENCE = ["#5b86f0", "#9a68e6", "#d04fa9", "#e5595e", "#ee8a2c", "#e0b000"]
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

_COLOURS = {
    "page": {
        "ink": "var(--jp-content-font-color1, #222)",
        "soft": "var(--jp-content-font-color2, #666)",
        "line": "var(--jp-border-color2, #e0e0e0)",
        "grid": "var(--jp-border-color3, #ebebeb)",
        "ground": "var(--jp-layout-color0, #fff)",
    },
    "paper": {
        "ink": "#222",
        "soft": "#666",
        "line": "#d8d8d8",
        "grid": "#ebebeb",
        "ground": "#fff",
    },
}


def colour(name: Literal["ink", "soft", "line", "grid", "ground"], theme: Theme) -> str:
    """Text, quiet text, axes, the grid behind the marks, what is behind it all."""
    return _COLOURS[theme][name]


def log_axis(alt: Any, **options: Any) -> Any:
    """An `alt.Axis` that draws the powers of ten clearly and what is between them faintly."""
    is_power = "abs(log(datum.value) / LN10 - round(log(datum.value) / LN10)) < 1e-9"
    grid = alt.condition(is_power, alt.value(1), alt.value(0.3))
    return alt.Axis(format="~g", gridOpacity=grid, labelSeparation=4, **options)


def config(theme: Theme) -> dict[str, Any]:
    """Vega-Lite's `config`: quiet axes, horizontal grid, the title on the left."""
    return {
        "background": "transparent" if theme == "page" else "#fff",
        "font": FONT if theme == "page" else "sans-serif",
        "aria": False,  # a name for each of thousands of points helps nobody; the chart has one
        "view": {"stroke": None},
        "title": _title(theme),
        "axis": _axis(theme),
        "axisX": {"grid": False, "labelFlush": True},
        "axisY": {"domain": False, "ticks": False, "labelPadding": 6, "tickCount": 5},
        "legend": _legend(theme),
    }


def _title(theme: Theme) -> dict[str, Any]:
    return {
        "anchor": "start",
        "frame": "group",
        "color": colour("ink", theme),
        "subtitleColor": colour("soft", theme),
        "fontSize": 12,
        "fontWeight": 600,
        "subtitleFontSize": 11,
        "subtitlePadding": 3,
        "offset": 8,
        "limit": {"expr": "max(width, 200)"} if theme == "page" else 480,
    }


def _axis(theme: Theme) -> dict[str, Any]:
    return {
        "labelColor": colour("soft", theme),
        "titleColor": colour("soft", theme),
        "labelFontSize": 10,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "titlePadding": 6,
        "labelLimit": 140,
        "titleLimit": 360,
        "labelOverlap": "greedy",
        "gridColor": colour("grid", theme),
        "domainColor": colour("line", theme),
        "tickColor": colour("line", theme),
        "tickSize": 4,
    }


def _legend(theme: Theme) -> dict[str, Any]:
    return {
        "labelColor": colour("ink", theme),
        "titleColor": colour("soft", theme),
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "labelLimit": 220,
        "symbolSize": 90,
        "symbolStrokeWidth": 2.5,
        "gradientThickness": 8,
        "gradientLength": 110,
    }
