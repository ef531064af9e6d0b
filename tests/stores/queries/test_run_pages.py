"""Pages of runs: sorted, filtered, folded under their parents; and when they are read again."""

from __future__ import annotations

from pathlib import Path

import pytest

from nbtrack.errors import InvalidFilter
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.records.runs import RunQuery, ViewType
from nbtrack.records.views import RunPage
from nbtrack.stores.local.duckdb import DuckDBStore
from tests.support.panel_project import START_US, STATES, Write, deletion, run_text, write_as_two

ODD_KEY = 'it\'s "odd" \\ <b>'


def page(store: DuckDBStore, *, folded: bool = False, **query: object) -> RunPage:
    return store.read_run_page(RunQuery(**query), folded=folded)


def ids(found: RunPage) -> str:
    return "".join(run.info.run_id for run in found.runs)


@pytest.fixture(params=STATES)
def family(request, store: DuckDBStore, write: Write) -> DuckDBStore:
    """`a` has children b and c, and c a child d; the parent of e is deleted, that of f unknown."""
    texts = [
        run_text("a", minute=0, metrics={"f1": 0.1}),
        run_text("b", minute=1, metrics={"f1": 0.9}, parent="a"),
        run_text("c", minute=2, metrics={"f1": 0.5}, parent="a"),
        run_text("d", minute=3, metrics={"f1": 0.7}, parent="c"),
        run_text("x", minute=4) + deletion("x"),
        run_text("e", minute=5, metrics={"f1": 0.3}, parent="x"),
        run_text("f", minute=6, metrics={"f1": 0.2}, parent="no such run"),
    ]
    write_as_two(store, write, texts, request.param)
    return store


def test_children_stand_under_their_parents(family: DuckDBStore) -> None:
    """They are counted there, and not in the total."""
    found = page(family, folded=True)

    assert ids(found) == "fea"
    assert (found.total, found.matching, dict(found.children)) == (3, 6, {"a": 2})


def test_without_folding_every_run_stands_for_itself(family: DuckDBStore) -> None:
    """Newest first."""
    found = page(family)

    assert ids(found) == "fedcba"
    assert (found.total, found.matching, dict(found.children)) == (6, 6, {})


def test_families_are_sorted_by_the_parent(family: DuckDBStore) -> None:
    """Whatever the children reached."""
    assert ids(page(family, folded=True, order_by=("metrics.f1 DESC",))) == "efa"


def test_a_child_whose_parent_does_not_match_stands_for_itself(family: DuckDBStore) -> None:
    """Also under a grandparent that does; what is folded below it is still counted."""
    found = page(family, folded=True, filter_string="metrics.f1 >= 0.5")
    assert (ids(found), found.total, dict(found.children)) == ("cb", 2, {"c": 1})

    found = page(family, folded=True, filter_string="run_id != 'c'")
    assert (ids(found), dict(found.children)) == ("feda", {"a": 2})


def test_children_are_read_in_the_order_asked_for(family: DuckDBStore) -> None:
    """Newest first without one; a run without children has none."""
    assert [run.info.run_id for run in family.read_child_runs("a")] == ["c", "b"]
    best_first = family.read_child_runs("a", order_by=["metrics.f1 desc"])
    assert [run.data.metrics["f1"] for run in best_first] == [0.9, 0.5]
    assert family.read_child_runs("b") == family.read_child_runs("nobody") == []


def test_deleted_runs_are_shown_on_request(family: DuckDBStore) -> None:
    """And counted with those that are active only where all are asked for."""
    assert ids(page(family, view_type=ViewType.DELETED_ONLY)) == "x"
    found = page(family, folded=True, view_type=ViewType.ALL)
    assert (ids(found), dict(found.children)) == ("fxa", {"a": 2, "x": 1})
    assert [r.info.run_id for r in family.read_child_runs("x", view_type=ViewType.ALL)] == ["e"]


def test_deleted_children_are_not_counted(store: DuckDBStore, write: Write) -> None:
    """What is counted is what unfolds."""
    write(run_text("a"), run_text("b", minute=1, parent="a"), deletion("b"))

    assert dict(page(store, folded=True).children) == {}
    assert store.read_child_runs("a") == []


def test_no_run_is_hidden_by_parents_that_go_round(store: DuckDBStore, write: Write) -> None:
    """A run that names itself, and two that name each other, are shown."""
    write(run_text("a", parent="a"), run_text("b", minute=1, parent="c"))
    write(run_text("c", minute=2, parent="b"))

    found = page(store, folded=True)
    assert (ids(found), dict(found.children)) == ("ba", {"b": 1})


def test_pages_follow_each_other(family: DuckDBStore) -> None:
    """Each page knows how many runs all have together."""
    pages = [page(family, folded=True, max_results=2, offset=offset) for offset in (0, 2, 4)]

    assert [ids(each) for each in pages] == ["fe", "a", ""]
    assert {each.total for each in pages} == {3}


@pytest.mark.parametrize("state", STATES)
def test_several_keys_sort_and_what_is_missing_comes_last(
    store: DuckDBStore, write: Write, state: str
) -> None:
    """In both directions; numbers as numbers."""
    texts = [
        run_text("a", params={"lr": "10", ODD_KEY: 1}),
        run_text("b", params={"lr": "9", ODD_KEY: 2}, minute=1),
        run_text("c", params={"lr": "9", ODD_KEY: 3}, minute=2),
        run_text("d", minute=3),
    ]
    write_as_two(store, write, texts, state)

    odd = f"params.`{ODD_KEY}`"
    assert ids(page(store, order_by=("params.lr", odd))) == "bcad"
    assert ids(page(store, order_by=(f"params.lr DESC, {odd} DESC",))) == "acbd"
    assert ids(page(store, order_by=(odd,), filter_string=f"{odd} > 1")) == "bc"


def test_a_page_tells_all_of_its_runs(store: DuckDBStore, write: Write) -> None:
    """Params, metrics, tags and facts, as search_runs does."""
    write(run_text("a", params={"p": 1}, metrics={"m": 2.0}, tags={"t": "x"}, user_id="ada"))

    assert page(store).runs == store.search_runs(RunQuery())


@pytest.mark.parametrize("query", [{"filter_string": "f1 >"}, {"order_by": ("nothing",)}])
def test_what_cannot_be_asked_is_refused(store: DuckDBStore, query: dict[str, object]) -> None:
    """With the caret under it; and the next question is answered."""
    with pytest.raises(InvalidFilter):
        page(store, **query)
    assert page(store).runs == []


def test_a_page_shows_what_was_written_since(store: DuckDBStore, write: Write) -> None:
    """A new name, another run: by whatever process, folded or not."""
    journal = write(run_text("a"))
    assert ids(page(store)) == "a"
    store.fold()
    journal.append(lines.run_line("a", t=now_us(), name="renamed"))
    assert page(store).runs[0].info.run_name == "renamed"
    write(run_text("b", minute=1))
    assert ids(page(store)) == "ba"


def test_a_filter_is_asked_again_when_a_point_was_logged(store: DuckDBStore, write: Write) -> None:
    """Though the runs themselves are as they were."""
    journal = write(run_text("a"))
    for logged in (1.0, 2.0, 3.0):
        assert ids(page(store, filter_string=f"metrics.m >= {logged}")) == ""
        journal.append(lines.metric_line("a", "m", logged, step=int(logged), t=now_us()))
        assert ids(page(store, filter_string=f"metrics.m >= {logged}")) == "a"


def test_a_run_that_gets_a_parent_later_moves_under_it(store: DuckDBStore, write: Write) -> None:
    """And back, when the tag is removed."""
    journal = write(run_text("a"), run_text("b", minute=1))
    assert ids(page(store, folded=True)) == "ba"
    journal.append(lines.tag_line("b", "mlflow.parentRunId", "a", t=now_us()))
    assert ids(page(store, folded=True)) == "a"
    journal.append(lines.tag_line("b", "mlflow.parentRunId", None, t=now_us()))
    assert ids(page(store, folded=True)) == "ba"


def test_runs_are_not_mixed_up_when_they_are_numbered_anew(
    store: DuckDBStore, write: Write
) -> None:
    """Waiting runs are numbered by their first time, and a point may be given any."""
    write(run_text("a", params={"p": "of a"}))
    write(run_text("b", minute=1, params={"p": "of b"}))
    assert ids(page(store)) == "ba"
    write(lines.metric_line("b", "m", 1.0, step=0, t=START_US))

    for _ in range(2):
        assert [run.data.params["p"] for run in page(store).runs] == ["of b", "of a"]
        store.fold()


def test_removed_runs_are_gone(store: DuckDBStore, write: Write) -> None:
    """With their children's place under them."""
    write(run_text("a"), run_text("b", minute=1, parent="a"))
    assert ids(page(store, folded=True)) == "a"

    store.remove_runs(["a"])

    assert ids(page(store, folded=True)) == "b"


def test_a_new_instance_of_duckdb_makes_the_index_again(store: DuckDBStore, write: Write) -> None:
    """Its temporary tables ended with the last one."""
    write(run_text("a"))
    for _ in range(3):
        assert ids(page(store, filter_string="run_id = 'a'")) == "a"
        store._attachment.close()


def test_the_version_changes_when_somebody_writes_or_folds(
    store: DuckDBStore, write: Write, tmp_path: Path
) -> None:
    """And only then; a folder that is not there yet has one too."""
    seen = [store.version()]
    journal = write(run_text("a"))
    seen.append(store.version())
    other = DuckDBStore(tmp_path / ".nbtrack")
    journal.append(run_text("b"))
    seen.append(store.version())
    other.fold()
    seen.append(store.version())
    other.remove_runs(["a"])
    seen.append(store.version())
    page(store)
    other.close()

    assert len(set(seen)) == len(seen)
    assert store.version() == seen[-1]


def test_an_empty_project_has_an_empty_page(store: DuckDBStore) -> None:
    """Looking makes nothing."""
    assert page(store, folded=True) == RunPage(runs=[], total=0, matching=0, children={})
    assert not store.folder.exists()
