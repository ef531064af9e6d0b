"""Which keys runs have is put together from pieces; a change makes few of them new."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.records.runs import RunQuery
from nbtrack.stores.kept import key_pieces
from nbtrack.stores.kept.key_pieces import KeyPieces
from nbtrack.stores.local.duckdb import DuckDBStore
from nbtrack.stores.queries.run_index import Question
from tests.support.panel_project import run_text

Write = Callable[..., object]
ALL = RunQuery()


def pieces_of(store: DuckDBStore) -> KeyPieces | None:
    assert store._kept._table is not None
    return store._kept._table.key_pieces.get(Question.of(ALL))


def runs_with_p(store: DuckDBStore) -> int:
    return next(each.runs for each in store.read_keys(ALL).params if each.key == "p")


@pytest.fixture
def folded(store: DuckDBStore, write: Write, monkeypatch: pytest.MonkeyPatch) -> DuckDBStore:
    """Nine runs in blocks of three keys, all of them read."""
    monkeypatch.setattr(key_pieces, "BLOCK", 3)
    for n in range(9):
        write(run_text(f"run{n}", params={"p": n}))
    store.fold()
    assert runs_with_p(store) == 9
    return store


def test_a_run_that_changes_stands_alone(folded: DuckDBStore) -> None:
    """Its block is read again once, without it; the other blocks stay, and then its block too."""
    facts = pieces_of(folded)._facts
    before = dict(facts)
    for time_of_change, is_new in enumerate((True, False)):
        folded.append(lines.param_line("run4", "p", str(time_of_change), t=now_us()))
        assert runs_with_p(folded) == 9
        blocks = {piece for piece in facts if piece >= 0}
        changed = {piece for piece in blocks if facts[piece] is not before[piece]}
        assert len(facts) == len(blocks) + 1
        assert len(changed) == (1 if is_new else 0)
        before = dict(facts)


def test_many_that_changed_go_back_to_their_blocks(
    folded: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So what is kept stays small."""
    monkeypatch.setattr(key_pieces, "MOST_ALONE", 2)
    for n, alone in enumerate((1, 2, 0)):
        folded.append(lines.param_line(f"run{n}", "p", "x", t=now_us()))
        assert runs_with_p(folded) == 9
        assert sum(piece < 0 for piece in pieces_of(folded)._facts) == alone


def test_of_very_many_keys_nothing_is_kept(
    folded: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index is asked."""
    monkeypatch.setattr(key_pieces, "MOST_FACTS", 2)
    folded._kept.forget()
    folded.append(lines.param_line("run4", "p", "x", t=now_us()))
    assert runs_with_p(folded) == 9
    assert pieces_of(folded) is None
