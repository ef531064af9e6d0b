"""`nbtrack.Image`, images in the cells of tables, and facts of the run beside a table's rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import nbtrack
from nbtrack.errors import InvalidValue

PIL = pytest.importorskip("PIL.Image")


pytestmark = pytest.mark.usefixtures("project")


def red(width: int = 4, height: int = 2) -> np.ndarray[Any, Any]:
    return np.full((height, width, 3), (255, 0, 0), dtype=np.uint8)


@pytest.mark.parametrize("made", [lambda p: red(), lambda p: red().tolist(), lambda p: p, str])
def test_an_image_is_made_of_what_there_is(made: Any, tmp_path: Any) -> None:
    """An array, lists, the path of a file as such or as text."""
    PIL.fromarray(red()).save(tmp_path / "red.png")
    image = nbtrack.Image(made(tmp_path / "red.png"))

    assert image.size == (4, 2)
    assert image.to_list() == [(255, 0, 0)] * 8
    assert (image.to_array() == red()).all()
    assert image.resize((2, 1)).size == (2, 1)
    image.save(tmp_path / "again.png")
    assert PIL.open(tmp_path / "again.png").size == (4, 2)


def test_an_image_is_logged_as_a_file() -> None:
    """As an array is."""
    with nbtrack.start_run() as run:
        nbtrack.log_image(nbtrack.Image(red()), "red.png")
    assert nbtrack.artifacts.load_image(f"runs:/{run.run_id}/red.png").size == (4, 2)


@pytest.mark.parametrize(
    ("file", "kind", "form"),  # each two of them together
    [
        ("table.json", nbtrack.Image, pd.DataFrame),
        ("table.json", PIL.fromarray, dict),
        ("deep/table.parquet", nbtrack.Image, dict),
        ("deep/table.parquet", PIL.fromarray, pd.DataFrame),
    ],
)
def test_images_of_a_table_are_files_beside_it(file: str, kind: Any, form: Any) -> None:
    """The cells hold their places, in MLflow's form; rows are added as to any table."""
    rows = form({"text": ["a", "b"], "image": [kind(red(600, 300)), kind(red())]})
    with nbtrack.start_run() as run:
        nbtrack.log_table(rows, file)
        nbtrack.log_table({"text": ["c"], "image": [kind(red())]}, file)
    table = nbtrack.load_table(file, run_ids=[run.run_id])

    assert table["text"].tolist() == ["a", "b", "c"]
    first = table["image"][0]
    assert first["type"] == "image"
    stem = file.rpartition(".")[0]
    assert first["filepath"].startswith(f"table_images/{stem}/")
    sizes = [
        nbtrack.artifacts.load_image(f"runs:/{run.run_id}/{first[name]}").size
        for name in ("filepath", "compressed_filepath")
    ]
    assert sizes == [(600, 300), (256, 128)]


def test_a_column_of_images_holds_nothing_else() -> None:
    """Else nobody could read it back."""
    with nbtrack.start_run() as run, pytest.raises(InvalidValue, match="'image' holds images and"):
        nbtrack.log_table({"image": [nbtrack.Image(red()), "none"]}, "table.json")
    assert nbtrack.MlflowClient().list_artifacts(run.run_id) == []


def test_facts_of_the_run_stand_beside_its_rows(caplog: pytest.LogCaptureFixture) -> None:
    """Its params, metrics and tags too; one with a name that the table has gets another."""
    for lr in (0.1, 0.2):
        with nbtrack.start_run(run_name=f"lr {lr}"):
            nbtrack.log_params({"lr": lr} if lr == 0.1 else {"other": 1})
            nbtrack.log_metric("f1", lr)
            nbtrack.log_table({"x": [1, 2], "run_id": ["own", "own"]}, "t.json")
    columns = ["run_id", "run_name", "params.lr", "metrics.f1", "tags.mlflow.runName", "start_time"]
    table = nbtrack.load_table("t.json", extra_columns=columns).sort_values("metrics.f1")

    assert table["params.lr"].tolist() == ["0.1", "0.1", None, None]
    assert table["metrics.f1"].tolist() == [0.1, 0.1, 0.2, 0.2]
    assert table["run_name"].tolist() == table["tags.mlflow.runName"].tolist()
    assert table["run_id"].tolist() == ["own"] * 4
    assert table["run_id_"].nunique() == 2
    assert "'run_id_'" in caplog.text
    assert table["start_time"].dtype.kind == "M"


def test_a_fact_that_no_run_has_is_refused() -> None:
    """With the nearest that one has; a KeyError, as in MLflow."""
    with nbtrack.start_run() as run:
        nbtrack.log_param("learning_rate", 1)
        nbtrack.log_table({"x": [1]}, "t.json")
    with pytest.raises(KeyError, match=r"Did you mean 'params\.learning_rate'"):
        nbtrack.load_table("t.json", [run.run_id], extra_columns=["params.learning_rat"])
