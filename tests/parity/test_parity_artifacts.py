"""Artifacts: what is written, listed, downloaded and read back. Under MLflow and nbtrack."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from parity_engines import outcome


def _tree(mlflow: Any, run_id: str) -> list[str]:
    folder = Path(mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path=""))
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def logs_texts_and_dicts(mlflow: Any, tmp: Any) -> Any:
    """log_text and log_dict write files that load_text and load_dict read."""
    content = {"a": [1, 2.5, None, True], "b": {"c": "é"}}
    with mlflow.start_run() as run:
        mlflow.log_text("línes\n", "notes/a.txt")
        mlflow.log_dict(content, "a.json")
        mlflow.log_dict(content, "deep/a.yaml")
        mlflow.log_dict([1, 2], "plain")
        uri = mlflow.get_artifact_uri()
        has = mlflow.get_artifact_uri("notes/a.txt") == f"{uri}/notes/a.txt"
    load = mlflow.artifacts
    return (
        has,
        load.load_text(f"{uri}/notes/a.txt"),
        load.load_text(f"runs:/{run.info.run_id}/notes/a.txt"),
        load.load_dict(f"{uri}/a.json"),
        outcome(mlflow, lambda: load.load_dict(f"{uri}/notes/a.txt")),
        outcome(mlflow, lambda: load.load_text(f"{uri}/nobody.txt")),
        json.loads(load.load_text(f"{uri}/plain")),
        _tree(mlflow, run.info.run_id),
    )


def logs_files_and_folders(mlflow: Any, tmp: Any) -> Any:
    """log_artifact copies a file, log_artifacts what a folder holds; artifact_path= is a folder."""
    source = tmp / "source"
    (source / "sub").mkdir(parents=True)
    (source / "a.txt").write_text("a")
    (source / "sub" / "b.txt").write_text("b")
    with mlflow.start_run() as run:
        mlflow.log_artifact(str(source / "a.txt"))
        mlflow.log_artifact(source / "a.txt", artifact_path="kept/here")
        mlflow.log_artifacts(str(source))
        mlflow.log_artifacts(source, artifact_path="all")
        mlflow.log_artifact(str(source), artifact_path="whole")
        missing = outcome(mlflow, lambda: mlflow.log_artifact(str(tmp / "nobody")))
    return _tree(mlflow, run.info.run_id), missing == "accepted"


def lists(mlflow: Any, tmp: Any) -> Any:
    """One level, sorted, with sizes; paths are relative to the run's root."""
    with mlflow.start_run() as run:
        mlflow.log_text("abc", "b.txt")
        mlflow.log_text("", "a.txt")
        mlflow.log_text("x", "sub/c.txt")
        mlflow.log_text("x", "sub/deep/d.txt")
    run_id = run.info.run_id
    client = mlflow.MlflowClient()

    def listed(found: Any) -> Any:
        return [(f.path, f.is_dir, f.file_size) for f in found]

    return (
        listed(client.list_artifacts(run_id)),
        listed(client.list_artifacts(run_id, "sub")),
        listed(client.list_artifacts(run_id, "sub/deep")),
        listed(client.list_artifacts(run_id, "b.txt")),
        listed(client.list_artifacts(run_id, "nobody")),
        listed(mlflow.artifacts.list_artifacts(run_id=run_id, artifact_path="sub")),
        listed(mlflow.artifacts.list_artifacts(artifact_uri=f"runs:/{run_id}/sub")),
        outcome(mlflow, lambda: client.list_artifacts("0" * 32)),
        outcome(mlflow, lambda: client.list_artifacts(run_id, "../")),
    )


def downloads(mlflow: Any, tmp: Any) -> Any:
    """A local path without dst_path; a copy below dst_path, which keeps the artifact's path."""
    with mlflow.start_run() as run:
        mlflow.log_text("x", "sub/c.txt")
    run_id = run.info.run_id
    client = mlflow.MlflowClient()
    target = tmp / "target"
    target.mkdir()
    there = client.download_artifacts(run_id, "sub/c.txt", str(target))
    folder = mlflow.artifacts.download_artifacts(
        run_id=run_id, artifact_path="sub", dst_path=str(tmp / "made")
    )
    by_uri = mlflow.artifacts.download_artifacts(artifact_uri=f"runs:/{run_id}/sub/c.txt")
    return (
        Path(there).relative_to(target).as_posix(),
        Path(there).read_text(),
        Path(client.download_artifacts(run_id, "sub/c.txt")).read_text(),
        Path(folder).name,
        sorted(p.name for p in Path(folder).iterdir()),
        Path(by_uri).read_text(),
        outcome(mlflow, lambda: mlflow.artifacts.download_artifacts()),
        outcome(
            mlflow,
            lambda: mlflow.artifacts.download_artifacts(run_id=run_id, artifact_uri="runs:/x"),
        ),
        type(there).__name__,
    )


def logs_tables(mlflow: Any, tmp: Any) -> Any:
    """Tables grow by rows; load_table joins those of several runs and adds facts of the run."""
    import pandas as pd

    mlflow.set_experiment("tables")
    ids = []
    for number in (1, 2):
        with mlflow.start_run(run_name=f"r{number}") as run:
            mlflow.log_table({"x": [number], "y": ["a"]}, "t.json")
            mlflow.log_table(pd.DataFrame({"x": [10 * number], "y": ["b"]}), "t.json")
        ids.append(run.info.run_id)
    all_rows = mlflow.load_table("t.json")
    one = mlflow.load_table("t.json", run_ids=ids[:1], extra_columns=["run_id", "status"])
    tag = json.loads(mlflow.get_run(ids[0]).data.tags["mlflow.loggedArtifacts"])
    return (
        sorted(zip(all_rows["x"], all_rows["y"])),
        list(all_rows.columns),
        list(one.columns),
        one["x"].tolist(),
        set(one["run_id"]) == {ids[0]},
        set(map(str, one["status"])),
        tag,
        outcome(mlflow, lambda: mlflow.load_table("nobody.json")),
        outcome(mlflow, lambda: mlflow.log_table({"x": 1}, "t.txt")),
    )


def tags_each_table(mlflow: Any, tmp: Any) -> Any:
    """The tag mlflow.loggedArtifacts lists every table of the run, once."""
    with mlflow.start_run() as run:
        for name in ("a.json", "b.json", "a.json"):
            mlflow.log_table({"x": [1]}, name)
    tag = mlflow.get_run(run.info.run_id).data.tags["mlflow.loggedArtifacts"]
    return sorted(each["path"] for each in json.loads(tag))


def logs_figures(mlflow: Any, tmp: Any) -> Any:
    """A matplotlib figure in the format of the suffix."""
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().plot([1, 2])
    with mlflow.start_run() as run:
        mlflow.log_figure(figure, "plots/f.png")
        mlflow.log_figure(figure, "f.svg", save_kwargs={"transparent": True})
        said = outcome(mlflow, lambda: mlflow.log_figure("no figure", "f.png"))
    folder = Path(mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path=""))
    return _tree(mlflow, run.info.run_id), (folder / "plots/f.png").read_bytes()[:4], said


def logs_images(mlflow: Any, tmp: Any) -> Any:
    """Arrays and PIL images, as a file or as a step of a series."""
    import numpy as np
    from PIL import Image

    pixels = np.zeros((4, 5, 3), dtype=np.uint8)
    with mlflow.start_run() as run:
        mlflow.log_image(pixels, "a.png")
        mlflow.log_image(Image.new("RGB", (2, 3)), "sub/b.png")
        mlflow.log_image(np.zeros((4, 5)), "grey.png")
        mlflow.log_image(pixels, key="dogs", step=3, timestamp=1000)
        mlflow.log_image(pixels, key="a/b c", step=0, timestamp=1000)
        said = [
            outcome(mlflow, lambda: mlflow.log_image(pixels)) == "accepted",
            outcome(mlflow, lambda: mlflow.log_image(pixels, "a.png", key="k")) == "accepted",
            outcome(mlflow, lambda: mlflow.log_image("x", "a.png")) == "accepted",
        ]
    files = [f for f in _tree(mlflow, run.info.run_id) if "+compressed" not in f]
    shape = mlflow.artifacts.load_image(f"runs:/{run.info.run_id}/sub/b.png").size
    return [re.sub(r"[0-9a-f-]{36}", "ID", f) for f in files], said, shape


def refuses_paths_outside(mlflow: Any, tmp: Any) -> Any:
    """No artifact is written or read outside the run's folder."""
    (tmp / "f.txt").write_text("x")
    with mlflow.start_run() as run:
        said = [
            outcome(mlflow, lambda: mlflow.log_text("x", "../out.txt")),
            outcome(mlflow, lambda: mlflow.log_text("x", "a/../../out.txt")),
            outcome(mlflow, lambda: mlflow.log_dict({}, "../out.json")),
            outcome(mlflow, lambda: mlflow.log_artifact(tmp / "f.txt", artifact_path="../out")),
            outcome(mlflow, lambda: mlflow.log_artifact(tmp / "f.txt", artifact_path="/out")),
            outcome(mlflow, lambda: mlflow.log_artifacts(tmp, artifact_path="..")),
            outcome(
                mlflow,
                lambda: mlflow.artifacts.download_artifacts(
                    run_id=run.info.run_id, artifact_path="../../x"
                ),
            ),
        ]
    return said, list(tmp.rglob("out*"))


def _listed_and_copied(mlflow: Any, run_id: str, tmp: Any) -> list[str]:
    copy = Path(
        mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="", dst_path=str(tmp))
    )
    return sorted(p.relative_to(copy).as_posix() for p in copy.rglob("*"))


def keeps_empty_folders(mlflow: Any, tmp: Any) -> Any:
    """A folder that a program expects to be there is, at any depth, and in the copy."""
    (tmp / "source" / "sub" / "empty").mkdir(parents=True)
    (tmp / "source" / "a.txt").write_text("a")
    with mlflow.start_run() as run:
        mlflow.log_artifacts(tmp / "source", "all")
        mlflow.log_artifact(tmp / "source", "whole")
        mlflow.log_artifact(tmp / "source" / "sub" / "empty", "alone")
    client, run_id = mlflow.MlflowClient(), run.info.run_id
    return (
        [file.path for file in client.list_artifacts(run_id, "all/sub")],
        _listed_and_copied(mlflow, run_id, tmp / "copy"),
    )


def names_the_copy_of_a_folder(mlflow: Any, tmp: Any) -> Any:
    """By its URI or by the run's id: `dst/name`, but for a URI that ends with a slash."""
    with mlflow.start_run() as run:
        mlflow.log_text("x", "sub/deep/a.txt")
        uri = mlflow.get_artifact_uri()
    named = [
        {"artifact_uri": f"{uri}/sub"},
        {"artifact_uri": f"{uri}/sub/deep"},
        {"artifact_uri": f"{uri}/sub/"},
        {"artifact_uri": f"{uri}/sub/deep/a.txt"},
        {"artifact_uri": f"runs:/{run.info.run_id}/sub/deep"},
        {"run_id": run.info.run_id, "artifact_path": "sub"},
        {"run_id": run.info.run_id},
    ]
    seen = []
    for number, what in enumerate(named):
        dst = tmp / f"to{number}"
        dst.mkdir()
        copy = mlflow.artifacts.download_artifacts(**what, dst_path=str(dst))
        files = sorted(p.relative_to(dst).as_posix() for p in dst.rglob("*") if p.is_file())
        seen.append((Path(copy).relative_to(dst).as_posix(), files))
    listed = mlflow.artifacts.list_artifacts(f"{uri}/sub")
    return seen, [file.path for file in listed]


def simplifies_paths(mlflow: Any, tmp: Any) -> Any:
    """`dir/../f.png` is `f.png`, and a URI has one slash between its parts."""
    with mlflow.start_run() as run:
        mlflow.log_text("x", "dir/../f.txt")
        mlflow.log_text("x", "a/b/../../g/./h.txt")
        uri = mlflow.get_artifact_uri()
        below = [mlflow.get_artifact_uri(p).removeprefix(uri) for p in ("/a/b", "a/b", "//a")]
    return below, _tree(mlflow, run.info.run_id)


def keeps_the_place_of_an_experiment(mlflow: Any, tmp: Any) -> Any:
    """A relative one is that of the moment, wherever the process goes."""
    experiment_id = mlflow.create_experiment("e", artifact_location="files")
    (tmp / "elsewhere").mkdir()
    with mlflow.start_run(experiment_id=experiment_id) as run:
        mlflow.log_text("1", "first.txt")
        os.chdir(tmp / "elsewhere")
        mlflow.log_text("2", "second.txt")
    found = mlflow.MlflowClient().list_artifacts(run.info.run_id)
    place = mlflow.get_experiment(experiment_id).artifact_location
    return [file.path for file in found], Path(place).relative_to(tmp).as_posix()


CASES = [
    keeps_empty_folders,
    keeps_the_place_of_an_experiment,
    names_the_copy_of_a_folder,
    simplifies_paths,
    logs_texts_and_dicts,
    logs_files_and_folders,
    lists,
    downloads,
    logs_tables,
    tags_each_table,
    logs_figures,
    logs_images,
    refuses_paths_outside,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_artifacts_are_kept_as_in_mlflow(case, both):
    """The case sees the same with either."""
    theirs, ours = both(case)

    assert ours == theirs
