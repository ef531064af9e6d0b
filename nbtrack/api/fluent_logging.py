"""Logging to the active run, and reading what is logged: the verbs of `import nbtrack as mlflow`.

Names, arguments and defaults are MLflow's. With `synchronous=False` a call returns something to
wait for; it is done nevertheless, on disk when it returns, and takes microseconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from nbtrack.api.run_operations import RunOperations, operations
from nbtrack.artifact_store.paths import below_uri
from nbtrack.base.values import as_tuple
from nbtrack.errors import InvalidValue
from nbtrack.recording.active_model import here
from nbtrack.recording.measured import facts_of
from nbtrack.recording.run_writer import RunWriter
from nbtrack.recording.session import current_session

if TYPE_CHECKING:
    import pandas as pd

    from nbtrack.api.client import MlflowClient


def log_param(key: str, value: Any, synchronous: bool | None = None) -> Any:
    """*value* itself comes back; it is kept as text. Logged again, the latest stands."""
    _run().log_param(key, value)
    return operations(synchronous) or value


def log_params(
    params: Mapping[str, Any],
    synchronous: bool | None = None,
    run_id: str | None = None,
) -> RunOperations | None:
    """All or none. Nested dicts and lists stay readable. Raises InvalidValue."""
    _run(run_id).log_params(params)
    return operations(synchronous)


def log_metric(
    key: str,
    value: Any,
    step: int | None = None,
    synchronous: bool | None = None,
    timestamp: int | None = None,
    run_id: str | None = None,
    model_id: str | None = None,
    dataset: Any = None,
) -> RunOperations | None:
    """One point. *timestamp* is milliseconds since 1970 UTC. Raises InvalidValue.

    It is one of the logged model *model_id*, by default the active one, if there is one; else of
    those that the run logs at that step.
    """
    model_id = model_id or here.active
    if model_id is None and dataset is None:
        _run(run_id).log_metric(key, value, step, timestamp=timestamp)
    else:
        log_metrics({key: value}, step, None, run_id, timestamp, model_id, dataset)
    return operations(synchronous)


def log_metrics(
    metrics: Mapping[str, Any],
    step: int | None = None,
    synchronous: bool | None = None,
    run_id: str | None = None,
    timestamp: int | None = None,
    model_id: str | None = None,
    dataset: Any = None,
) -> RunOperations | None:
    """All or none, as points of one step; see `log_metric`."""
    run, about = _run(run_id), facts_of(model_id or here.active, dataset)
    if dataset is not None and (dataset.name, dataset.digest) not in run.logged.datasets:
        run.log_input(dataset)
    run.log_metrics(metrics, step, timestamp=timestamp, about=about)
    return operations(synchronous)


def set_tag(key: str, value: Any, synchronous: bool | None = None) -> RunOperations | None:
    """The value is kept as text; set again, it replaces the one before."""
    _run().set_tag(key, value)
    return operations(synchronous)


def set_tags(tags: Mapping[str, Any], synchronous: bool | None = None) -> RunOperations | None:
    """All or none."""
    _run().set_tags(tags)
    return operations(synchronous)


def delete_tag(key: str) -> None:
    """Raises TagNotFound."""
    _run().delete_tag(key)


def log_input(
    dataset: Any = None,
    context: str | None = None,
    tags: dict[str, str] | None = None,
    model: Any = None,
) -> None:
    """Record a dataset that the run read; see `nbtrack.data`. *model*: a LoggedModelInput."""
    if dataset is not None or model is None:
        _run().log_input(dataset, context, tags)
    if model is not None:
        _link([model], role="input")


def log_inputs(
    datasets: Sequence[Any] | None = None,
    contexts: Sequence[str | None] | None = None,
    tags_list: Sequence[dict[str, str] | None] | None = None,
    models: Sequence[Any] | None = None,
) -> None:
    """Several at once; the first three lists are equally long."""
    given = as_tuple(datasets)
    nothing = (None,) * len(given)
    lists = (given, as_tuple(contexts) or nothing, as_tuple(tags_list) or nothing)
    if len({len(each) for each in lists}) > 1:
        lengths = ", ".join(str(len(each)) for each in lists)
        raise InvalidValue(f"datasets, contexts and tags_list have {lengths} items; make them one.")
    for dataset, context, tags in zip(*lists):
        log_input(dataset, context, tags)
    if models:
        _link(models, role="input")


def log_outputs(models: Sequence[Any] | None = None) -> None:
    """Record models (`LoggedModelOutput`) that the run made."""
    _link(models or (), role="output")


def _link(models: Sequence[Any], *, role: str) -> None:
    from nbtrack.recording.logged_models import link_models

    link_models(_run(), models, role=role)


def log_artifact(
    local_path: str | Path, artifact_path: str | None = None, run_id: str | None = None
) -> None:
    """Copy a file, or a folder with its name, to *artifact_path*. Raises InvalidValue, OSError."""
    _run(run_id).log_artifact(local_path, artifact_path)


def log_artifacts(
    local_dir: str | Path, artifact_path: str | None = None, run_id: str | None = None
) -> None:
    """Copy what the folder holds, all of it or nothing."""
    _run(run_id).log_artifacts(local_dir, artifact_path)


def log_text(text: str, artifact_file: str, run_id: str | None = None) -> None:
    """As UTF-8 under the path *artifact_file*. Raises InvalidValue for a path outside."""
    _run(run_id).log_text(text, artifact_file)


def log_stream(stream: IO[bytes], artifact_file: str, run_id: str | None = None) -> None:
    """What a binary stream has left, piece by piece."""
    _run(run_id).log_stream(stream, artifact_file)


def log_dict(dictionary: Any, artifact_file: str, run_id: str | None = None) -> None:
    """As YAML for a .yaml or .yml file, else as JSON."""
    _run(run_id).log_dict(dictionary, artifact_file)


def log_figure(
    figure: Any, artifact_file: str, *, save_kwargs: Mapping[str, Any] | None = None
) -> None:
    """A matplotlib, plotly or Altair figure in the format of the file's suffix."""
    _run().log_figure(figure, artifact_file, save_kwargs=save_kwargs)


def log_image(
    image: Any,
    artifact_file: str | None = None,
    key: str | None = None,
    step: int | None = None,
    timestamp: int | None = None,
    synchronous: bool | None = False,  # noqa: ARG001 - MLflow's returns nothing either
) -> None:
    """An array or PIL image, as a file or as a step of the series *key*. *timestamp*: ms, UTC."""
    _run().log_image(image, artifact_file, key=key, step=step, timestamp=timestamp)


def log_table(data: Any, artifact_file: str, run_id: str | None = None) -> None:
    """Rows are added if the file is there. Raises InvalidValue unless it is .json or .parquet."""
    _run(run_id).log_table(data, artifact_file)


def load_table(
    artifact_file: str,
    run_ids: list[str] | None = None,
    extra_columns: list[str] | None = None,
) -> pd.DataFrame:
    """The tables of that name, of *run_ids* or all runs of the active experiment, in one frame."""
    experiment_id = current_session().experiment.experiment_id
    return _client().load_table(experiment_id, artifact_file, run_ids, extra_columns)


def get_artifact_uri(artifact_path: str | None = None) -> str:
    """A local path: the active run's folder, or the place of *artifact_path* in it."""
    root, below = _run().artifact_uri, (artifact_path or "").lstrip("/")
    return below_uri(root, below) if below else root


def _run(run_id: str | None = None) -> RunWriter:
    session = current_session()
    if run_id is None:
        return session.run_to_log_to()
    return session.known_run(run_id) or _client().writer(run_id)


def _client() -> MlflowClient:
    from nbtrack.api.client import MlflowClient

    return MlflowClient()
