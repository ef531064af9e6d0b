"""Cells to go on with: load this model, have this view as a DataFrame, run this again."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.panels.runs.state import HasRunsState, RunsState
from nbtrack.panels.shared.requests import text_of
from nbtrack.records.runs import Run, ViewType
from nbtrack.stores.store import Store


def code(panel: HasRunsState, arguments: Mapping[str, Any]) -> dict[str, str]:
    """`what` is model, frame or rerun; the source of a cell. Raises InvalidValue."""
    what = text_of(arguments, "what")
    if what == "frame":
        return {"source": frame_code(panel.state)}
    run_id = text_of(arguments, "run")
    if what == "model":
        return {"source": model_code(panel.store, run_id)}
    if what == "rerun":
        return {"source": rerun_code(panel.store, run_id)}
    raise InvalidValue(f"There is no code for {what!r}.")


def model_code(store: Store, run_id: str) -> str:
    """Raises InvalidValue for a run without a model."""
    paths = [file.path for file in store.list_artifact_records(run_id)]
    folders = [path.removesuffix("/MLmodel") for path in paths if path.endswith("/MLmodel")]
    if not folders:
        raise InvalidValue("This run has logged no model.")
    lines = [
        f"{'# ' if n else ''}model = nbtrack.pyfunc.load_model({f'runs:/{run_id}/{folder}'!r})"
        for n, folder in enumerate(folders)
    ]
    return "\n".join(["import nbtrack", "", *lines])


def frame_code(state: RunsState) -> str:
    """The view as it is now, which stays the same when the panel moves on."""
    query = state.query
    where = "search_all_experiments=True"
    if query.experiment_ids is not None:
        where = f"experiment_ids={list(query.experiment_ids)!r}"
    arguments = [where]
    if query.filter_string:
        arguments.append(f"filter_string={query.filter_string!r}")
    if query.view_type != ViewType.ACTIVE_ONLY:
        arguments.append(f"run_view_type=nbtrack.entities.ViewType.{query.view_type.name}")
    if query.order_by:
        arguments.append(f"order_by={list(query.order_by)!r}")
    inside = "".join(f"    {each},\n" for each in arguments)
    return f"import nbtrack\n\nruns = nbtrack.search_runs(\n{inside})\nruns"


def rerun_code(store: Store, run_id: str) -> str:
    """The source of its cell, if a cell made it; else its params as variables."""
    run, cell = store.get_run(run_id), store.read_cell(run_id) or {}
    head = f"# again: {run.info.run_name or ''} ({run_id[:8]})".replace("\n", " ")
    if source := cell.get("source"):
        # A cell magic must stay the first line.
        first, _, rest = source.partition("\n")
        return f"{first}\n{head}\n{rest}" if first.startswith("%%") else f"{head}\n{source}"
    name = " ".join((run.info.run_name or "again").split())
    quoted = name if name.replace("-", "").replace("_", "").isalnum() else repr(name)
    return "\n".join([f"%%track {quoted}", head, *_assignments(run)])


def _assignments(run: Run) -> list[str]:
    return [
        f"{key} = {_literal(text)}" if key.isidentifier() else f"# {key!r}: {text!r}"
        for key, text in run.data.params.items()
    ]


def _literal(text: str) -> str:
    """Params are stored as text: what reads as a Python value was one."""
    try:
        return repr(ast.literal_eval(text))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return repr(text)
