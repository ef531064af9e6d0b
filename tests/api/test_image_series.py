"""Images logged with key= and step=: the picture, and MLflow's small copy of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nbtrack

PIL = pytest.importorskip("PIL.Image")


pytestmark = pytest.mark.usefixtures("project")


def files_of_series(image: Any) -> tuple[nbtrack.entities.Run, list[Path]]:
    with nbtrack.start_run() as run:
        nbtrack.log_image(image, key="dogs", step=3)
    folder = Path(nbtrack.artifacts.download_artifacts(f"runs:/{run.run_id}/images"))
    return nbtrack.get_run(run.run_id), sorted(folder.iterdir())


@pytest.mark.parametrize(("size", "small"), [((1000, 500), (256, 128)), ((20, 10), (20, 10))])
def test_a_step_of_a_series_has_a_small_copy(size: tuple[int, int], small: tuple[int, int]) -> None:
    """Beside the whole picture, never larger than it, and where MLflow's page looks for it."""
    run, (preview, whole) = files_of_series(PIL.new("RGB", size))

    assert preview.name == whole.name.removesuffix(".png") + "+compressed.webp"
    assert PIL.open(whole).size == size
    assert PIL.open(preview).size == small
    assert PIL.open(preview).format == "WEBP"
    assert run.data.tags["mlflow.loggedImages"] == "True"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_a_picture_is_kept_in_every_mode(mode: str) -> None:
    """Also where there is no small copy of it."""
    image = PIL.new(mode, (300, 2))
    _, files = files_of_series(image)

    (whole,) = (file for file in files if file.suffix == ".png")
    assert PIL.open(whole).size == (300, 2)


def test_an_array_is_a_step_too() -> None:
    """With its pixels as they are."""
    pixels = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    _, (_, whole) = files_of_series(pixels)

    assert (np.asarray(PIL.open(whole)) == pixels).all()
