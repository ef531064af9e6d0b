"""What a user logs becomes the bytes of a file that others can open."""

from __future__ import annotations

import enum
import io
import json
import re
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from nbtrack.artifact_store.artifact_formats import (
    encode_dict,
    encode_figure,
    encode_image,
    image_series_paths,
)
from nbtrack.charts.loading import load_altair
from nbtrack.errors import InvalidValue, MissingExtra

load_altair()
import altair as alt  # noqa: E402 (loaded by now, in a third of the time)

PNG = b"\x89PNG\r\n"


class Colour(enum.Enum):
    RED = 1


class Mode(enum.StrEnum):
    FAST = "fast"


MIXED = {
    "lr": np.float32(0.5),
    "n": np.int64(3),
    "on": np.bool_(True),
    "long": np.longdouble(0.25),
    "sizes": (64, np.array([1, 2])),
    "names": {"b", "a"},
    "mode": Mode.FAST,
    np.int64(7): "key",
    "ü": "表 🚀",
}
PLAIN = {
    **{"lr": 0.5, "n": 3, "on": True, "long": 0.25, "sizes": [64, [1, 2]], "names": ["a", "b"]},
    **{"mode": "fast", "ü": "表 🚀"},
}


@pytest.mark.parametrize("path", ["a.json", "a", "a.txt", "dir.yaml/a"])
def test_a_dict_becomes_json(path):
    """Numpy values are numbers and lists; any suffix but YAML's gives JSON."""
    assert json.loads(encode_dict(MIXED, path)) == {**PLAIN, "7": "key"}


@pytest.mark.parametrize("path", ["a.yml", "a.yaml", "a.YAML"])
def test_a_dict_becomes_yaml_that_is_safe_to_load(path):
    """No Python tags, the order kept, accents readable."""
    data = encode_dict(MIXED, path)

    assert yaml.safe_load(data) == {**PLAIN, 7: "key"}
    assert "ü: 表 🚀" in data.decode()
    assert list(yaml.safe_load(encode_dict({"z": 1, "a": 2}, path))) == ["z", "a"]


def test_what_json_does_not_know_is_written_as_text():
    """As in MLflow: dates, paths, classes and enums become their text; NaN comes back as NaN."""
    value = {"d": date(2024, 1, 2), "p": Path("x/y"), "c": Colour.RED, "t": np.ndarray, "\udc80": 1}

    read = json.loads(encode_dict({**value, "nan": float("nan")}, "a.json"))

    assert read.pop("nan") != read
    assert read == {
        **{"d": "2024-01-02", "p": "x/y", "c": "Colour.RED"},
        **{"t": "<class 'numpy.ndarray'>", "\udc80": 1},
    }


def test_yaml_keeps_dates():
    """YAML has dates of its own; a pandas Timestamp becomes text."""
    value = {"d": date(2024, 1, 2), "t": datetime(2024, 1, 2, 3), "p": pd.Timestamp("2024-01-02")}

    read = yaml.safe_load(encode_dict(value, "a.yaml"))

    assert read == {**value, "p": "2024-01-02 00:00:00"}


def test_a_value_that_holds_itself_is_refused():
    """An endless value is named by its file, not by a stack overflow."""
    value: dict[str, object] = {}
    value["self"] = value

    with pytest.raises(InvalidValue, match=r"'a\.json'"):
        encode_dict(value, "a.json")


@pytest.mark.parametrize(
    ("path", "start"),
    [("a.png", PNG), ("a.PNG", PNG), ("a", PNG), ("a.svg", b"<?xml"), ("a.pdf", b"%PDF")],
)
def test_a_matplotlib_figure_in_the_format_of_its_suffix(path, start):
    """The suffix chooses; without one it is a PNG."""
    figure = pytest.importorskip("matplotlib.figure").Figure()
    figure.subplots().plot([1, 2])

    assert encode_figure(figure, path).startswith(start)


def test_save_kwargs_reach_the_library():
    """What the user asks of savefig is what is saved."""
    figure = pytest.importorskip("matplotlib.figure").Figure()

    small, large = (encode_figure(figure, "a.png", save_kwargs={"dpi": dpi}) for dpi in (20, 200))

    assert len(small) < len(large)


def test_a_plotly_figure_becomes_html_that_needs_no_network():
    """The page carries its own script."""
    go = pytest.importorskip("plotly.graph_objects")
    figure = go.Figure(go.Scatter(x=[1], y=[2]))

    html = encode_figure(figure, "a.html", save_kwargs={"auto_open": False}).decode()

    assert "Plotly.newPlot" in html
    assert not re.search(r"<script[^>]+src=", html)
    assert json.loads(encode_figure(figure, "a.json"))["data"][0]["x"] == [1]


def test_a_plotly_image_without_kaleido_says_what_to_install():
    """The optional library is named with its pip command."""
    go = pytest.importorskip("plotly.graph_objects")
    try:
        import kaleido  # noqa: F401
    except ImportError:
        with pytest.raises(MissingExtra, match=r"kaleido: pip install 'nbtrack\[plotly\]'"):
            encode_figure(go.Figure(), "a.png")
    else:
        pytest.skip("kaleido is installed")


@pytest.mark.parametrize("compound", ["chart", "chart + chart", "chart | chart", "chart & chart"])
def test_an_altair_chart_of_any_kind(compound):
    """Single, layered and concatenated charts become images, pages and specs."""
    chart = alt.Chart(alt.Data(values=[{"x": 1}])).mark_point().encode(x="x:Q")
    chart = {
        "chart": chart,
        "chart + chart": chart + chart,
        "chart | chart": chart | chart,
        "chart & chart": chart & chart,
    }[compound]

    assert encode_figure(chart, "a.png").startswith(PNG)
    assert encode_figure(chart, "a.svg").startswith(b"<svg")
    assert "$schema" in json.loads(encode_figure(chart, "a.json"))


def test_an_altair_page_needs_no_network():
    """The HTML carries Vega itself: no script or style is fetched."""
    chart = alt.Chart(alt.Data(values=[{"x": 1}])).mark_point().encode(x="x:Q")

    html = encode_figure(chart, "a.html").decode()

    assert not re.search(r'<(script|link)[^>]+(src|href)="http', html)
    assert len(html) > 500_000


@pytest.mark.parametrize("path", ["a.xyz", "a.docx"])
def test_an_unknown_suffix_names_the_known_ones(path):
    """The error says which suffixes the figure can be written as."""
    figures = [
        pytest.importorskip("matplotlib.figure").Figure(),
        pytest.importorskip("plotly.graph_objects").Figure(),
        alt.Chart(alt.Data(values=[])).mark_point(),
    ]
    for figure in figures:
        with pytest.raises(TypeError, match=r"cannot be written as '\.\w+'\. Use one of .*\.svg"):
            encode_figure(figure, path)


def test_what_is_no_figure_is_named_by_its_type():
    """The type is in the message, and what to pass instead."""
    with pytest.raises(InvalidValue, match=r"not builtins\.str\. .*axes\.figure"):
        encode_figure("a.png", "a.png")


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 1), (2, 3, 3), (2, 3, 4)])
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", "float32", "float64"])
def test_arrays_become_the_pixels_that_mlflow_makes(shape, dtype):
    """Every shape and type that MLflow takes gives the same image."""
    image_module = pytest.importorskip("PIL.Image")
    multimedia = pytest.importorskip("mlflow.tracking.multimedia")
    levels = np.linspace(0, 255 if "int" in dtype else 1, int(np.prod(shape)))
    array = levels.reshape(shape).astype(dtype)

    ours = image_module.open(io.BytesIO(encode_image(array, "a.png")))

    assert (np.array(ours) == np.array(multimedia.convert_to_pil_image(array))).all()


def test_floats_outside_the_unit_range_are_scaled_to_it():
    """As MLflow does, so that code which logs such images goes on; the caller's line is warned."""
    image_module = pytest.importorskip("PIL.Image")

    with pytest.warns(UserWarning, match=r"range \[0, 1\]: they were scaled") as warned:
        png = encode_image(np.array([[-1.0, 1.0, 3.0]]), "a.png")

    assert np.array(image_module.open(io.BytesIO(png))).tolist() == [[0, 127, 255]]
    assert warned[0].filename == __file__


@pytest.mark.parametrize(("value", "level"), [(-0.1, 0), (1.1, 255)])
def test_floats_that_are_all_one_go_to_the_nearer_end(value, level):
    """There is nothing to scale them by; MLflow divides by zero."""
    image_module = pytest.importorskip("PIL.Image")

    with pytest.warns(UserWarning, match="nearer end"):
        png = encode_image(np.array([[value, value]]), "a.png")

    assert np.array(image_module.open(io.BytesIO(png))).tolist() == [[level, level]]


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([[0.0, np.inf]]), r"from 0\.0 to inf.*\[0, 1\]"),
        (np.array([[np.nan, 1.0]]), r"nan.*\[0, 1\]"),
        (np.array([[0, 256]]), r"from 0 to 256.*\[0, 255\]"),
        (np.array([[-1, 3]]), r"from -1 to 3.*\[0, 255\]"),
        (np.array([["a"]]), "values: use bools"),
        (np.zeros((2, 2, 2)), r"\(2, 2, 2\).*1, 3 or 4"),
        (np.zeros(3), r"\(3,\)"),
        (np.zeros((0, 4)), "no pixels"),
    ],
)
def test_an_array_that_is_no_image_is_refused_with_its_numbers(array, message):
    """The error names what is wrong and the accepted range."""
    pytest.importorskip("PIL.Image")
    with pytest.raises(InvalidValue, match=message):
        encode_image(array, "a.png")


def test_pillow_images_and_their_wrappers_are_taken():
    """A Pillow image is saved as it is, and so is what has a to_pil()."""
    image_module = pytest.importorskip("PIL.Image")
    image = image_module.new("RGBA", (4, 4))

    class Wrapper:
        def to_pil(self):
            return image

    assert encode_image(image, "a.png") == encode_image(Wrapper(), "a.png")
    assert encode_image(image.convert("RGB"), "a.JPG").startswith(b"\xff\xd8")
    with pytest.raises(InvalidValue, match=r"RGBA as JPEG.*\.png"):
        encode_image(image, "a.jpg")
    for path in ("a", "a.xyz"):
        with pytest.raises(InvalidValue, match=r"end its name in \.png"):
            encode_image(image, path)
    with pytest.raises(InvalidValue, match=r"not builtins\.list"):
        encode_image([[1]], "a.png")


def test_an_image_series_has_the_names_that_mlflow_reads():
    """Key, step and time are in the name, separated by +; a slash becomes ~."""
    path, preview = image_series_paths("val/dogs 1", 3, timestamp_ms=1700000000000)

    assert re.fullmatch(
        r"images/val~dogs 1\+step\+3\+timestamp\+1700000000000\+[0-9a-f-]{36}\.png", path
    )
    assert preview == path.removesuffix(".png") + "+compressed.webp"
    for key in ("", "a:b", "a+b", "ü", "a\nb"):
        with pytest.raises(InvalidValue, match="Image key"):
            image_series_paths(key, 0, timestamp_ms=0)


def test_logging_a_dict_loads_no_heavy_library():
    """The formats a plain cell needs cost no import of pandas, matplotlib or altair."""
    code = (
        "import sys\n"
        "from nbtrack.artifact_store.artifact_formats import encode_dict, encode_table\n"
        "encode_dict({'a': 1}, 'a.json'); encode_table({'a': [1]}, 't.json')\n"
        "print([m for m in ('numpy', 'pandas', 'yaml', 'PIL', 'altair') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
