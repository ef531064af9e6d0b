"""What a user hands to log_dict, log_figure and log_image, as the bytes of a file.

Pure functions. The libraries that made the objects are loaded already, or it is not theirs: so
they are looked up in `sys.modules` and never imported to find out. Tables: table_formats.py.
"""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any
from uuid import uuid4

from nbtrack.artifact_store.table_formats import decode_table, encode_table
from nbtrack.base.guard import advise
from nbtrack.base.imported import imported
from nbtrack.base.plain_values import plain
from nbtrack.errors import InvalidValue, WrongType, require

__all__ = [
    "decode_table",
    "encode_dict",
    "encode_figure",
    "encode_image",
    "encode_preview",
    "encode_table",
    "image_series_paths",
    "pillow_image",
]

IMAGE_KEY = re.compile(r"[\w\-./ ]+", re.ASCII)
_TOO_FAR = "Float pixel values out of acceptable range [0, 1]"
IMAGE_KINDS = "biuf"  # numpy's letters for bool, signed, unsigned and floating
PREVIEW_PIXELS = 256  # of the longer side


def encode_dict(value: Any, path: str) -> bytes:
    """*value* as YAML for .yml and .yaml, as JSON for any other suffix.

    What neither format knows is written as its text. NaN and infinities are written as Python's
    json module writes and reads them.
    """
    try:
        if _suffix(path) in (".yml", ".yaml"):
            return _yaml(plain(value, _yaml_scalar))
        text = json.dumps(_with_own_keys(plain(value), path), indent=2, ensure_ascii=False)
    except RecursionError as exc:
        raise InvalidValue(
            f"The value for {path!r} holds itself, or is nested too deeply. Log a flatter one."
        ) from exc
    # A lone surrogate has no UTF-8; its backslash form is the JSON escape for it.
    return text.encode("utf-8", "backslashreplace")


def _with_own_keys(value: Any, path: str) -> Any:
    """*value* itself. JSON's keys are texts: of 1 and "1" a reader would see only one."""
    if isinstance(value, list):
        for item in value:
            _with_own_keys(item, path)
    elif isinstance(value, dict):
        texts: dict[str, Any] = {}
        for key, item in value.items():
            text = key if isinstance(key, str) else json.dumps(key)
            if text in texts:
                raise InvalidValue(
                    f"The value for {path!r} has the keys {texts[text]!r} and {key!r}, which are "
                    "one key in JSON. Rename one, or log it to a .yaml file."
                )
            texts[text] = key
            _with_own_keys(item, path)
    return value


def _yaml(value: Any) -> bytes:
    import yaml

    text: str = yaml.safe_dump(value, indent=2, sort_keys=False, allow_unicode=True)
    return text.encode()


def _yaml_scalar(value: Any) -> Any:
    from datetime import date, datetime

    return value if type(value) in (date, datetime, bytes) else str(value)


def encode_figure(figure: Any, path: str, *, save_kwargs: Mapping[str, Any] | None = None) -> bytes:
    """A matplotlib, plotly or Altair figure in the format that the suffix of *path* names.

    *save_kwargs* go to the library's own save function. HTML carries its scripts inside, so that
    it opens without a network.
    """
    kwargs = dict(save_kwargs or {})
    if _is_instance(figure, "matplotlib.figure", "Figure"):
        return _matplotlib_bytes(figure, _suffix(path) or ".png", kwargs)
    if _is_instance(figure, "plotly.basedatatypes", "BaseFigure"):
        return _plotly_bytes(figure, _suffix(path), kwargs)
    if _is_instance(figure, "altair", "TopLevelMixin"):
        return _altair_bytes(figure, _suffix(path), kwargs)
    raise WrongType(
        f"log_figure takes a matplotlib, plotly or Altair figure, not {_type_name(figure)}. "
        "With matplotlib axes, pass axes.figure."
    )


def _is_instance(value: object, module: str, name: str) -> bool:
    kind = imported(module, name)
    return isinstance(kind, type) and isinstance(value, kind)


def _matplotlib_bytes(figure: Any, suffix: str, kwargs: dict[str, Any]) -> bytes:
    known = figure.canvas.get_supported_filetypes()
    kwargs.setdefault("format", suffix[1:])
    _check_suffix(f".{kwargs['format']}", [f".{name}" for name in known], "matplotlib figure")
    buffer = io.BytesIO()
    figure.savefig(buffer, **kwargs)
    return buffer.getvalue()


def _plotly_bytes(figure: Any, suffix: str, kwargs: dict[str, Any]) -> bytes:
    images = (".png", ".jpg", ".jpeg", ".webp", ".svg", ".pdf")
    _check_suffix(suffix, (".html", ".json", *images), "plotly figure")
    if suffix in images:
        require("kaleido", extra="plotly")
        return bytes(figure.to_image(**{"format": suffix[1:], **kwargs}))
    if suffix == ".json":
        return str(figure.to_json(**kwargs)).encode()
    kwargs.pop("auto_open", None)  # MLflow's callers pass it; it belongs to files only
    return str(figure.to_html(**{"include_plotlyjs": True, **kwargs})).encode()


def _altair_bytes(chart: Any, suffix: str, kwargs: dict[str, Any]) -> bytes:
    binary, textual = (".png", ".pdf"), (".html", ".json", ".svg")
    _check_suffix(suffix, (*textual, *binary), "Altair chart")
    if suffix == ".html":
        kwargs.setdefault("inline", True)
    buffer = io.BytesIO() if suffix in binary else io.StringIO()
    chart.save(buffer, **{"format": suffix[1:], **kwargs})
    content = buffer.getvalue()
    return content if isinstance(content, bytes) else content.encode()


def _check_suffix(suffix: str, known: Iterable[str], what: str) -> None:
    if suffix not in known:
        raise WrongType(
            f"A {what} cannot be written as {suffix or 'a file without a suffix'!r}. "
            f"Use one of {', '.join(sorted(known))}."
        )


def encode_image(image: Any, path: str) -> bytes:
    """An image in the format that the suffix of *path* names.

    *image* is a Pillow image, an object with `to_pil()`, or a numpy array of height x width
    (x 1, 3 or 4 channels: grey, RGB, RGBA) of bools, integers 0 to 255 or floats 0 to 1.
    """
    require("PIL", extra="images")
    from PIL import Image

    kind = Image.registered_extensions().get(_suffix(path))
    if kind not in Image.SAVE:
        raise InvalidValue(
            f"Image file {path!r}: end its name in .png, .jpg, .webp or another suffix that "
            "Pillow writes."
        )
    buffer = io.BytesIO()
    try:
        pillow_image(image).save(buffer, format=kind)
    except OSError as exc:  # Pillow's word for a mode that the format cannot hold
        raise InvalidValue(f"The image for {path!r}: {exc}. A .png holds most modes.") from exc
    return buffer.getvalue()


def encode_preview(picture: Any) -> bytes | None:
    """A Pillow image as a small WebP, for MLflow's pages; None if Pillow makes none of it."""
    small, buffer = picture.copy(), io.BytesIO()
    try:
        small.thumbnail((PREVIEW_PIXELS, PREVIEW_PIXELS))
        small.save(buffer, format="WEBP", method=0)  # the fastest
    except (OSError, ValueError, KeyError):  # a mode that has none, a build without WebP
        return None
    return buffer.getvalue()


def pillow_image(image: Any) -> Any:
    """What `encode_image` takes, as a Pillow image."""
    require("PIL", extra="images")
    from PIL import Image

    if isinstance(image, Image.Image):
        return image
    if _is_instance(image, "numpy", "ndarray"):
        return Image.fromarray(_pixels(image))
    if hasattr(image, "to_pil"):
        return image.to_pil()
    raise WrongType(
        f"log_image takes a numpy array or a Pillow image, not {_type_name(image)}. "
        "For a tensor, pass tensor.cpu().numpy() with the channels last."
    )


def _pixels(array: Any) -> Any:
    """*array* as uint8, height x width (x 3 or 4); floats are cut, not rounded, as in MLflow."""
    if array.dtype.kind not in IMAGE_KINDS:
        raise WrongType(f"An image of {array.dtype} values: use bools, integers or floats.")
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise InvalidValue(
            f"An image of shape {array.shape}: use (height, width), or (height, width, channels) "
            "with 1, 3 or 4 channels."
        )
    if array.size == 0:
        raise InvalidValue(f"An image of shape {array.shape} has no pixels.")
    grey = array[:, :, 0] if array.ndim == 3 and array.shape[2] == 1 else array
    return _checked_levels(grey).astype("uint8")


def _checked_levels(array: Any) -> Any:
    highest = 255 if array.dtype.kind in "iu" else 1
    low, high = array.min(), array.max()
    if highest == 1 and -math.inf < low and high < math.inf and (low < 0 or high > 1):
        return _scaled(array, low, high) * 255
    if not (low >= 0 and high <= highest):  # written so that NaN fails too
        raise InvalidValue(
            f"An image with {array.dtype} values from {low} to {high}: they must lie in "
            f"[0, {highest}]. Scale them with (x - x.min()) / (x.max() - x.min()), for example."
        )
    return array if highest == 255 else array * 255


def _scaled(array: Any, low: Any, high: Any) -> Any:
    if low == high:
        advise(f"{_TOO_FAR} and all one: they were set to its nearer end.")
        return array.clip(0, 1)
    advise(f"{_TOO_FAR}: they were scaled to it, as MLflow does.")
    return (array - low) / (high - low)


def image_series_paths(key: str, step: int, *, timestamp_ms: int) -> tuple[str, str]:
    """Where log_image(key=..., step=...) puts its PNG and the preview, as MLflow 3 names them."""
    if not IMAGE_KEY.fullmatch(key):
        raise InvalidValue(
            f"Image key {key!r}: use letters, digits, spaces and the characters _ - . / only."
        )
    name = key.replace("/", "~")
    stem = f"images/{name}+step+{step}+timestamp+{timestamp_ms}+{uuid4()}"
    return f"{stem}.png", f"{stem}+compressed.webp"


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lower()


def _type_name(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"
