"""The functions of `import nbtrack as mlflow`: each finds the active run and passes on.

Names, arguments and defaults are MLflow's. `synchronous` is accepted and means nothing: every
call is on disk when it returns, and takes microseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.errors import ExperimentNotFound, InvalidValue
from nbtrack.experiments import create_experiment as _create_experiment
from nbtrack.records import Experiment, Run, RunQuery, RunStatus, ViewType
from nbtrack.run import ActiveRun
from nbtrack.run_frame import run_frame
from nbtrack.run_writer import RunWriter
from nbtrack.session import PARENT_TAG, current_session
from nbtrack.stores import folder_of

if TYPE_CHECKING:
    import pandas as pd

    from nbtrack.client import MlflowClient

# --- where


def set_tracking_uri(uri: str | Path | None) -> None:
    """Use the project folder *uri* (a path or `file:` URI); None goes back to the default."""
    current_session().set_tracking_uri(uri)


def get_tracking_uri() -> str:
    return current_session().store.uri


def is_tracking_uri_set() -> bool:
    return current_session().is_uri_set


# --- experiments


def set_experiment(
    experiment_name: str | None = None, experiment_id: str | None = None
) -> Experiment:
    """Runs started from now on belong to this experiment; a name that is new makes it."""
    if (experiment_name is None) == (experiment_id is None):
        raise InvalidValue("set_experiment takes a name, or experiment_id=, and not both.")
    if experiment_id is not None:
        return current_session().use_experiment_id(experiment_id)
    return current_session().set_experiment(str(experiment_name))


def create_experiment(
    name: str, artifact_location: str | None = None, tags: Mapping[str, str] | None = None
) -> str:
    """Make an experiment and return its id. Raises NameTaken if there is one."""
    return _create_experiment(
        current_session().store, name, artifact_location=artifact_location, tags=tags
    )


def get_experiment(experiment_id: str) -> Experiment:
    """Raises ExperimentNotFound."""
    return _client().get_experiment(experiment_id)


def get_experiment_by_name(name: str) -> Experiment | None:
    return _client().get_experiment_by_name(name)


def search_experiments(
    view_type: int = ViewType.ACTIVE_ONLY,
    max_results: int | None = None,
    filter_string: str | None = None,
    order_by: list[str] | None = None,
) -> list[Experiment]:
    return list(_client().search_experiments(view_type, max_results, filter_string, order_by))


def delete_experiment(experiment_id: str) -> None:
    _client().delete_experiment(experiment_id)


def set_experiment_tag(key: str, value: Any) -> None:
    set_experiment_tags({key: value})


def set_experiment_tags(tags: Mapping[str, Any]) -> None:
    session = current_session()
    _client().set_experiment_tags(session.experiment.experiment_id, tags)


# --- runs


def start_run(
    run_id: str | None = None,
    experiment_id: str | None = None,
    run_name: str | None = None,
    nested: bool = False,
    parent_run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    description: str | None = None,
    log_system_metrics: bool | None = None,  # noqa: ARG001 - accepted: MLflow code passes it
) -> ActiveRun:
    """Open a run, or resume *run_id*; ends with its `with` block, or by `end_run()`.

    Inside a tracked cell, and with *nested*, the run is a child of the open one. At a notebook's
    top level, a run that an earlier cell left open is closed first. Elsewhere an open run raises
    RunAlreadyActive. Also raises RunNotFound, RunDeleted, InvalidValue.
    """
    session = current_session()
    if run_id is not None:
        run = session.resume_run(run_id, nested=nested)
        if tags:
            run.set_tags(tags)
        return run
    return session.start_run(
        name=run_name,
        experiment_id=experiment_id,
        nested=nested,
        parent_run_id=parent_run_id,
        tags=tags,
        description=description,
    )


def end_run(status: RunStatus | str = "FINISHED") -> None:
    """Close the active run; without one, nothing happens."""
    current_session().end_run(status)


def active_run() -> ActiveRun | None:
    return current_session().active_run()


def last_active_run() -> Run | None:
    """The run opened last in this process, as the store has it now."""
    return current_session().last_active_run()


def get_run(run_id: str) -> Run:
    """Raises RunNotFound."""
    return current_session().store.get_run(run_id)


def get_parent_run(run_id: str) -> Run | None:
    parent_id = get_run(run_id).data.tags.get(PARENT_TAG)
    return None if parent_id is None else get_run(parent_id)


def delete_run(run_id: str) -> None:
    """Mark a run as deleted: hidden, and closed to writing, until it is restored."""
    _client().delete_run(run_id)


def search_runs(
    experiment_ids: list[str] | None = None,
    filter_string: str = "",
    run_view_type: int = ViewType.ACTIVE_ONLY,
    max_results: int = 100000,
    order_by: list[str] | None = None,
    output_format: str = "pandas",
    search_all_experiments: bool = False,
    experiment_names: list[str] | None = None,
) -> pd.DataFrame | list[Run]:
    """Runs of the active experiment, or of those named, as a DataFrame or a list.

    Columns: run_id, experiment_id, status, artifact_uri, start_time, end_time (UTC), then
    `metrics.*`, `params.*` and `tags.*`. The filter is MLflow's, and knows `or`, `not` and
    parentheses too. Raises InvalidFilter.
    """
    if output_format not in ("pandas", "list"):
        raise InvalidValue(f"output_format is {output_format!r}; it is 'pandas' or 'list'.")
    query = RunQuery(
        experiment_ids=_searched(experiment_ids, experiment_names, search_all_experiments),
        filter_string=filter_string,
        order_by=_as_tuple(order_by),
        view_type=ViewType(run_view_type),
        max_results=max_results,
    )
    store = current_session().store
    if output_format == "list":
        return store.search_runs(query)
    return run_frame(store.search_run_columns(query))


def _searched(
    ids: list[str] | None, names: list[str] | None, is_all: bool
) -> tuple[str, ...] | None:
    if ids and names:
        raise InvalidValue("search_runs takes experiment_ids or experiment_names, not both.")
    if is_all and not (ids or names):
        return None
    if ids:
        return tuple(str(each) for each in _as_tuple(ids))
    session = current_session()
    if not names:
        return (session.experiment.experiment_id,)
    found = [(name, session.store.find_experiment(name)) for name in _as_tuple(names)]
    for name, experiment in found:
        if experiment is None:
            raise ExperimentNotFound(name, session.store.uri)
    return tuple(experiment.experiment_id for _, experiment in found if experiment is not None)


def _as_tuple(values: Any) -> tuple[Any, ...]:
    return () if values is None else (values,) if isinstance(values, str) else tuple(values)


# --- logging to the active run


def log_param(key: str, value: Any, synchronous: bool | None = None) -> Any:  # noqa: ARG001
    return _run().log_param(key, value)


def log_params(
    params: Mapping[str, Any],
    synchronous: bool | None = None,  # noqa: ARG001
    run_id: str | None = None,
) -> None:
    _run(run_id).log_params(params)


def log_metric(
    key: str,
    value: Any,
    step: int | None = None,
    synchronous: bool | None = None,  # noqa: ARG001
    timestamp: int | None = None,
    run_id: str | None = None,
) -> None:
    """One point. *timestamp* is milliseconds since 1970 UTC. Raises InvalidValue."""
    _run(run_id).log_metric(key, value, step, timestamp=timestamp)


def log_metrics(
    metrics: Mapping[str, Any],
    step: int | None = None,
    synchronous: bool | None = None,  # noqa: ARG001
    run_id: str | None = None,
    timestamp: int | None = None,
) -> None:
    _run(run_id).log_metrics(metrics, step, timestamp=timestamp)


def set_tag(key: str, value: Any, synchronous: bool | None = None) -> None:  # noqa: ARG001
    _run().set_tag(key, value)


def set_tags(tags: Mapping[str, Any], synchronous: bool | None = None) -> None:  # noqa: ARG001
    _run().set_tags(tags)


def delete_tag(key: str) -> None:
    _run().delete_tag(key)


def log_input(dataset: Any, context: str | None = None, tags: dict[str, str] | None = None) -> None:
    """Record a dataset that the run read; see `nbtrack.data`."""
    _run().log_input(dataset, context, tags)


def log_artifact(
    local_path: str | Path, artifact_path: str | None = None, run_id: str | None = None
) -> None:
    _run(run_id).log_artifact(local_path, artifact_path)


def log_artifacts(
    local_dir: str | Path, artifact_path: str | None = None, run_id: str | None = None
) -> None:
    _run(run_id).log_artifacts(local_dir, artifact_path)


def log_text(text: str, artifact_file: str, run_id: str | None = None) -> None:
    _run(run_id).log_text(text, artifact_file)


def log_dict(dictionary: Any, artifact_file: str, run_id: str | None = None) -> None:
    _run(run_id).log_dict(dictionary, artifact_file)


def log_figure(
    figure: Any, artifact_file: str, *, save_kwargs: Mapping[str, Any] | None = None
) -> None:
    _run().log_figure(figure, artifact_file, save_kwargs=save_kwargs)


def log_image(
    image: Any,
    artifact_file: str | None = None,
    key: str | None = None,
    step: int | None = None,
    timestamp: int | None = None,
    synchronous: bool | None = None,  # noqa: ARG001
) -> None:
    _run().log_image(image, artifact_file, key=key, step=step, timestamp=timestamp)


def log_table(data: Any, artifact_file: str, run_id: str | None = None) -> None:
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
    root = _run().artifact_uri
    return root if artifact_path is None else f"{root.rstrip('/')}/{artifact_path}"


def sql(query: str, parameters: Mapping[str, object] | None = None) -> pd.DataFrame:
    """One SELECT over the views runs, params, metrics, latest_metrics, tags, artifacts, cells,
    inputs, experiments and environments. *parameters* are bound to `$name`. Times are UTC.

    Raises InvalidValue with DuckDB's own message and place.
    """
    return current_session().store.query(query, parameters)


def project_folder() -> Path:
    """The folder in which this process records."""
    return folder_of(current_session().store.uri)


def _run(run_id: str | None = None) -> RunWriter:
    session = current_session()
    if run_id is None:
        return session.active_run() or session.run_to_log_to()
    return session.known_run(run_id) or _client().writer(run_id)


def _client() -> MlflowClient:
    from nbtrack.client import MlflowClient

    return MlflowClient()
