"""`nbtrack.Image`: a picture for log_image and for the cells of log_table."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.artifact_store.artifact_formats import pillow_image
from nbtrack.errors import require

if TYPE_CHECKING:
    import numpy
    import PIL.Image


class Image:
    """*image* is an array, nested lists, a Pillow image, or the path of a file."""

    def __init__(self, image: Any) -> None:
        pillow = require("PIL.Image", extra="images")
        if isinstance(image, str | os.PathLike):
            self.image = pillow.open(image)
        elif isinstance(image, list):
            import numpy as np

            self.image = pillow_image(np.array(image))
        else:
            self.image = pillow_image(image)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        width, height = self.image.size
        return width, height

    def to_pil(self) -> PIL.Image.Image:
        return self.image  # type: ignore[no-any-return]  # Pillow may be missing

    def to_array(self) -> numpy.ndarray[Any, Any]:
        import numpy as np

        return np.array(self.image)

    def to_list(self) -> list[Any]:
        """The pixels, row after row: numbers, or a tuple of the channels each."""
        pixels = self.to_array()
        if pixels.ndim == 2:
            return list(pixels.ravel().tolist())
        return list(map(tuple, pixels.reshape(-1, pixels.shape[2]).tolist()))

    def resize(self, size: tuple[int, int]) -> Image:
        """Another one, of this width and height."""
        return Image(self.image.resize(size))

    def save(self, path: str | Path) -> None:
        """In the format that the path's suffix names."""
        self.image.save(path)
