"""The run that a user means by what they typed."""

from __future__ import annotations

import re

from nbtrack.errors import InvalidValue, NotFound
from nbtrack.records import Run, RunQuery
from nbtrack.stores import Store

_BEGINNING = re.compile(r"[0-9a-f]{4,32}")
_MOST_LISTED = 5


def find_run(store: Store, text: str) -> Run:
    """By id, by the first four or more characters of it, or by name, the newest of that name.

    Raises NotFound; InvalidValue when several ids begin like that.
    """
    found = _by_id(store, text) if _BEGINNING.fullmatch(text) else []
    if len(found) > 1:
        ids = ", ".join(run.info.run_id[: len(text) + 4] for run in found[:_MOST_LISTED])
        raise InvalidValue(f"{text!r} is the beginning of {len(found)} run ids: {ids}. Write more.")
    found = found or _by_name(store, text)
    if not found:
        raise NotFound(f"No run {text!r} in {store.uri}: neither an id nor a name. %runs has both.")
    return found[0]


def _by_id(store: Store, beginning: str) -> list[Run]:
    return store.search_runs(RunQuery(filter_string=f"attributes.run_id LIKE '{beginning}%'"))


def _by_name(store: Store, name: str) -> list[Run]:
    quote = '"' if "'" in name else "'"
    if quote in name:
        return []  # no filter can say it
    condition = f"attributes.run_name = {quote}{name}{quote}"
    return store.search_runs(RunQuery(filter_string=condition, max_results=1))
