"""`nbtrack.push` and `nbtrack.pull`: runs, copied between the project here and a team's server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nbtrack.base.guard import warn
from nbtrack.errors import InvalidValue
from nbtrack.recording.session import current_session
from nbtrack.records.runs import Run
from nbtrack.settings import find_project_folder, working_folder
from nbtrack.stores.opening import is_server
from nbtrack.stores.store import Store

if TYPE_CHECKING:
    from nbtrack.transfer.copies.copying import Copied


def push(*runs: str | Run, experiment: str | Sequence[str] = (), to: str | None = None) -> Copied:
    """Copy runs, with all that was recorded of them, their child runs, files and models, from the
    project here to the server at *to*; by default that of the settings.

    *runs* are ids, beginnings of ids, names or runs; *experiment* is the name of one, or several,
    of which all runs are copied. Ids stay. What is there already is not sent; a run that has grown
    is brought up to date; one that is running is left out, and that is said. Broken off anywhere,
    the same again goes on there. Registered versions stay where they are. What differs after all is
    in `faults` of the answer, and warned of. Raises NotFound, InvalidValue, NameTaken, StoreBusy.
    """
    from nbtrack.transfer.copies.between import push_runs

    server = _server(to, "nbtrack.push(..., to='http://host:port')")
    return _said(push_runs(_project_here(), server, _texts(runs), _names(experiment)))


def pull(
    *runs: str | Run, experiment: str | Sequence[str] = (), source: str | None = None
) -> Copied:
    """The same from the server at *source* to the project here."""
    from nbtrack.transfer.copies.between import pull_runs

    uri = _server(source, "nbtrack.pull(..., source='http://host:port')")
    served = current_session().store_for(uri)
    return _said(pull_runs(_project_here(), served, _texts(runs), _names(experiment)))


def _server(given: str | None, call: str) -> str:
    session = current_session()
    uri = given or (session.store.uri if session.is_uri_set else "")
    if not is_server(uri):
        raise InvalidValue(f"{uri!r} is no server; say which: {call}.")
    return uri


def _project_here() -> Store:
    """That of the session; where it records on a server, that of the working folder."""
    session = current_session()
    if not is_server(session.store.uri):
        return session.store
    folder = session.settings.folder or find_project_folder(working_folder())
    return session.store_for(str(folder))


def _texts(runs: Sequence[str | Run]) -> list[str]:
    return [run if isinstance(run, str) else run.info.run_id for run in runs]


def _names(experiment: str | Sequence[str]) -> Sequence[str]:
    return [experiment] if isinstance(experiment, str) else experiment


def _said(copied: Copied) -> Copied:
    for fault in copied.faults:
        warn(f"nbtrack: {fault}")
    return copied
