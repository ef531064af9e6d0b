"""Runs, written in the form that somebody asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from nbtrack.artifact_store.paths import folder_of
from nbtrack.errors import InvalidValue
from nbtrack.stores.opening import without_password
from nbtrack.stores.store import Store
from nbtrack.transfer.exports.answers import NOTHING_WRITTEN, Answers
from nbtrack.transfer.exports.choosing import Choice, choose
from nbtrack.transfer.exports.leaving_records import records_of
from nbtrack.transfer.exports.outcome import Exported

Progress = Callable[[int, int, str], None]
FORMS = ("mlflow", "parquet", "csv")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")  # two letters or more: C: is a drive


def export_runs(
    store: Store,
    form: str,
    place: str,
    *,
    runs: Sequence[str] = (),
    experiments: Sequence[str] = (),
    filter_string: str = "",
    progress: Progress,
) -> Exported:
    """To *place* in one of FORMS; see `choose` for which. Raises InvalidValue, NotFound,
    StoreBusy, MissingExtra."""
    _refuse_server_of_mlflow(store)
    answers = Answers(store)
    choice = choose(store, runs, experiments, filter_string)
    answers.check(NOTHING_WRITTEN)
    with records_of(store, choice.run_ids, progress) as records:
        answers.check(NOTHING_WRITTEN)
        exported = _export(store, replace(choice, records=records), form, place, progress)
    answers.check(
        "what was written is not all that it has. Export again: what is there already is not "
        "written twice"
    )
    return exported


def _refuse_server_of_mlflow(store: Store) -> None:
    """What this machine knows of it would be a part of its runs."""
    from nbtrack.remote.mlflow_server.store import MlflowStore

    if isinstance(store, MlflowStore):
        name = without_password(store.uri)
        raise InvalidValue(
            f"{name} is a server of MLflow's, from which these runs can be read as they are. To "
            f"have them in another form: nbtrack import mlflow {name} --to FOLDER, and export with "
            "--store FOLDER."
        )


def _export(store: Store, choice: Choice, form: str, place: str, progress: Progress) -> Exported:
    if form == "mlflow":
        return _to_mlflow(store, choice, place, progress)
    if form not in FORMS:
        raise InvalidValue(f"There is no form {form!r} to export runs in: {', '.join(FORMS)}.")
    from nbtrack.transfer.exports.tables import export_tables

    return export_tables(store, choice, Path(place), form=form, progress=progress)


def _to_mlflow(store: Store, choice: Choice, place: str, progress: Progress) -> Exported:
    scheme = _SCHEME.match(place)
    if scheme is None or scheme[1].lower() == "file":
        from nbtrack.transfer.exports.mlflow_folder import export_mlflow_folder

        return export_mlflow_folder(store, choice, folder_of(place), progress=progress)
    from nbtrack.transfer.exports.mlflow_client import export_to_mlflow

    return export_to_mlflow(store, choice, place, progress=progress)
