"""The pictures of a fit, drawn from the numbers that a hook stored as JSON artifacts.

They are drawn when the run has ended; else by whoever looks at its artifacts first, in whichever
process.

matplotlib's `Figure` and Agg canvas only: no pyplot, no window, and no `rc_context`, which would
change the user's settings while it draws. So every colour, font and tick is given here, and looks
the same whatever style the user has chosen.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol

from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.artifact_store.store import ArtifactStore
from nbtrack.base.guard import guarded
from nbtrack.errors import ArtifactNotFound
from nbtrack.recording.run_writer import RunWriter
from nbtrack.records.runs import LifecycleStage, RunInfo
from nbtrack.stores.store import Store

INK, MUTED, FAINT, LINE, FILL = "#1f2430", "#6b7280", "#e5e7eb", "#1565c0", "#1565c01a"
RAMP = ("#f7fafd", "#d3e4f5", "#94c2e8", "#4b93d1", "#1565c0", "#0b3c78")
FONT = "DejaVu Sans"  # the one that comes with matplotlib
DPI = 160
MOST_WITH_COUNTS, MOST_WITH_SHARES = 8, 20  # classes
LONGEST_LABEL, LONGEST_FEATURE = 18, 32  # characters
MOST_FEATURES = 20
IMPORTANCE = "feature_importance_"  # in the name of the numbers, which are MLflow's: {feature: n}
IMPORTANCES = (
    "weight", "gain", "cover", "total_gain", "total_cover", "split", "PredictionValuesChange",
    "LossFunctionChange",
)  # fmt: skip


_FACTS = {"estimator", "rows", "is_weighted"}  # what the numbers of every plot have beside them


class RunLike(Protocol):
    """What drawing needs of a run: an open one, or `RunWriter` for one that is over."""

    is_deleted: bool

    @property
    def artifacts(self) -> ArtifactStore: ...

    def log_bytes(self, data: bytes, artifact_file: str) -> None: ...


@cache
def can_draw() -> bool:
    from importlib.util import find_spec

    return find_spec("matplotlib") is not None


def finish_plots(store: Store, info: RunInfo) -> None:
    """For who reads the artifacts of a run: draw what its process had no time for.

    A look for a few files, if there is nothing to do. What cannot be drawn or stored is said once.
    """
    if info.lifecycle_stage != LifecycleStage.ACTIVE or not can_draw():
        return
    with guarded(f"draw the plots of run {info.run_id}"):
        if _missing(open_artifacts(info.artifact_uri, run_id=info.run_id)):
            draw_missing_plots(RunWriter(store, info.run_id, artifact_uri=info.artifact_uri))


def draw_missing_plots(run: RunLike) -> list[str]:
    """Draw each plot of *run* whose numbers are stored and whose picture is not.

    Returns the new artifacts.
    """
    if run.is_deleted or not can_draw():
        return []
    drawn = []
    for name in _missing(run.artifacts):
        try:
            numbers = json.loads(run.artifacts.read(f"{name}.json"))
        except ArtifactNotFound:  # removed meanwhile
            continue
        if _is_ours(name, numbers):  # else it is a file of the user's
            run.log_bytes(draw(name, numbers), f"{name}.png")
            drawn.append(f"{name}.png")
    return drawn


def _missing(artifacts: ArtifactStore) -> list[str]:
    return [
        name
        for name in PICTURES
        if artifacts.has(f"{name}.json") and not artifacts.has(f"{name}.png")
    ]


def _is_ours(name: str, numbers: Any) -> bool:
    if not isinstance(numbers, dict):
        return False
    if name.startswith(IMPORTANCE):
        return bool(numbers) and all(isinstance(each, int | float) for each in numbers.values())
    return numbers.keys() >= _FACTS


def draw(name: str, numbers: dict[str, Any]) -> bytes:
    """A PNG of the plot *name*."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure: Any = PICTURES[name](numbers)
    buffer = io.BytesIO()
    # Not `savefig`, which follows the user's settings for borders and colours.
    canvas: Any = FigureCanvasAgg(figure)
    canvas.print_png(buffer)
    return buffer.getvalue()


def _confusion_matrix(numbers: dict[str, Any]) -> Any:
    import numpy as np

    counts = np.array(numbers["counts"], dtype=float)
    labels = [_clipped(label) for label in numbers["labels"]]
    count, longest = len(labels), max(map(len, labels))
    side = min(max(3.0, 0.62 * count), max(6.4, 0.15 * count))  # inches of the matrix
    font = min(9.0, max(5.0, 14 * 9 / count))
    wide = _inches("x" * longest, font)
    is_slanted = wide > 0.9 * side / count
    left, under = 0.75 + wide, 0.75 + (0.7 * wide if is_slanted else 0.0)
    width, height = left + side + 1.0, under + side + 0.85
    figure, axes = _canvas(width, height, (left, under, side, side))
    _header(figure, "Confusion matrix", numbers, note=_classes_note(numbers))
    shares = _by_row(counts)
    image = axes.imshow(
        shares, cmap=_ramp(), vmin=0, vmax=1, aspect="equal", origin="upper", interpolation="none"
    )
    _ticks(axes.xaxis, range(count), labels, size=font, rotation=40 if is_slanted else 0)
    _ticks(axes.yaxis, range(count), labels, size=font)
    _axis_names(axes, "Predicted", "True")
    between, gap = np.arange(count - 1) + 0.5, min(1.5, 20 / count)
    axes.hlines(between, -0.5, count - 0.5, colors="white", linewidth=gap)
    axes.vlines(between, -0.5, count - 0.5, colors="white", linewidth=gap)
    if count <= MOST_WITH_SHARES:
        _write_cells(axes, shares, counts, size=min(12.0, 17 * side / count))
    _colour_bar(figure, image, (left + side + 0.18, under, 0.12, side), (width, height))
    return figure


def _by_row(counts: Any) -> Any:
    import numpy as np

    totals = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)


def _classes_note(numbers: dict[str, Any]) -> str:
    shown, all_classes = len(numbers["labels"]), numbers["classes"]
    return f"the {shown} most frequent of {all_classes:,} classes" if shown < all_classes else ""


def _write_cells(axes: Any, shares: Any, counts: Any, *, size: float) -> None:
    import numpy as np

    has_counts = len(shares) <= MOST_WITH_COUNTS
    for row, column in np.argwhere(counts > 0):
        share, count = shares[row, column], counts[row, column]
        looks: dict[str, Any] = {"ha": "center", "color": "white" if share > 0.55 else INK}
        shown = f"{share:.0%}" if share >= 0.005 else "<1%"
        va, drop = ("bottom", 0.06) if has_counts else ("center_baseline", 0)
        _write(axes.text, column, row + drop, shown, size=size, va=va, weight="bold", **looks)
        if has_counts:
            whole = f"{count:,.0f}" if count == int(count) else f"{count:,.4g}"
            small: dict[str, Any] = {"size": size * 0.75, "alpha": 0.85}
            _write(axes.text, column, row + 0.12, whole, va="top", **small, **looks)


def _colour_bar(figure: Any, image: Any, place: Any, size: Any) -> None:
    (left, under, width, height), (full_width, full_height) = place, size
    spot = (left / full_width, under / full_height, width / full_width, height / full_height)
    bar = figure.colorbar(image, cax=figure.add_axes(spot))
    bar.outline.set_visible(False)
    bar.ax.grid(False, which="both")
    _ticks(bar.ax.yaxis, [0, 0.5, 1], ["0%", "50%", "100%"], size=8, side="right")


def _roc_curve(numbers: dict[str, Any]) -> Any:
    return _curve(
        numbers,
        title="ROC curve",
        measure=("AUC", numbers["auc"]),
        points=(numbers["fpr"], numbers["tpr"]),
        names=("False positive rate", "True positive rate"),
        chance=([0, 1], [0, 1]),
        is_stepped=False,
    )


def _precision_recall_curve(numbers: dict[str, Any]) -> Any:
    rate = numbers["positive_rate"]
    return _curve(
        numbers,
        title="Precision-recall curve",
        measure=("Average precision", numbers["average_precision"]),
        points=(numbers["recall"], numbers["precision"]),
        names=("Recall", "Precision"),
        chance=([0, 1], [rate, rate]),
        is_stepped=True,
    )


def _curve(
    numbers: dict[str, Any],
    *,
    title: str,
    measure: tuple[str, float],
    points: tuple[list[float], list[float]],
    names: tuple[str, str],
    chance: tuple[list[float], list[float]],
    is_stepped: bool,
) -> Any:
    width, height = 5.6, 5.0
    figure, axes = _canvas(width, height, (0.75, 0.7, 4.55, 3.35))
    _header(figure, title, numbers, note=f"positive class: {_clipped(numbers['positive_label'])}")
    _write(
        figure.text, 5.3 / width, 1 - 0.33 / height, f"{measure[0]} {measure[1]:.3f}",
        size=12, weight="bold", color=LINE, ha="right",
    )  # fmt: skip
    style = "steps-pre" if is_stepped else "default"
    axes.plot(
        *chance, color=MUTED, linewidth=1, linestyle=(0, (4, 3)), marker="", drawstyle="default",
        dash_capstyle="butt",
    )  # fmt: skip
    _write(
        axes.text, 0.985, chance[1][1] - 0.02 if is_stepped and chance[1][1] > 0.1 else 0.02,
        "dashed: chance", size=8, color=MUTED, ha="right", va="top" if is_stepped else "bottom",
    )  # fmt: skip
    axes.plot(
        *points, color=LINE, linewidth=2, linestyle="-", marker="", drawstyle=style,
        solid_joinstyle="round", solid_capstyle="round", clip_on=False, zorder=3,
    )  # fmt: skip
    axes.fill_between(
        *points, 0, color=FILL, linewidth=0, step="pre" if is_stepped else None, zorder=1
    )
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.005)
    steps = [0, 0.2, 0.4, 0.6, 0.8, 1]
    for axis in (axes.xaxis, axes.yaxis):
        _ticks(axis, steps, [f"{step:.1f}" for step in steps], size=9)
        axis.grid(True, color=FAINT, linewidth=0.8, linestyle="-", alpha=1)
    _axis_names(axes, *names)
    return figure


def _importances(kind: str) -> Callable[[dict[str, Any]], Any]:
    """*numbers* are by feature; the highest is on top."""

    def figure_of(numbers: dict[str, Any]) -> Any:
        found = sorted(numbers.items(), key=lambda each: -abs(each[1]))[:MOST_FEATURES][::-1]
        names = [_clipped(name, LONGEST_FEATURE) for name, _ in found]
        left = 0.35 + _inches("x" * max(map(len, names)), 9)
        height = 0.24 * len(found)
        figure, axes = _canvas(left + 5.0, height + 1.3, (left, 0.55, 4.6, height))
        shown = f"the {len(found)} of most weight of " if len(numbers) > len(found) else ""
        _title(figure, "Feature importance", [f"{kind} · {shown}{len(numbers):,} features"])
        axes.barh(range(len(found)), [value for _, value in found], height=0.72, color=LINE)
        axes.set_ylim(-0.6, len(found) - 0.4)
        _ticks(axes.yaxis, range(len(found)), names, size=9)
        axes.xaxis.grid(True, color=FAINT, linewidth=0.8, linestyle="-", alpha=1)
        places = [place for place in axes.get_xticks() if place >= 0 or found[0][1] < 0]
        _ticks(axes.xaxis, places, [f"{place:g}" for place in places], size=9)
        return figure

    return figure_of


def _canvas(width: float, height: float, place: tuple[float, float, float, float]) -> Any:
    """A figure and axes at *place* (left, bottom, width, height); all in inches."""
    from matplotlib.figure import Figure

    left, under, across, up = place
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white", layout="none")  # type: ignore[arg-type]
    axes = figure.add_axes((left / width, under / height, across / width, up / height))
    axes.set_facecolor("white")
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.grid(False, which="both")
    axes.set_axisbelow(True)
    return figure, axes


def _header(figure: Any, title: str, numbers: dict[str, Any], *, note: str) -> None:
    rows = f"{numbers['rows']:,} training rows"
    if "of_rows" in numbers:
        rows = f"sample of {numbers['rows']:,} of {numbers['of_rows']:,} training rows"
    weighted = " · weighted" if numbers["is_weighted"] else ""
    _title(figure, title, [f"{numbers['estimator']} · {rows}{weighted}", note])


def _title(figure: Any, title: str, lines: list[str]) -> None:
    width, height = figure.get_size_inches()
    left = 0.2 / width
    _write(
        figure.text, left, 1 - 0.33 / height, title, size=13, weight="bold", color=INK, ha="left"
    )
    for place, line in zip((0.55, 0.73), lines, strict=False):
        size = 8.5 * min(1.0, (width - 0.4) / max(_inches(line, 8.5), 0.1))
        _write(figure.text, left, 1 - place / height, line, size=size, color=MUTED, ha="left")


def _inches(text: str, size: float) -> float:
    """About how wide *text* is in the font; measuring it would cost a drawing."""
    return 0.0083 * size * len(text)


def _ticks(
    axis: Any,
    places: Any,
    labels: list[str],
    *,
    size: float,
    rotation: int = 0,
    side: str | None = None,
) -> None:
    side = side or ("bottom" if axis.axis_name == "x" else "left")
    across = ("bottom", "top") if axis.axis_name == "x" else ("left", "right")
    has_labels = {f"label{each}": each == side for each in across}
    axis.set_ticks(list(places))
    axis.set_ticks([], minor=True)
    axis.set_tick_params(which="both", length=0, pad=5, **has_labels)
    looks: dict[str, Any] = {"ha": "center"} if axis.axis_name == "x" else {"va": "center"}
    if rotation:
        looks = {"rotation": rotation, "ha": "right", "rotation_mode": "anchor"}
    axis.set_ticklabels(labels, fontsize=size, color=INK, **looks, **_PLAIN)


def _axis_names(axes: Any, across: str, up: str) -> None:
    looks = {"fontsize": 9.5, "color": MUTED, "labelpad": 6, "loc": "center", **_PLAIN}
    axes.set_xlabel(across, **looks, fontweight="normal")
    axes.set_ylabel(up, **looks, fontweight="normal")


_PLAIN: dict[str, Any] = {"fontfamily": FONT, "usetex": False, "parse_math": False}


def _write(
    write: Any, x: float, y: float, text: str, *, size: float, weight: str = "normal", **looks: Any
) -> None:
    write(x, y, text, fontsize=size, fontweight=weight, **looks, **_PLAIN)


@cache
def _ramp() -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("nbtrack", RAMP)


def _clipped(label: str, most: int = LONGEST_LABEL) -> str:
    line = " ".join(label.split()) or "''"
    return line if len(line) <= most else line[: most - 1] + "…"


PICTURES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "training_confusion_matrix": _confusion_matrix,
    "training_roc_curve": _roc_curve,
    "training_precision_recall_curve": _precision_recall_curve,
    **{f"{IMPORTANCE}{kind}": _importances(kind) for kind in IMPORTANCES},
}
