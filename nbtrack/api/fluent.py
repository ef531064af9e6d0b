"""Where, which experiment, which run: the functions of `import nbtrack as mlflow`.

Names, arguments and defaults are MLflow's; `fluent_logging` has the `log_*` verbs.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.base.guard import warn
from nbtrack.base.nearest import did_you_mean
from nbtrack.base.values import (
    as_text,
    as_tuple,
    check_experiment_id,
    check_mapping,
    check_most,
    check_run_id,
    check_tags,
)
from nbtrack.errors import InvalidValue, RunDeleted, StoreError
from nbtrack.lookup.run_frame import run_frame
from nbtrack.recording.active_run import ActiveRun
from nbtrack.recording.experiments import create_experiment as _create_experiment
from nbtrack.recording.experiments import delete_tag, set_tags
from nbtrack.recording.run_creation import one_name
from nbtrack.recording.run_files import LOOK_SECONDS
from nbtrack.recording.session import current_session
from nbtrack.recording.system_metrics import sample_machine
from nbtrack.records.runs import (
    Experiment,
    LifecycleStage,
    Run,
    RunColumns,
    RunQuery,
    RunStatus,
    ViewType,
)
from nbtrack.records.tags import NOTE_TAG, RUN_NAME_TAG
from nbtrack.stores.opening import folder_of

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from nbtrack.api.client import MlflowClient

OUTPUT_FORMATS = ("pandas", "list", "polars", "arrow")

# --- where


def set_tracking_uri(uri: str | Path | None) -> None:
    """Use the project folder *uri* (a path or `file:` URI); None goes back to the default."""
    current_session().set_tracking_uri(uri)


def get_tracking_uri() -> str:
    """The project folder as a `file:` URI; asking fixes it, as the first log does."""
    return current_session().store.uri


def is_tracking_uri_set() -> bool:
    """Whether somebody chose the place: in code, the environment or the project file."""
    return current_session().is_uri_set


# --- experiments


def set_experiment(
    experiment_name: str | None = None, experiment_id: str | None = None
) -> Experiment:
    """Runs started from now on belong to this experiment; a name that is new makes it."""
    if (experiment_name is None) == (experiment_id is None):
        raise InvalidValue("set_experiment takes a name, or experiment_id=, and not both.")
    if experiment_id is not None:
        return current_session().set_experiment(experiment_id=experiment_id)
    return current_session().set_experiment(experiment_name)


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
    """None if there is none of that name; a deleted one is found too."""
    return _client().get_experiment_by_name(name)


def search_experiments(
    view_type: int = ViewType.ACTIVE_ONLY,
    max_results: int | None = None,
    filter_string: str | None = None,
    order_by: list[str] | None = None,
) -> list[Experiment]:
    """All of them unless *max_results* says how many. Raises InvalidFilter."""
    return list(_client().search_experiments(view_type, max_results, filter_string, order_by))


def delete_experiment(experiment_id: str) -> None:
    """Hide it with its runs. Raises ExperimentNotFound; InvalidValue for Default."""
    _client().delete_experiment(experiment_id)


def restore_experiment(experiment_id: str) -> None:
    """Bring a deleted experiment back, with all its runs."""
    _client().restore_experiment(experiment_id)


def set_experiment_tag(key: str, value: Any) -> None:
    """Tag the active experiment; the value is kept as text."""
    set_experiment_tags({key: value})


def set_experiment_tags(tags: Mapping[str, Any]) -> None:
    """Tag the active experiment."""
    texts = check_tags(check_mapping("set_experiment_tags", tags))
    session = current_session()
    set_tags(session.store, session.experiments.made().experiment_id, texts)


def delete_experiment_tag(key: str) -> None:
    """Of the active experiment. Raises TagNotFound."""
    session = current_session()
    delete_tag(session.store, session.experiments.made().experiment_id, key)


# --- runs


def start_run(
    run_id: str | None = None,
    experiment_id: str | None = None,
    run_name: str | None = None,
    nested: bool = False,
    parent_run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    description: str | None = None,
    log_system_metrics: bool | None = None,
) -> ActiveRun:
    """Open a run, or resume *run_id*; ends with its `with` block, or by `end_run()`.

    Inside a tracked cell, and with *nested*, the run is a child of the open one. At a notebook's
    top level, a run that an earlier cell left open is closed first. Elsewhere an open run raises
    RunAlreadyActive. Also raises RunNotFound, RunDeleted, InvalidValue.

    *log_system_metrics*: sample the machine meanwhile; None: as the switch of that name says.
    """
    run = _opened_run(run_id, experiment_id, run_name, nested, parent_run_id, tags, description)
    sample_machine(run, is_asked=log_system_metrics)
    return run


def _opened_run(
    run_id: str | None,
    experiment_id: str | None,
    run_name: str | None,
    nested: bool,
    parent_run_id: str | None,
    tags: Mapping[str, Any] | None,
    description: str | None,
) -> ActiveRun:
    session, given = current_session(), _with_note(tags, description)
    if run_id is not None:
        run: ActiveRun | None = session.resume_run(check_run_id(run_id), nested=nested)
    else:
        run = session.resume_mlflows_run()
    if run is not None:
        name = one_name(run_name, given)
        run.set_tags(given if name is None else {**given, RUN_NAME_TAG: name})
        return run
    if parent_run_id is not None:
        _check_parent(parent_run_id)
    return session.start_run(
        name=run_name,
        experiment_id=experiment_id,
        nested=nested,
        parent_run_id=parent_run_id,
        tags=given,
    )


def _with_note(tags: Mapping[str, Any] | None, description: str | None) -> dict[str, str]:
    given = check_tags(tags)
    if description is None:
        return given
    if NOTE_TAG in given:
        raise InvalidValue(f"Give description= or the tag {NOTE_TAG!r}, and not both.")
    return {**given, NOTE_TAG: as_text(description)}


def _check_parent(run_id: str) -> None:
    """Raises RunNotFound, RunDeleted; while the database is busy the id is believed."""
    session = current_session()
    known = session.known_run(check_run_id(run_id))
    is_deleted = known is not None and known.is_deleted
    if known is None:
        with suppress(StoreError):
            found = session.store.get_run(run_id, timeout=LOOK_SECONDS)
            is_deleted = found.info.lifecycle_stage == LifecycleStage.DELETED
    if is_deleted:
        raise RunDeleted(run_id)


def end_run(status: RunStatus | str = "FINISHED") -> None:
    """Close the active run; without one, nothing happens. The run of a cell or script ends with
    it, and is not what `active_run` returns from here on, in none of its threads."""
    session = current_session()
    run = active_run()
    session.end_run(status)
    if run is not None and run.is_cell:  # else a loop that ends what is active would never end
        run.is_unasked = True
        session.last_run = (run.store, run.run_id)


def active_run() -> ActiveRun | None:
    """The innermost run that is open here, in this thread or task; None if there is none.

    After `end_run()` it is that of a cell or script again when a function `nbtrack.log_*` or
    `log_model` writes to it, or `start_run(run_id=...)` enters it; what hooks record and methods of
    a run log does not count. In a script of `nbtrack run --as-mlflow`, only then at all: MLflow
    has none.
    """
    run = current_session().active_run()
    return None if run is None or run.is_unasked else run


def last_active_run() -> Run | None:
    """The active run, else the one that ended last in this process, as the store has it now."""
    if (run := active_run()) is not None:
        return run.store.get_run(run.run_id)
    return current_session().last_active_run()


def get_run(run_id: str) -> Run:
    """Raises RunNotFound."""
    return _client().get_run(run_id)


def get_parent_run(run_id: str) -> Run | None:
    """The run that *run_id* is a child of, or None. Raises RunNotFound."""
    return _client().get_parent_run(run_id)


def delete_run(run_id: str) -> None:
    """Mark a run as deleted: hidden, and closed to writing, until it is restored."""
    _client().delete_run(run_id)


def restore_run(run_id: str) -> None:
    """Bring one run back, without its children. Raises RunNotFound."""
    _client().restore_run(run_id)


def search_runs(
    experiment_ids: list[str] | None = None,
    filter_string: str = "",
    run_view_type: int = ViewType.ACTIVE_ONLY,
    max_results: int = 100000,
    order_by: list[str] | None = None,
    output_format: str = "pandas",
    search_all_experiments: bool = False,
    experiment_names: list[str] | None = None,
) -> pd.DataFrame | list[Run] | pl.DataFrame | pa.Table:
    """Runs of the active experiment, or of those named, as a table or a list.

    The table is a DataFrame of pandas or, with *output_format* "polars" or "arrow", one of polars
    or pyarrow. Columns: run_id, experiment_id, status, artifact_uri, start_time, end_time (UTC),
    then `metrics.*`, `params.*` and `tags.*`. The filter is MLflow's, and knows `or`, `not` and
    parentheses too. Raises InvalidFilter; MissingExtra if that library is not installed.
    """
    if output_format not in OUTPUT_FORMATS:
        known, meant = (
            ", ".join(map(repr, OUTPUT_FORMATS)),
            did_you_mean(output_format, OUTPUT_FORMATS),
        )
        raise InvalidValue(f"output_format is {output_format!r}; it is one of {known}.{meant}")
    query = RunQuery(
        experiment_ids=_searched(experiment_ids, experiment_names, search_all_experiments),
        filter_string=filter_string,
        order_by=as_tuple(order_by),
        view_type=ViewType(run_view_type),
        max_results=check_most(max_results),
    )
    store = current_session().store
    if output_format == "list":
        return store.search_runs(query)
    return _as_table(store.search_run_columns(query), output_format)


def _as_table(found: RunColumns, output_format: str) -> pd.DataFrame | pl.DataFrame | pa.Table:
    if output_format == "pandas":
        return run_frame(found)
    from nbtrack.lookup import run_frame_formats

    if output_format == "polars":
        return run_frame_formats.run_polars(found)
    return run_frame_formats.run_arrow(found)


def _searched(
    ids: list[str] | None, names: list[str] | None, is_all: bool
) -> tuple[str, ...] | None:
    if ids and names:
        raise InvalidValue("search_runs takes experiment_ids or experiment_names, not both.")
    if is_all and not (ids or names):
        return None
    if ids:
        return tuple(map(check_experiment_id, as_tuple(ids)))
    if names:
        return _ids_of(as_tuple(names))
    return (current_session().experiment.experiment_id,)


def _ids_of(names: tuple[str, ...]) -> tuple[str, ...]:
    """As in MLflow, a name that is not there finds no runs, and says so."""
    found = {name: None if name is None else get_experiment_by_name(name) for name in names}
    if missing := [name for name, experiment in found.items() if experiment is None]:
        there = [experiment.name for experiment in search_experiments()]
        named, proposals = map(repr, missing), (did_you_mean(name, there) for name in missing)
        place = get_tracking_uri()
        warn(f"nbtrack: no experiment {', '.join(named)} in {place}.{''.join(proposals)}")
    return tuple(each.experiment_id for each in found.values() if each is not None)


# --- the store itself


def sql(query: str, parameters: Mapping[str, object] | None = None) -> pd.DataFrame:
    """One SELECT over the views runs, params, metrics, latest_metrics, tags, artifacts, cells,
    inputs, experiments, environments, logged_models, logged_model_metrics, registered_models,
    model_versions and registry_events. *parameters* are bound to `$name`. Times are UTC.

    Raises InvalidValue with DuckDB's own message and place; and where the project is on a server.
    """
    return current_session().store.query(query, parameters)


def project_folder() -> Path:
    """The folder in which this process records."""
    return folder_of(current_session().store.uri)


def _client() -> MlflowClient:
    from nbtrack.api.client import MlflowClient

    return MlflowClient()
