"""What client and server of nbtrack must agree on: addresses, and which questions there are."""

from __future__ import annotations

import inspect
import typing
from functools import cache
from typing import Any, NamedTuple

from nbtrack.records import history, transfers, views
from nbtrack.stores import store as stores
from nbtrack.stores.store import Store

ROOT = "/api/nbtrack/1"  # another number when a client of before could not go on
JOURNAL, WRITERS, FILES = "journal", "writers", "files"
QUESTIONS, REGISTRY = "questions", "registry"
UPLOADS = "uploads"  # of files whose bytes may go to where the server keeps them, without it
CHANGE = "change"  # in the details of the first event of a change: which change it is
FILE_DIGESTS = "file_digests"  # a question that no `Store` answers
RUNS, MODELS, COPIES = "runs", "models", "copies"  # whose files
START, SHA256, PROJECT = "nbtrack-start", "nbtrack-sha256", "nbtrack-project"  # headers
SERVER = "nbtrack-server"  # a header of /version: it is a server of ours
ROWS_OF = "nbtrack-rows-of"  # a header of a table: the machine whose rows these are
DIRECT = "nbtrack-direct"  # a header: asks for the address of a file's bytes, and has it
DIRECT_BYTES = 1 << 20  # smaller files come through the server: it is one way less
SERVED_ROOT = "nbtrack-artifacts:"  # on the way, the folder of artifacts on either side
MOST_BYTES = 4 << 20  # of lines in one request
MOST_PATHS = 1_000  # of files whose digests are asked for in one request: each is read

QUESTIONS_ASKED = frozenset({
    "count_runs", "find_experiment", "get_experiment", "get_run", "list_artifact_records",
    "list_model_files", "look_up_model", "look_up_run", "missing_contents", "noted_registry_head",
    "proposed_run", "read_cell", "read_cells",
    "read_child_runs", "read_datasets", "read_environments", "read_executions", "read_git_states",
    "read_groups", "read_history", "read_keys", "read_latest_points", "read_lines", "read_metrics",
    "read_places", "read_point_digests", "read_point_lines", "read_run_page", "read_run_values",
    "read_series", "read_texts", "registry_events", "registry_head",
    "search_experiments", "search_logged_models", "search_model_versions",
    "search_registered_models", "search_run_columns", "search_runs",
})  # fmt: skip


def kind_of_owner(owner: str) -> str:
    """Of files: whether *owner* is the id of a run or of a logged model."""
    return MODELS if owner.startswith("m-") else RUNS


class Question(NamedTuple):
    """A method of `Store`: how it is called, and the types of its arguments and of the answer."""

    signature: inspect.Signature
    kinds: dict[str, Any]
    answer: Any


@cache  # one of each
def question(name: str) -> Question:
    method = getattr(Store, name)
    names = vars(views) | vars(history) | vars(transfers) | vars(stores)
    hints = typing.get_type_hints(method, globalns=names)
    return Question(inspect.signature(method), hints, hints.pop("return"))
