"""The runs of an MLflow server, page by page.

One whose row it cannot read makes it fail on the whole page. Smaller ones are asked for then, down
to that run alone, which is gone round. (MLflow 3 reads one row more than it gives, so that the run
before a broken one is not told either.)
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from nbtrack.remote.mlflow_server.rest import Json
from nbtrack.transfer.sources.mlflow_requests import SourceRest
from nbtrack.transfer.sources.source_records import BrokenRecord

_RUNS_OF_PAGE = 200
_SMALLER = 8  # times
_MOST_BROKEN = 20  # runs one after the other; a server that fails on more fails on all
_OLDEST_FIRST = ["attributes.start_time ASC"]  # those that are logged meanwhile come last


class _Place(NamedTuple):
    token: str
    size: int


class RunPages:
    """*broken* says why of the runs that the server fails on; it does not tell their ids."""

    def __init__(self, rest: SourceRest) -> None:
        self._rest = rest
        self._experiments: Sequence[str] = ()
        self._places: dict[str, _Place] = {}
        self.broken: dict[str, str] = {}

    def find(self, experiment_ids: Sequence[str]) -> list[str]:
        """The ids of all runs, and a word for each that is broken, in the order of their starts."""
        self._experiments = experiment_ids
        token: str | None = "" if experiment_ids else None
        size, number, failures = _RUNS_OF_PAGE, 0, 0
        found: dict[str, None] = {}
        while token is not None:
            place = _Place(token, size)
            try:
                page = self._ask(place)
            except BrokenRecord as exc:
                if size > 1:
                    size = max(1, size // _SMALLER)
                    continue
                number, failures = number + 1, failures + 1
                if failures > _MOST_BROKEN:
                    raise
                found[self._note_broken(number, exc)] = None
                token = _token_beyond(token, number, exc)
                continue
            if failures:
                size, failures = _RUNS_OF_PAGE, 0
            number += len(page.get("runs", ()))
            for run_id in _by_id(page):
                self._places.setdefault(run_id, place)
                found[run_id] = None
            token = page.get("next_page_token") or None
        return list(found)

    def _note_broken(self, number: int, exc: BrokenRecord) -> str:
        word = f"no. {number} by its start"
        self.broken[word] = f"the server fails on it, or on the next one with it: {exc}"
        return word

    def __contains__(self, run_id: str) -> bool:
        return run_id in self._places

    def around(self, run_id: str) -> dict[str, Json]:
        """The runs of its page, by their ids, as they are now; it may be among them no more."""
        try:
            return _by_id(self._ask(self._places[run_id]))
        except BrokenRecord:  # another one, since: each is asked for alone
            return {}

    def _ask(self, place: _Place) -> Json:
        told: Mapping[str, object] = {
            "experiment_ids": self._experiments, "run_view_type": "ALL", "order_by": _OLDEST_FIRST,
            "max_results": place.size, **({"page_token": place.token} if place.token else {}),
        }  # fmt: skip
        return self._rest.post("runs/search", told)


def _by_id(page: Json) -> dict[str, Json]:
    return {str(said["info"]["run_id"]): said for said in page.get("runs", ())}


def _token_beyond(token: str, number: int, exc: BrokenRecord) -> str:
    """Where to go on behind the run of that *number*, of which the server says nothing. Raises
    *exc* if its tokens are no longer those of MLflow 1 to 3."""
    if token and token != _token(number - 1):
        raise exc
    return _token(number)


def _token(offset: int) -> str:
    return base64.b64encode(json.dumps({"offset": offset}).encode()).decode()
