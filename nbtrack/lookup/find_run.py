"""The run that a user means by what they typed."""

from __future__ import annotations

import re

from nbtrack.errors import InvalidValue, NotFound
from nbtrack.records.runs import Run, RunQuery, ViewType
from nbtrack.records.tags import REPRODUCES_TAG
from nbtrack.stores.opening import folder_of
from nbtrack.stores.store import Store

_ID = re.compile(r"[\w-]+")
_MOST_NAMED = 5
_MOST_REPEATED = 50  # times that a run was reproduced


def find_run(store: Store, text: str, *, view_type: ViewType = ViewType.ACTIVE_ONLY) -> Run:
    """By id, by name, or by the beginning of exactly one id.

    Of a name the newest run, but for those that only repeat one: they go by its name.

    Raises NotFound; InvalidValue when several ids begin like that.
    """
    beginning = _by_beginning(store, text, view_type)
    if exact := [run for run in beginning if run.info.run_id == text]:
        return exact[0]
    found = _by_name(store, text, view_type) or beginning
    if len(found) > 1:
        named = ", ".join(
            f"{run.info.run_id[: len(text) + 6]} ({run.info.run_name!r})"
            for run in found[:_MOST_NAMED]
        )
        raise InvalidValue(
            f"{text!r} is the beginning of {len(found)} run ids: {named}. Write more."
        )
    if not found:
        proposal = store.proposed_run(text, view_type=view_type)
        raise NotFound(
            f"No run {text!r} in {folder_of(store.uri)}: neither an id nor a name.{proposal} "
            "nbtrack.runs(experiment='all'), or `nbtrack runs --all`, lists the ones it has."
        )
    return found[0]


def _by_beginning(store: Store, text: str, view_type: ViewType) -> list[Run]:
    if not _ID.fullmatch(text):
        return []
    # _ stands for any character in LIKE: the filter narrows, the comparison decides.
    begins = f"attributes.run_id LIKE '{text}%'"
    query = RunQuery(filter_string=begins, view_type=view_type, max_results=1000)
    return [run for run in store.search_runs(query) if run.info.run_id.startswith(text)]


def _by_name(store: Store, name: str, view_type: ViewType) -> list[Run]:
    quoted = "'" + name.replace("'", "''") + "'"
    condition = f"attributes.run_name = {quoted}"
    query = RunQuery(filter_string=condition, view_type=view_type, max_results=_MOST_REPEATED)
    found = store.search_runs(query)
    return [run for run in found if REPRODUCES_TAG not in run.data.tags][:1] or found[:1]
