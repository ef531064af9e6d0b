"""Images in the cells of a table: files beside it, which the cells name as MLflow's do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any
from uuid import uuid4

from nbtrack.artifact_store.artifact_formats import encode_image, encode_preview, pillow_image
from nbtrack.artifact_store.table_formats import check_frame, columns_of, is_frame, is_image
from nbtrack.base.plain_values import plain
from nbtrack.errors import InvalidValue

FOLDER = "table_images"


def without_images(data: Any, artifact_file: str) -> tuple[Any, dict[str, bytes]]:
    """*data* with the places of its images instead of them, and the files, by these places."""
    with_images = [name for name, values in _open_columns(data) if _holds_images(name, values)]
    if not with_images:
        return data, {}
    columns = columns_of(data)
    files: dict[str, bytes] = {}
    folder = f"{FOLDER}/{PurePosixPath(artifact_file).with_suffix('')}"
    for name in with_images:
        columns[name] = [_place(image, folder, files) for image in columns[name]]
    return columns, files


def _open_columns(data: Any) -> Iterable[tuple[Any, Iterable[Any]]]:
    """Those that may hold anything: a frame of numbers is not looked through."""
    if not is_frame(data):
        return columns_of(data).items()
    check_frame(data)
    places = [place for place, dtype in enumerate(data.dtypes) if dtype.kind == "O"]
    return [(plain(data.columns[place]), data.iloc[:, place]) for place in places]


def _holds_images(name: Any, values: Iterable[Any]) -> bool:
    one_of_each_kind = {type(value): value for value in values}
    found = [is_image(value) for value in one_of_each_kind.values()]
    if any(found) and not all(found):
        raise InvalidValue(f"Column {name!r} holds images and other values: put them into two.")
    return any(found)


def _place(image: Any, folder: str, files: dict[str, bytes]) -> Mapping[str, str]:
    stem = f"{folder}/{uuid4()}"
    picture = pillow_image(image)
    files[f"{stem}.png"] = encode_image(picture, f"{stem}.png")
    place = {"type": "image", "filepath": f"{stem}.png"}
    if (preview := encode_preview(picture)) is None:
        return place
    files[f"{stem}.webp"] = preview
    return {**place, "compressed_filepath": f"{stem}.webp"}
