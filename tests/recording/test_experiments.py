"""Experiments: ids that processes agree on without talking."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from nbtrack import MlflowClient
from nbtrack.errors import ExperimentNotFound, InvalidValue, NameTaken
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.recording.experiments import (
    create_experiment,
    experiment_id_of,
    experiment_of_new_run,
    use_experiment,
)
from nbtrack.stores.local.duckdb import DuckDBStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    opened = DuckDBStore(tmp_path / ".nbtrack")
    yield opened
    opened.close()


@pytest.fixture
def other(store: DuckDBStore) -> Iterator[DuckDBStore]:
    """Another process at the same project."""
    opened = DuckDBStore(store.folder)
    yield opened
    opened.close()


@pytest.fixture
def held(store: DuckDBStore) -> Iterator[DuckDBStore]:
    """A project whose file cannot be read, because something else has it open for writing."""
    store.append(lines.run_line("a", t=1))
    store.fold()
    with duckdb.connect(str(store.database)):
        yield store


def change(store: DuckDBStore, experiment_id: str, **facts: str) -> None:
    store.append(lines.experiment_line(experiment_id, t=now_us(), **facts))


def test_the_id_is_a_decimal_made_from_the_name() -> None:
    """The same in every process and for ever; Default is 0, as in MLflow."""
    assert experiment_id_of("Default") == "0"
    assert experiment_id_of("churn") == "615621451887769580"
    assert 0 < int(experiment_id_of("ünïcödé \ud83d")) < 2**60
    assert experiment_id_of("churn", salt=1) != experiment_id_of("churn")


def test_a_new_experiment_is_given_back_whole(store: DuckDBStore) -> None:
    """As it is read back, place of its artifacts and times included."""
    made = use_experiment(store, "churn")

    assert made == store.get_experiment(made.experiment_id)
    assert made.creation_time is not None
    assert made.artifact_location.endswith("/artifacts")
    assert use_experiment(store, "churn") == made


def test_two_processes_agree(store: DuckDBStore, other: DuckDBStore) -> None:
    """Whoever comes second finds the first one's, folded or not."""
    first = use_experiment(store, "churn")
    second = use_experiment(other, "churn")
    store.fold()
    third = use_experiment(other, "churn")
    assert first.experiment_id == second.experiment_id == third.experiment_id
    assert [each.name for each in store.search_experiments()].count("churn") == 1


def test_two_processes_agree_though_the_file_is_held(held: DuckDBStore) -> None:
    """Without a look at the database, and afterwards it is one experiment."""
    assert use_experiment(held, "churn").experiment_id == experiment_id_of("churn")


def test_a_renamed_experiment_keeps_its_id(store: DuckDBStore) -> None:
    """A new one of the old name gets another."""
    old = use_experiment(store, "churn").experiment_id
    change(store, old, renamed="loss")
    assert use_experiment(store, "loss").experiment_id == old
    new = use_experiment(store, "churn").experiment_id
    assert new == experiment_id_of("churn", salt=1)
    assert use_experiment(store, "churn").experiment_id == new


def test_a_renamed_experiment_is_found_though_the_file_is_held(store: DuckDBStore) -> None:
    """By its new name; and the old name's id, which it has, goes to nobody else."""
    client = MlflowClient(store.uri)
    old = client.create_experiment("churn")
    client.rename_experiment(old, "revenue")
    client.rename_experiment(old, "loss")
    store.fold()
    with duckdb.connect(str(store.database)):
        assert use_experiment(store, "loss").experiment_id == old
        new = use_experiment(store, "churn").experiment_id
    assert new == experiment_id_of("churn", salt=1)
    names = {each.name: each.experiment_id for each in store.search_experiments()}
    assert names == {"Default": "0", "loss": old, "churn": new}


def test_an_experiment_made_by_another_process_meanwhile_is_the_same(
    store: DuckDBStore, other: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look for its name and the look for its id."""
    find = store.find_experiment

    def find_then_others_make_it(name: str, *, timeout: float) -> object:
        found = find(name, timeout=timeout)
        use_experiment(other, name)
        return found

    monkeypatch.setattr(store, "find_experiment", find_then_others_make_it)
    assert use_experiment(store, "churn").experiment_id == experiment_id_of("churn")


def test_a_deleted_experiment_is_not_used(store: DuckDBStore) -> None:
    """The message says how to bring it back."""
    experiment_id = use_experiment(store, "churn").experiment_id
    change(store, experiment_id, lifecycle_stage="deleted")
    with pytest.raises(InvalidValue, match="restore_experiment"):
        use_experiment(store, "churn")
    with pytest.raises(InvalidValue, match="deleted"):
        experiment_of_new_run(store, experiment_id)
    with pytest.raises(NameTaken, match="deleted"):
        create_experiment(store, "churn")


def test_creating_one_that_exists_is_an_error(store: DuckDBStore) -> None:
    """As in MLflow; nothing is written."""
    experiment_id = create_experiment(store, "churn", tags={"team": "red"})
    assert store.get_experiment(experiment_id).tags == {"team": "red"}
    with pytest.raises(NameTaken, match="set_experiment"):
        create_experiment(store, "churn", tags={"team": "blue"})
    assert store.get_experiment(experiment_id).tags == {"team": "red"}


@pytest.mark.parametrize("name", ["", "  ", None, 3, "x" * 501])
def test_a_name_must_be_one(store: DuckDBStore, name: object) -> None:
    """Empty, too long, or no text at all."""
    with pytest.raises(InvalidValue, match="experiment's name"):
        use_experiment(store, name)  # type: ignore[arg-type]


def test_a_run_needs_an_experiment_that_exists(store: DuckDBStore) -> None:
    """A wrong id is found out before the run begins."""
    assert experiment_of_new_run(store, "0").name == "Default"
    with pytest.raises(ExperimentNotFound, match="123"):
        experiment_of_new_run(store, "123")


def test_a_run_takes_an_id_at_its_word_while_nobody_can_look(held: DuckDBStore) -> None:
    """No run waits for who holds the file."""
    assert experiment_of_new_run(held, "123").experiment_id == "123"
