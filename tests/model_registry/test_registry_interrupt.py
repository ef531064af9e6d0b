"""Ctrl-C in the middle of a change: nothing is lost that was recorded, nothing stays locked."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType

import pytest

import nbtrack
from nbtrack.base.locks import _Held
from nbtrack.model_registry.audit import verify
from nbtrack.stores.local.parsed_lines import transaction


@contextmanager
def interrupted_at_end_of(code: CodeType, *, call: int) -> Iterator[None]:
    """Ctrl-C when *code* is left for the *call*-th time; a generator is left at its yield too."""
    left = call

    def leave(frame, event, argument):
        nonlocal left
        left -= event == "return"
        if event == "return" and left == 0:
            raise KeyboardInterrupt
        return leave

    before = sys.gettrace()  # coverage, maybe
    sys.settrace(lambda frame, event, argument: leave if frame.f_code is code else None)
    try:
        yield
    finally:
        sys.settrace(before)


def test_a_version_that_is_committed_keeps_its_files(churn, train, client, store):
    """Python hears of a Ctrl-C during the commit when that is through."""
    churn()
    info = train()
    uri = info.model_uri
    at_commit = interrupted_at_end_of(transaction.__wrapped__.__code__, call=2)
    with pytest.raises(KeyboardInterrupt), at_commit:
        nbtrack.register_model(uri, "churn")

    assert client.get_model_version("churn", 2).run_id == info.run_id
    nbtrack.sklearn.load_model("models:/churn/2")
    assert nbtrack.register_model(uri, "churn").version == "3"
    assert verify(store).is_intact


def test_a_turn_that_was_just_taken_is_given_back(client):
    """Also while somebody keeps the traceback, as a notebook does."""
    client.create_registered_model("churn")
    at_lock = interrupted_at_end_of(_Held.__enter__.__code__, call=1)
    with pytest.raises(KeyboardInterrupt) as kept, at_lock:
        client.set_registered_model_tag("churn", "k", 1)

    client.set_registered_model_tag("churn", "k", 2)
    assert client.get_registered_model("churn").tags == {"k": "2"}
    assert kept.traceback
