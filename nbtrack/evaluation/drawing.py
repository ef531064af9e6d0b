"""The pictures of a classifier, by MLflow's names of their files."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Line = tuple[str, Any, Any]  # label, x, y
_DPI = 110
_MOST_IN_LEGEND = 12
_BINS = 10


def line_plot(
    lines: Sequence[Line], *, title: str, names: tuple[str, str], chance: Line | None = None
) -> bytes:
    figure, axes = _canvas()
    if chance is not None:
        axes.plot(chance[1], chance[2], linestyle="--", linewidth=1, color="#999")
    for label, x, y in lines:
        axes.plot(x, y, linewidth=1.4, label=label)
    axes.set(title=title, xlabel=names[0], ylabel=names[1])
    axes.grid(visible=True, color="#e6e6e6", linewidth=0.6)
    if len(lines) <= _MOST_IN_LEGEND:
        axes.legend(fontsize=7, frameon=False)
    return _png(figure)


def matrix_plot(weighted: NDArray[np.float64], labels: Sequence[str]) -> bytes:
    """By row: what became of each true class."""
    totals = weighted.sum(axis=1, keepdims=True)
    shares = np.divide(weighted, totals, out=np.zeros_like(weighted), where=totals > 0)
    figure, axes = _canvas()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    places, shown = range(len(labels)), [label[:24] for label in labels]
    axes.set_xticks(places, shown, rotation=45, ha="right", fontsize=7)
    axes.set_yticks(places, shown, fontsize=7)
    if len(labels) <= _MOST_IN_LEGEND:
        for (row, column), share in np.ndenumerate(shares):
            look = {"ha": "center", "va": "center", "color": "white" if share > 0.55 else "#222"}
            axes.text(column, row, f"{share:.2f}", fontsize=6, **look)
    axes.set(title="Normalized confusion matrix", xlabel="predicted", ylabel="true")
    return _png(figure)


def calibration_line(label: str, is_positive: Any, share: Any) -> Line:
    """In ten equal parts of what was predicted: the mean there, and how much came true."""
    place = np.minimum((share * _BINS).astype(int), _BINS - 1)
    rows = np.bincount(place, minlength=_BINS)
    seen = rows > 0
    said = np.bincount(place, share, minlength=_BINS)[seen] / rows[seen]
    came = np.bincount(place, is_positive, minlength=_BINS)[seen] / rows[seen]
    return label, said, came


def lift_line(label: str, is_positive: Any, share: Any) -> Line:
    """Of the part that is likeliest: how many times as many are positive as in all."""
    hits = is_positive[np.argsort(share)[::-1]]
    ends = np.unique(np.linspace(1, len(hits), min(len(hits), 200)).astype(int))
    with np.errstate(invalid="ignore"):  # of none that is positive
        return label, ends / len(hits), np.cumsum(hits)[ends - 1] / ends / hits.mean()


def _canvas() -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure: Any = Figure(figsize=(5.6, 4.2), dpi=_DPI, facecolor="white")
    axes = figure.add_axes((0.16, 0.17, 0.8, 0.73))
    axes.locator_params(nbins=5)  # ticks are half of what drawing takes
    return figure, axes


def _png(figure: Any) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    buffer = io.BytesIO()
    canvas: Any = FigureCanvasAgg(figure)
    canvas.print_png(buffer, pil_kwargs={"compress_level": 1})
    return buffer.getvalue()
