"""A training that is to end early, with the model that it has: who asks, and who listens."""

from __future__ import annotations

from nbtrack.errors import InvalidValue
from nbtrack.hooks.training import stopping
from nbtrack.lookup.find_run import find_run
from nbtrack.recording.active_run import ActiveRun
from nbtrack.recording.session import current_session
from nbtrack.recording.stop_requests import ask_to_stop
from nbtrack.records.runs import Run, RunQuery, RunStatus
from nbtrack.records.tags import PARENT_TAG
from nbtrack.stores.opening import folder_of
from nbtrack.stores.store import Store

_MOST_NAMED = 5


def stop_is_wanted() -> bool:
    """Whether the user asked the active run to stop, by `nbtrack stop`, `%track stop` or the button
    of a live chart. For loops that nothing else ends: `if nbtrack.stop_is_wanted(): break`.

    The run then ends as KILLED. False where no run is open.
    """
    run = current_session().active_run()
    return isinstance(run, ActiveRun) and stopping.stop_is_wanted(run)


def stop(store: Store, text: str = "") -> str:
    """Ask a run to stop; what to tell the user. *text* is its id, the beginning of one, or its
    name; empty: the one that is running. Raises NotFound, InvalidValue."""
    run = find_run(store, text) if text else _running_one(store)
    name, run_id = run.info.run_name, run.info.run_id
    if run.info.status != RunStatus.RUNNING:
        raise InvalidValue(f"Run {name!r} ({run_id[:8]}) is not running: it is {run.info.status}.")
    ask_to_stop(store, run_id)
    return (
        f"Asked {name!r} ({run_id[:8]}) to stop: what it trains ends at the next iteration, and "
        "the model is kept. A loop that nbtrack does not follow asks nbtrack.stop_is_wanted()."
    )


def _running_one(store: Store) -> Run:
    found = [run for run in _running(store) if PARENT_TAG not in run.data.tags]
    if len(found) == 1:
        return found[0]
    if not found:
        raise InvalidValue(f"Nothing is running in {folder_of(store.uri)}.")
    named = [f"{run.info.run_name!r} ({run.info.run_id[:8]})" for run in found[:_MOST_NAMED]]
    raise InvalidValue(f"{len(found)} runs are running: {', '.join(named)}. Name one of them.")


def _running(store: Store) -> list[Run]:
    return store.search_runs(RunQuery(filter_string="attributes.status = 'RUNNING'"))
