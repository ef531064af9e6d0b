"""What an evaluation gave: metrics by name, and artifacts that are read when somebody asks."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbtrack.errors import FileMissing


class EvaluationArtifact:
    """*uri* is its place in the run; *file* where it can be read."""

    def __init__(self, uri: str, file: Path) -> None:
        self.uri, self.file = uri, file

    @property
    def content(self) -> Any:
        """A DataFrame of a table, a PIL image of a picture, else the bytes."""
        if self.file.suffix == ".csv":
            import pandas as pd

            return pd.read_csv(self.file)
        if self.file.suffix == ".png":
            from PIL import Image

            with Image.open(self.file) as image:
                image.load()
                return image
        return self.file.read_bytes()

    def __repr__(self) -> str:
        return f"EvaluationArtifact({self.uri!r})"


class EvaluationResult:
    """*metrics* and *artifacts* by MLflow's names; *run_id* of the run that has them, if known."""

    def __init__(
        self,
        metrics: Mapping[str, float],
        artifacts: Mapping[str, EvaluationArtifact],
        run_id: str | None = None,
    ) -> None:
        self.metrics, self.artifacts, self.run_id = dict(metrics), dict(artifacts), run_id

    def save(self, path: str | Path) -> None:
        """Into a folder, which is made."""
        folder = Path(path)
        (folder / "artifacts").mkdir(parents=True, exist_ok=True)
        places = {name: {"uri": each.uri} for name, each in self.artifacts.items()}
        (folder / "metrics.json").write_text(json.dumps(self.metrics))
        (folder / "artifacts_metadata.json").write_text(json.dumps(places))
        for each in self.artifacts.values():
            shutil.copyfile(each.file, folder / "artifacts" / each.file.name)

    @classmethod
    def load(cls, path: str | Path) -> EvaluationResult:
        """What `save` wrote, or MLflow's. Raises FileMissing."""
        folder = Path(path)
        if not (folder / "metrics.json").is_file():
            raise FileMissing(f"There is no evaluation in {str(folder)!r}: no metrics.json.")
        metrics = json.loads((folder / "metrics.json").read_text())
        places = json.loads((folder / "artifacts_metadata.json").read_text())
        artifacts = {
            name: EvaluationArtifact(
                each["uri"], folder / "artifacts" / Path(str(each["uri"])).name
            )
            for name, each in places.items()
        }
        return cls(metrics, artifacts)
