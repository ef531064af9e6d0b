"""Static pictures, and the Vega bundle: made offline by what vl-convert carries."""

from __future__ import annotations

import struct
import xml.etree.ElementTree as ElementTree
from base64 import b64decode

import pytest

from nbtrack.charts.drawing_process import DrawingFailed, DrawingProcess
from nbtrack.charts.metric_lines import metric_lines
from nbtrack.charts.pictures import PICTURE_WIDTH, drawable, picture_bundle
from nbtrack.charts.vega_bundle import vega_bundle
from nbtrack.records.views import MetricSeries

HOSTILE = "<img src=x onerror=alert(1)>"
RUN = "a" * 32


def loss() -> MetricSeries:
    last = [3.0, 2.0, 1.5, 1.2]
    return MetricSeries(
        run_id=RUN, key="loss", x=[0.0, 1.0, 2.0, 3.0], low=last, high=last, last=last, count=4
    )


def drawing(name: str = "fit"):
    return metric_lines(
        [loss()], names={RUN: name}, theme="paper", width=PICTURE_WIDTH, has_legend=True
    )


def svg_of(drawn):
    return picture_bundle(drawn, "")["image/svg+xml"]


def test_the_svg_holds_the_line_and_the_words():
    """It is well-formed, and its text is text."""
    tree = ElementTree.fromstring(svg_of(drawing()))
    words = {node.text for node in tree.iter("{http://www.w3.org/2000/svg}text")}

    assert {"loss", "fit", "step"} <= words


def test_the_png_has_twice_the_pixels():
    """The width of the chart and its legend, at scale 2."""
    data = b64decode(picture_bundle(drawing(), "")["image/png"])
    width, height = struct.unpack(">II", data[16:24])

    assert data.startswith(b"\x89PNG")
    assert width > 2 * PICTURE_WIDTH
    assert height > 300


def test_names_in_pictures_stay_text():
    """A run named like markup is one text node, and no element."""
    svg = svg_of(drawing(HOSTILE))
    tags = {node.tag.rpartition("}")[2] for node in ElementTree.fromstring(svg).iter()}

    assert "<img" not in svg
    assert HOSTILE in "".join(ElementTree.fromstring(svg).itertext())
    assert not tags & {"img", "script", "image", "foreignObject", "a"}


def test_a_bundle_has_something_for_everybody():
    """An untrusted notebook shows the PNG, a terminal the text; LaTeX takes the PDF."""
    bundle = picture_bundle(drawing(), "loss of fit")

    assert set(bundle) == {"image/svg+xml", "image/png", "application/pdf", "text/plain"}
    assert b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    assert b64decode(bundle["application/pdf"]).startswith(b"%PDF")
    assert bundle["text/plain"] == "loss of fit"


def test_the_vega_bundle_is_one_module_made_once():
    """It exports vegaEmbed, imports nothing, and the second call is the same text."""
    text = vega_bundle()

    assert text.rstrip().endswith("as vegaEmbed};")
    assert not any(line.lstrip().startswith("import ") for line in text.split("\n"))
    assert vega_bundle() is text


@pytest.fixture
def process():
    made = DrawingProcess()
    yield made
    made.close()


def test_a_process_draws_for_the_kernel(process):
    """Specs by x, and pictures; what it cannot draw is an error, and it goes on."""
    assert set(process.specs()) == {"step", "relative"}
    assert process.specs()["step"]["layer"][0]["mark"]["type"] == "area"

    with pytest.raises(DrawingFailed):
        process._ask("picture", {"series": "nonsense"})
    bundle = process.picture([loss()], names={RUN: HOSTILE}, x={}, title=HOSTILE)
    assert "<img" not in bundle["image/svg+xml"]


def test_no_character_ends_the_process(process):
    """Such as a stranger's run may be called by: vl-convert would abort at one."""
    process.start()
    its_own, no_xml = process._child, "a\0\b\x0b\f\x0e\x1f\ufffe\uffff\udfff"
    titled = {"x": {"field": "y", "title": "a\\x01", "type": "quantitative"}}

    bundle = process.picture([loss()], names={RUN: no_xml}, x={}, title=no_xml)
    process.foreign_picture({"data": {"values": [{"y": 1}]}, "mark": "point", "encoding": titled})

    assert process._child is its_own
    words = "".join(ElementTree.fromstring(bundle["image/svg+xml"]).itertext())
    assert "a‹x00›‹x08›‹x0b›‹x0c›‹x0e›‹x1f›‹ufffe›‹uffff›‹udfff›" in words


def test_a_spec_that_can_be_drawn_is_left_as_it_is():
    """Tabs and ends of lines divide the data of a CSV text."""
    spec = {"data": {"values": "a\tb\r\n1\t2"}, "title": "\\b"}

    assert drawable(spec) == spec
    assert drawable({**spec, "ti\0": ["\0"]}) == {**spec, "ti‹x00›": ["‹x00›"]}


def test_a_process_that_ended_is_started_again(process):
    """It ends by itself when it is idle for long."""
    process.start()
    process._child.kill()
    process._child.wait()

    assert process.specs()
