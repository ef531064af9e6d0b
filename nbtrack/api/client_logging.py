"""What `MlflowClient` logs to a run by its id."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from nbtrack.api.run_operations import RunOperations, operations
from nbtrack.recording.active_model import active_model_id
from nbtrack.recording.logged_models import link_models
from nbtrack.recording.measured import check_model_id
from nbtrack.recording.run_writer import RunWriter
from nbtrack.records.runs import Metric, Param, RunTag


class ClientLogging(ABC):
    """Every verb raises RunNotFound and RunDeleted, and InvalidValue for what cannot be stored."""

    @abstractmethod
    def writer(self, run_id: str) -> RunWriter:
        """The verbs on one run. Raises RunNotFound, RunDeleted."""

    def log_metric(
        self,
        run_id: str,
        key: str,
        value: Any,
        timestamp: int | None = None,
        step: int | None = None,
        synchronous: bool | None = None,
        dataset_name: str | None = None,
        dataset_digest: str | None = None,
        model_id: str | None = None,
    ) -> RunOperations | None:
        """One point. *timestamp* is milliseconds since 1970 UTC.

        It is one of the logged model *model_id*, by default the active one, if there is one; else
        of those that the run logs at that step.
        """
        model = model_id or active_model_id()
        if (model, dataset_name, dataset_digest) == (None, None, None):
            self.writer(run_id).log_metric(key, value, step, timestamp=timestamp)
        else:
            about = {"model_id": None if model is None else check_model_id(model),
                     "dataset_name": dataset_name, "dataset_digest": dataset_digest}  # fmt: skip
            said = {name: fact for name, fact in about.items() if fact is not None}
            self.writer(run_id).log_metrics({key: value}, step, timestamp=timestamp, about=said)
        return operations(synchronous)

    def log_param(
        self,
        run_id: str,
        key: str,
        value: Any,
        synchronous: bool | None = None,
    ) -> Any:
        """*value* itself comes back; it is kept as text. Logged again, the latest stands."""
        self.writer(run_id).log_param(key, value)
        return operations(synchronous) or value

    def log_batch(
        self,
        run_id: str,
        metrics: Sequence[Metric] = (),
        params: Sequence[Param] = (),
        tags: Sequence[RunTag] = (),
        synchronous: bool | None = None,
    ) -> RunOperations | None:
        """All or none; metrics are `nbtrack.entities.Metric`, their timestamps milliseconds."""
        self.writer(run_id).log_batch(metrics, params, tags)
        return operations(synchronous)

    def set_tag(
        self,
        run_id: str,
        key: str,
        value: Any,
        synchronous: bool | None = None,
    ) -> RunOperations | None:
        """The value is kept as text; set again, it replaces the one before."""
        self.writer(run_id).set_tag(key, value)
        return operations(synchronous)

    def delete_tag(self, run_id: str, key: str) -> None:
        """Raises TagNotFound."""
        self.writer(run_id).delete_tag(key)

    def log_inputs(
        self,
        run_id: str,
        datasets: Sequence[Any] | None = None,
        models: Sequence[Any] | None = None,
    ) -> None:
        """*datasets* are `DatasetInput` records, *models* `LoggedModelInput`."""
        for each in datasets or ():
            tags = {tag.key: tag.value for tag in each.tags}
            context = tags.pop("mlflow.data.context", None)
            self.writer(run_id).log_input(each.dataset, context, tags)
        link_models(self.writer(run_id), models or (), role="input")

    def log_outputs(self, run_id: str, models: Sequence[Any]) -> None:
        """*models* are `LoggedModelOutput` records: the run made them."""
        link_models(self.writer(run_id), models, role="output")

    # --- artifacts

    def log_artifact(
        self, run_id: str, local_path: str | Path, artifact_path: str | None = None
    ) -> None:
        """Copy a file, or a folder with its name, to *artifact_path*."""
        self.writer(run_id).log_artifact(local_path, artifact_path)

    def log_artifacts(
        self, run_id: str, local_dir: str | Path, artifact_path: str | None = None
    ) -> None:
        """Copy what *local_dir* holds, all of it or nothing."""
        self.writer(run_id).log_artifacts(local_dir, artifact_path)

    def log_text(self, run_id: str, text: str, artifact_file: str) -> None:
        """As UTF-8 under the path *artifact_file*."""
        self.writer(run_id).log_text(text, artifact_file)

    def log_stream(self, run_id: str, stream: IO[bytes], artifact_file: str) -> None:
        """What a binary stream has left, piece by piece."""
        self.writer(run_id).log_stream(stream, artifact_file)

    def log_dict(self, run_id: str, dictionary: Any, artifact_file: str) -> None:
        """As YAML for a .yaml or .yml file, else as JSON."""
        self.writer(run_id).log_dict(dictionary, artifact_file)

    def log_figure(
        self,
        run_id: str,
        figure: Any,
        artifact_file: str,
        *,
        save_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        """A matplotlib, plotly or Altair figure in the format of the file's suffix."""
        self.writer(run_id).log_figure(figure, artifact_file, save_kwargs=save_kwargs)

    def log_image(
        self,
        run_id: str,
        image: Any,
        artifact_file: str | None = None,
        key: str | None = None,
        step: int | None = None,
        timestamp: int | None = None,
        synchronous: bool | None = None,  # noqa: ARG002 - MLflow's returns nothing either
    ) -> None:
        """A file, or a step of the series *key*. *timestamp* is milliseconds since 1970 UTC."""
        self.writer(run_id).log_image(image, artifact_file, key=key, step=step, timestamp=timestamp)

    def log_table(self, run_id: str, data: Any, artifact_file: str) -> None:
        """A DataFrame or dict of columns; rows are added if the file is there."""
        self.writer(run_id).log_table(data, artifact_file)
