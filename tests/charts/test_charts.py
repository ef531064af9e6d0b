"""Charts of metrics as pure functions: what the spec says, and what the rows hold."""

from __future__ import annotations

import json
import math

import pandas as pd
import pytest

from nbtrack.charts.drawing import packed, spec_of, whole_spec_of
from nbtrack.charts.metric_bars import metric_bars
from nbtrack.charts.metric_lines import line_rows, metric_lines
from nbtrack.charts.run_styles import PALETTE, run_colours, run_labels
from nbtrack.charts.small_multiples import small_multiples
from nbtrack.charts.smoothing import ema
from nbtrack.charts.theme import SEQUENCE
from nbtrack.records.views import MetricSeries

A, B = "a" * 32, "b" * 32
NAMES = {A: "first", B: "second"}


def series(run_id: str = A, last=(3.0, 2.0, 1.0), *, key: str = "loss", count=None):
    return MetricSeries(
        run_id=run_id,
        key=key,
        x=[float(place) for place in range(len(last))],
        low=[value - 0.5 if math.isfinite(value) else None for value in last],
        high=[value + 0.5 if math.isfinite(value) else None for value in last],
        last=list(last),
        count=len(last) if count is None else count,
    )


def marks(spec):
    return [layer["mark"]["type"] for layer in spec["layer"]]


def params(spec):
    layers = [*spec.get("layer", []), spec]
    return {param["name"] for layer in layers for param in layer.get("params", [])}


def test_rows_travel_apart_from_the_spec():
    """The spec names its data and holds none of it; the whole one holds all."""
    drawing = metric_lines([series()], names=NAMES)

    assert spec_of(drawing)["data"] == {"name": "rows"}
    assert "datasets" not in spec_of(drawing)
    assert whole_spec_of(drawing)["datasets"] == {"rows": drawing.rows}
    json.dumps(whole_spec_of(drawing), allow_nan=False)


def test_what_is_drawn_is_vega_lite():
    """By Altair's whole schema; the panel does not check that at every drawing."""
    every = [
        metric_lines([series(), series(B, count=9)], names=NAMES, smoothing=0.5, is_log=True),
        metric_bars({A: 1.0, B: 2.0}, key="f1", names=NAMES),
        small_multiples([series(), series(B, key="f1")], names=NAMES, charts=[["loss", "f1"]]),
    ]
    for drawing in every:
        drawing.chart.to_dict(validate=True)


def test_each_run_is_one_line_of_its_colour():
    """Labels are the domain of the colours, in the order of the runs."""
    spec = spec_of(metric_lines([series(A), series(B)], names=NAMES))
    scale = spec["encoding"]["color"]["scale"]

    assert scale["domain"] == ["first", "second"]
    assert scale["range"] == list(PALETTE[:2])
    assert marks(spec) == ["line", "point"]


@pytest.mark.parametrize(
    ("x", "kind"), [("step", "quantitative"), ("relative", "quantitative"), ("time", "temporal")]
)
def test_the_x_axis_is_what_was_asked(x, kind):
    """Steps, seconds since the start, or the time of day."""
    encoding = spec_of(metric_lines([series()], names=NAMES, x=x))["encoding"]

    assert encoding["x"]["type"] == kind


def test_a_brush_over_x_is_called_zoom():
    """The page listens to that name; a static picture has no brush."""
    assert params(spec_of(metric_lines([series()], names=NAMES))) == {"zoom", "highlight"}
    assert params(spec_of(metric_lines([series()], names=NAMES, theme="paper"))) == set()


def test_buckets_have_a_band():
    """Where points came in buckets, an area goes from the lowest to the highest."""
    plain = metric_lines([series()], names=NAMES)
    bucketed = metric_lines([series(count=300)], names=NAMES)

    assert "area" not in marks(spec_of(plain))
    assert marks(spec_of(bucketed))[0] == "area"
    assert (bucketed.rows[0]["low"], bucketed.rows[0]["high"]) == (2.5, 3.5)
    assert {row["low"] for row in plain.rows} == {None}


def test_smoothing_keeps_the_raw_line():
    """`y` is the average, `raw` what was logged, in a line of its own."""
    drawing = metric_lines([series(last=[1.0, 0.0])], names=NAMES, smoothing=0.5)

    assert [row["raw"] for row in drawing.rows] == [1.0, 0.0]
    assert drawing.rows[1]["y"] == pytest.approx(1 / 3)
    assert marks(spec_of(drawing)).count("line") == 2


def test_ema_of_a_hand_computed_case():
    """weight 0.5 of 4, 2, 6: 4, then (2·1 + 4·½)/1½, then (6 + 1 + 1)/1¾."""
    assert ema([4, 2, 6], 0.5) == pytest.approx([4, 8 / 3, 32 / 7])


@pytest.mark.parametrize("weight", [0.0, 0.3, 0.9, 0.999])
def test_ema_is_that_of_pandas(weight):
    """The same numbers as `Series.ewm(alpha=1 - weight).mean()`, gaps left as they are."""
    values = [math.sin(n) + n / 10 for n in range(50)]
    values[7] = values[20] = None
    expected = pd.Series(values, dtype=float).ewm(alpha=1 - weight, ignore_na=True).mean()

    found = ema(values, weight)
    assert [n for n, value in enumerate(found) if value is None] == [7, 20]
    assert [v for v in found if v is not None] == pytest.approx(expected.drop([7, 20]).tolist())


def test_what_cannot_be_drawn_is_a_gap():
    """NaN and infinities, and on a log scale what is not above 0, and the title counts those."""
    values = [1.0, math.nan, math.inf, 0.0, -2.0, 5.0]

    assert [row["y"] for row in line_rows([series(last=values)], names=NAMES)] == [
        1.0, None, None, 0.0, -2.0, 5.0,
    ]  # fmt: skip
    log = metric_lines([series(last=values)], names=NAMES, is_log=True)
    assert [row["y"] for row in log.rows] == [1.0, None, None, None, None, 5.0]
    assert spec_of(log)["encoding"]["y"]["scale"]["type"] == "log"
    assert "2 places are not above 0" in spec_of(log)["title"]["subtitle"]


def test_the_end_of_a_line_is_marked():
    """The last place that can be drawn has the dot: the only thing to see of a single point."""
    rows = line_rows([series(last=[1.0, 2.0, math.nan])], names=NAMES)

    assert [row["end"] for row in rows] == [0, 1, 0]


def test_colours_are_distinct_and_then_dashed():
    """Ten colours; later runs have them again with a pattern, so no two looks are equal."""
    styles = run_colours([f"run {n}" for n in range(40)])

    assert len({style.colour for style in styles.values()}) == 10
    assert len(set(styles.values())) == 40
    assert all(style.dash == () for style in list(styles.values())[:10])
    assert run_colours(["run 0", "run 1"])["run 1"] == styles["run 1"]


def test_dashes_are_in_the_spec_only_when_needed():
    """Eleven runs need a second look; two do not."""
    many = [series(f"{n:032x}") for n in range(11)]
    few = spec_of(metric_lines(many[:2], names={}))
    spec = spec_of(metric_lines(many, names={}))

    assert not any("strokeDash" in layer["encoding"] for layer in few["layer"][:1])
    assert spec["layer"][0]["encoding"]["strokeDash"]["scale"]["range"][10] == [6, 3]


def test_runs_of_one_name_are_told_apart():
    """By the beginning of the id; a run without a name has that for a name."""
    labels = run_labels([A, B, "c" * 32], {A: "fit", B: "fit", "c" * 32: None})

    assert list(labels.values()) == [f"fit · {A[:8]}", f"fit · {B[:8]}", "c" * 8]


def test_packed_rows_hold_each_text_once():
    """Numbers stay lists, texts become codes into their distinct values."""
    rows = [{"run": "a", "y": 1.0}, {"run": "b", "y": None}, {"run": "a", "y": 2.0}]

    assert packed(rows) == {
        "length": 3,
        "columns": {"run": {"values": ["a", "b"], "codes": [0, 1, 0]}, "y": [1.0, None, 2.0]},
    }
    assert packed([]) == {"length": 0, "columns": {}}


def test_colours_of_the_page_follow_its_theme():
    """Axes and titles take CSS variables with a fallback; on paper they are plain."""
    page = json.dumps(spec_of(metric_lines([series()], names=NAMES))["config"])
    paper = json.dumps(spec_of(metric_lines([series()], names=NAMES, theme="paper"))["config"])

    assert "var(--jp-content-font-color1, #222)" in page
    assert "var(" not in paper


def test_small_multiples_choose_by_predicate():
    """One chart per metric; the metric's name is compared as data, whatever is in it."""
    odd = "a'b\"] === 1 || true"
    runs = [series(key="loss"), series(B, key="loss"), series(key=odd)]
    spec = spec_of(small_multiples(runs, names={A: "same", B: "same"}))

    assert [part["transform"][0]["filter"] for part in spec["concat"]] == [
        {"field": "key", "equal": "loss"},
        {"field": "key", "equal": odd},
    ]
    drawn = {row["run"] for row in small_multiples(runs, names={A: "same", B: "same"}).rows}
    assert drawn <= set(spec["concat"][0]["encoding"]["color"]["scale"]["domain"])


def luminance(colour: str) -> float:
    """As WCAG has it: https://www.w3.org/TR/WCAG21/#dfn-relative-luminance"""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear))


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colour", [*PALETTE, *SEQUENCE])
def test_a_thin_line_is_seen_in_both_themes(colour):
    """On the ground of JupyterLab's dark theme, and on white."""
    assert contrast(colour, "#222222") >= 3
    assert contrast(colour, "#ffffff") >= 2
    assert contrast("#00785a", "#222222") < 3  # a green that was too dark
