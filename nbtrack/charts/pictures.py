"""Static pictures of charts, made offline by vl-convert: for saved notebooks and other readers."""

from __future__ import annotations

import json
import re
from typing import Any

from nbtrack.charts.drawing import Drawing, whole_spec_of
from nbtrack.charts.shown_text import shown_text

PICTURE_WIDTH = 640  # pixels: fits the output of a notebook 960 px wide, with a legend beside it
PNG_SCALE = 2.0  # sharp on dense screens
_ADDRESS = re.compile(r"""\s(?:xlink:)?href\s*=\s*("(?!data:|\#)[^"]*"|'(?!data:|\#)[^']*')""")
_MAJOR = re.compile(r"/vega-lite/v(\d+)")
# What no XML may hold: at one such character in a name, vl-convert ends the whole process.
_DEADLY = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_DATA = ("data", "datasets", "values")
_DEADLY_IN_JSON = re.compile(r"\\u00[01]|\\[bf]|[\ud800-\udfff\ufffe\uffff]")


def picture_bundle(drawing: Drawing, alt_text: str) -> dict[str, Any]:
    """A display bundle: an untrusted notebook refuses the SVG and shows the PNG; LaTeX takes the
    PDF, which nbconvert would else make by Inkscape, or fail."""
    return bundle_of_spec(whole_spec_of(drawing), alt_text)


def bundle_of_spec(spec: dict[str, Any], alt_text: str) -> dict[str, Any]:
    """The same of Vega-Lite that stands alone."""
    from base64 import b64encode

    svg = _svg_from(spec)
    return {
        "image/svg+xml": svg,
        "image/png": b64encode(png_of_svg(svg, scale=PNG_SCALE)).decode("ascii"),
        "application/pdf": b64encode(_pdf_from(svg)).decode("ascii"),
        "text/plain": alt_text,
    }


def png_of_foreign(spec: dict[str, Any]) -> bytes:
    """Of Vega-Lite that somebody else wrote: data and images elsewhere are not fetched."""
    written_for = _MAJOR.search(str(spec.get("$schema")))
    version = vega_lite_version(int(written_for[1]) if written_for else None)
    svg = _svg_from(spec, vl_version=version, allowed_base_urls=[])
    return png_of_svg(_ADDRESS.sub("", svg), scale=PNG_SCALE)


def vega_lite_version(major: int | None = None) -> str:
    """The newest that vl-convert has of a *major* version, by default of the one that Altair
    writes: "6.4". Altair's major version is Vega-Lite's, and need not be imported for it."""
    from importlib.metadata import version

    import vl_convert

    known = [tuple(map(int, each.split("."))) for each in vl_convert.get_vegalite_versions()]
    major = major or int(version("altair").split(".")[0])
    newest = max([each for each in known if each[0] == major] or known)
    return ".".join(map(str, newest))


def svg_of(drawing: Drawing) -> str:
    """With the colours of the page that it will stand in, if it is drawn for a page."""
    return _svg_from(whole_spec_of(drawing))


def _svg_from(spec: dict[str, Any], *, vl_version: str | None = None, **options: Any) -> str:
    options["vl_version"] = vl_version or vega_lite_version()
    svg = _svg_of_titles(drawable(spec), options)
    return str(_written_out(svg))  # a backslash in a title may have made one


def _svg_of_titles(spec: dict[str, Any], options: dict[str, Any]) -> str:
    """As they are, if Vega draws them: some titles become code of its own, and must not break."""
    from vl_convert import vegalite_to_svg

    try:
        return str(vegalite_to_svg(spec, **options))
    except ValueError:
        if (titled := _titled(spec)) == spec:
            raise
        return str(vegalite_to_svg(titled, **options))


def drawable(spec: dict[str, Any]) -> dict[str, Any]:
    """With characters that would end the process written out, in keys and fields alike. Nearly
    always there are none, and one look at the JSON text tells so, faster than a walk through it."""
    text = json.dumps(spec, ensure_ascii=False, default=str, skipkeys=True)
    if not _DEADLY_IN_JSON.search(text):
        return spec
    written: dict[str, Any] = _written_out(spec)
    return written


def _titled(part: Any, key: str = "") -> Any:
    """Titles in a line each. What else a title may be has its text below it."""
    if isinstance(part, str):
        return shown_text(part) if key == "title" else part
    if isinstance(part, dict):
        return {k: v if k in _DATA else _titled(v, k) for k, v in part.items()}
    return [_titled(each, key) for each in part] if isinstance(part, list | tuple) else part


def _written_out(part: Any) -> Any:
    """Without a backslash, which would stand for something in a field's name or a title."""
    if isinstance(part, str):
        return _DEADLY.sub(lambda found: f"‹{ascii(found[0])[2:-1]}›", part)
    if isinstance(part, dict):
        return {_written_out(key): _written_out(value) for key, value in part.items()}
    return [_written_out(each) for each in part] if isinstance(part, list | tuple) else part


def png_of_svg(svg: str, *, scale: float = 1.0) -> bytes:
    """Text in a font that is not there is left out; "sans-serif" is there. If the SVG of a chart is
    at hand, this takes a third of the time of another layout."""
    import vl_convert

    return bytes(vl_convert.svg_to_png(svg, scale=scale))


def _pdf_from(svg: str) -> bytes:
    import vl_convert

    return bytes(vl_convert.svg_to_pdf(svg))
