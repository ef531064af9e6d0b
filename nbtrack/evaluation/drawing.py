"""The pictures of a classifier, by MLflow's names of their files.

They are SVG, made into PNG by vl-convert: matplotlib takes six times as long for each, most of it
for ticks and text, and need not be there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nbtrack.charts.pictures import png_of_svg
from nbtrack.charts.run_styles import style_of
from nbtrack.display.markup import Html, clipped, tag
from nbtrack.evaluation.pixels import data_uri

Line = tuple[str, Any, Any]  # label, x, y
WIDTH, HEIGHT = 616, 462
_LEFT, _TOP, _ACROSS, _DOWN = 66, 44, 372, 356  # of what is drawn in, pixels
_LEGEND = _LEFT + _ACROSS + 16
_INK, _MUTED, _FAINT = "#1f2430", "#6b7280", "#e5e7eb"
_FEW, _MANY = (247, 250, 253), (11, 60, 120)  # red, green, blue of shares of 0 and 1
_MOST_IN_LEGEND = 12
_MOST_NAMES = 40  # of classes along an axis
LONGEST_NAME = 15  # of a class in the legend, with a number behind it; characters
_BINS = 10


def line_plot(
    lines: Sequence[Line], *, title: str, names: tuple[str, str], chance: Line | None = None
) -> bytes:
    """*x* goes from 0 to 1, *y* from 0; what is NaN is left out."""
    ticks = _ticks([y for _, _, y in lines])
    drawn = [] if chance is None else [_path(chance, ticks[-1], stroke=_MUTED, dash="5 4")]
    for place, line in enumerate(lines):
        look = style_of(place)
        dash = " ".join(map(str, look.dash)) or None
        drawn.append(_path(line, ticks[-1], stroke=look.colour, dash=dash))
        if len(lines) <= _MOST_IN_LEGEND:
            drawn += _legend_entry(place, line[0], stroke=look.colour, dash=dash)
    return _png(_grid(ticks) + drawn, title=title, names=names)


def matrix_plot(weighted: NDArray[np.float64], labels: Sequence[str]) -> bytes:
    """By row: what became of each true class."""
    totals = weighted.sum(axis=1, keepdims=True)
    shares = np.divide(weighted, totals, out=np.zeros_like(weighted), where=totals > 0)
    mixed = np.multiply.outer(1 - shares, _FEW) + np.multiply.outer(shares, _MANY)
    cells = tag(
        "image", x=_LEFT, y=_TOP, width=_ACROSS, height=_DOWN, preserveAspectRatio="none",
        image_rendering="optimizeSpeed", href=data_uri(mixed.astype(np.uint8)),
    )  # fmt: skip
    drawn = [cells, *_class_names(labels)]
    if len(labels) <= _MOST_IN_LEGEND:
        drawn += _shares_in_cells(shares)
    return _png(drawn, title="Normalized confusion matrix, %", names=("predicted", "true"))


def calibration_line(label: str, is_positive: Any, share: Any) -> Line:
    """In ten equal parts of what was predicted: the mean there, and how much came true."""
    place = np.minimum((share * _BINS).astype(int), _BINS - 1)
    rows = np.bincount(place, minlength=_BINS)
    seen = rows > 0
    said = np.bincount(place, share, minlength=_BINS)[seen] / rows[seen]
    came = np.bincount(place[is_positive], minlength=_BINS)[seen] / rows[seen]
    return label, said, came


def lift_line(label: str, is_positive: Any, share: Any) -> Line:
    """Of the part that is likeliest: how many times as many are positive as in all."""
    hits = is_positive[np.argsort(share)[::-1]]
    ends = np.unique(np.linspace(1, len(hits), min(len(hits), 200)).astype(int))
    with np.errstate(invalid="ignore"):  # of none that is positive
        return label, ends / len(hits), np.cumsum(hits)[ends - 1] / ends / hits.mean()


# --- parts of a picture


def _png(drawn: Sequence[Html], *, title: str, names: tuple[str, str]) -> bytes:
    ground = tag("rect", width=WIDTH, height=HEIGHT, fill="#fff")
    middle, level = _LEFT + _ACROSS / 2, _TOP + _DOWN / 2
    words = [
        _text(title, _LEFT, 26, size=15, anchor="start", font_weight="bold"),
        _text(names[0], middle, HEIGHT - 10, fill=_MUTED),
        _text(names[1], 16, level, fill=_MUTED, transform=f"rotate(-90 16 {level})"),
    ]
    whole: dict[str, Any] = {"width": WIDTH, "height": HEIGHT, "font_family": "sans-serif"}
    return png_of_svg(
        tag("svg", ground, *drawn, *words, xmlns="http://www.w3.org/2000/svg", **whole)
    )


def _grid(ticks: Sequence[float]) -> list[Html]:
    """With the numbers of both axes; *ticks* are those of y."""
    found = []
    for n in range(6):
        x = _LEFT + _ACROSS * n / 5
        found.append(_rule(x, _TOP, x, _TOP + _DOWN))
        found.append(_text(f"{n / 5:g}", x, _TOP + _DOWN + 18))
    for tick in ticks:
        y = _TOP + _DOWN * (1 - tick / ticks[-1])
        found.append(_rule(_LEFT, y, _LEFT + _ACROSS, y))
        found.append(_text(f"{tick:.6g}", _LEFT - 8, y + 4, anchor="end"))
    return found


def _ticks(values: Sequence[Any]) -> list[float]:
    """From 0 to 1, or to what is above all *values*, in steps of 1, 2 or 5 times a power of 10."""
    highest = max((float(np.nanmax(y)) for y in values if np.isfinite(y).any()), default=1.0)
    if highest <= 1:
        return [n / 5 for n in range(6)]
    size = 10.0 ** np.floor(np.log10(highest / 2))
    step = next(size * n for n in (1, 2, 5, 10) if highest / (size * n) <= 6)
    return [float(n * step) for n in range(int(np.ceil(highest / step)) + 1)]


def _path(line: Line, top: float, *, stroke: str, dash: str | None) -> Html:
    _, x, y = line
    across = _LEFT + _ACROSS * np.asarray(x, dtype=float)
    up = _TOP + _DOWN * (1 - np.asarray(y, dtype=float) / top)
    there = np.isfinite(across) & np.isfinite(up)
    places = np.column_stack([across[there], up[there]]).round(1)
    points = " ".join(map(str, places.ravel().tolist()))
    return tag(
        "polyline", points=points, fill="none", stroke=stroke, stroke_width="1.6",
        stroke_dasharray=dash, stroke_linejoin="round",
    )  # fmt: skip


def _legend_entry(place: int, label: str, *, stroke: str, dash: str | None) -> list[Html]:
    y = _TOP + 8 + 19 * place
    look = {"stroke": stroke, "stroke_width": 2, "stroke_dasharray": dash}
    words = _text(label, _LEGEND + 22, y + 4, anchor="start")
    return [_rule(_LEGEND, y, _LEGEND + 16, y, **look), words]


def _class_names(labels: Sequence[str]) -> list[Html]:
    """Of each, or of one in so many, below and beside the matrix."""
    is_turned = any(len(label) > 4 for label in labels) or len(labels) > _MOST_IN_LEGEND
    below, found = _TOP + _DOWN + 14, []
    for place in range(0, len(labels), 1 + (len(labels) - 1) // _MOST_NAMES):
        name = clipped(labels[place], 11)
        x = _LEFT + _ACROSS * (place + 0.5) / len(labels)
        y = _TOP + _DOWN * (place + 0.5) / len(labels)
        size = max(7, min(11, 340 // len(labels)))
        look = {"anchor": "end", "transform": f"rotate(-35 {x:.1f} {below})"} if is_turned else {}
        found += [
            _text(name, x, below, size=size, **look),
            _text(name, _LEFT - 6, y + 4, size=size, anchor="end"),
        ]
    return found


def _shares_in_cells(shares: NDArray[np.float64]) -> list[Html]:
    """Short ones, as each character costs as much as a line; 0 is left out."""
    count = len(shares)
    return [
        _text(
            f"{share:.0%}".rstrip("%"), _LEFT + _ACROSS * (column + 0.5) / count,
            _TOP + _DOWN * (row + 0.5) / count + 4, fill="#fff" if share > 0.5 else _INK,
        )
        for (row, column), share in np.ndenumerate(shares)
        if share >= 0.005
    ]  # fmt: skip


def _rule(x1: float, y1: float, x2: float, y2: float, **look: Any) -> Html:
    places = {"x1": f"{x1:.1f}", "y1": f"{y1:.1f}", "x2": f"{x2:.1f}", "y2": f"{y2:.1f}"}
    return tag("line", **places, **({"stroke": _FAINT} | look))


def _text(
    text: str, x: float, y: float, *, size: int = 11, anchor: str = "middle", **look: Any
) -> Html:
    place: dict[str, Any] = {"x": f"{x:.1f}", "y": f"{y:.1f}", "font_size": size}
    return tag("text", text, **place, text_anchor=anchor, **({"fill": _INK} | look))
