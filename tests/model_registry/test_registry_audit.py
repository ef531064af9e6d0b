"""The record of changes: who, when, what, why; and whatever is done to it by hand is found."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict

import duckdb
import pytest

import nbtrack
from nbtrack.errors import InvalidValue, RegistryBroken
from nbtrack.model_registry.audit import verify
from nbtrack.records.registry import EventKind, NewEvent, RegistryHead
from nbtrack.stores.registry.registry_chain import HASHED, hash_of
from tests.support.filled_project import fill_project


@pytest.fixture
def record(churn, client, project):
    """Six events; gives what runs SQL on the file as another program would."""

    def six_events():
        churn(), churn()
        client.transition_model_version_stage("churn", 1, "Production", reason="first")
        client.transition_model_version_stage("churn", 2, "Staging", reason="try it")
        client.set_registered_model_alias("churn", "champion", 1)

    fill_project(project, six_events)

    def by_hand(*statements: str) -> None:
        with duckdb.connect(str(project / "nbtrack.duckdb")) as connection:
            for statement in statements:
                connection.execute(statement)

    return by_hand


def rechain(project):
    """Compute all hashes anew, as somebody who knows the format would."""
    with duckdb.connect(str(project / "nbtrack.duckdb")) as connection:
        table = "stored.registry_events"
        names = [*HASHED, "hash"]
        rows = connection.execute(f"select {', '.join(names)} from {table} order by n").fetchall()
        before = "0" * 64
        for number, row in enumerate(rows, start=1):
            fields = dict(zip(names, row)) | {"n": number, "previous_hash": before}
            before = hash_of(fields)
            connection.execute(
                f"update {table} set n = ?, previous_hash = ?, hash = ? where n = ?",
                [number, fields["previous_hash"], before, row[0]],
            )


def test_an_event_says_who_what_when_and_why(churn, client, as_user):
    """And which run and model it was about."""
    made = churn()
    as_user("grace")
    client.transition_model_version_stage("churn", 1, "Production", reason="it is better")
    event = client.get_registry_events("churn")[-1]

    assert (event.actor, event.kind, event.model, event.version) == (
        "grace", "stage_changed", "churn", 1,
    )  # fmt: skip
    assert (event.from_value, event.to_value, event.reason) == (
        "None", "Production", "it is better",
    )  # fmt: skip
    assert (event.run_id, event.digest) == (made.run_id, made.digest)
    assert event.t // 1000 == client.get_model_version("churn", 1).last_updated_timestamp


def test_the_hash_is_as_documented(record, store):
    """Who has the export and the description can check it without nbtrack."""
    before = "0" * 64
    for event in store.registry_events():
        fields = asdict(event)
        digest = fields.pop("hash")
        assert fields["previous_hash"] == before
        text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
        before = hashlib.sha256(text.encode("ascii")).hexdigest()
        assert digest == before


def test_a_record_that_nobody_touched_is_intact(record, store):
    """With its head; also an empty one."""
    check = verify(store)

    assert check.is_intact
    assert (check.problems, check.remarks) == ((), ())
    assert check.head == store.registry_head() == store.noted_registry_head()
    assert check.head.number == 6
    assert "cannot prove" in check.limits


def test_an_empty_record_is_intact(store):
    assert verify(store).is_intact


EDITS = {
    "actor": "'eve'", "t": "t + 1", "kind": "'alias_set'", "model": "'other'", "version": "7",
    "from_value": "'Staging'", "to_value": "'Archived'", "reason": "'another'",
    "run_id": "'0'", "digest": "'sha256:0'", "details": "'{\"a\": 1}'", "model_key": "9",
}  # fmt: skip


@pytest.mark.parametrize("column", EDITS)
def test_a_changed_field_is_found(record, store, column):
    """Whichever it is; the event is named."""
    record(f"update stored.registry_events set {column} = {EDITS[column]} where n = 4")
    check = verify(store)

    assert (check.is_intact, check.broken_at) == (False, 4)
    assert "Event 4 breaks the chain: its content does not give its hash" in check.problems[0]


@pytest.mark.parametrize("column", ["n", "hash", "previous_hash"])
def test_an_emptied_number_or_hash_is_found(record, store, column):
    """In the middle and at the end; the rest of the record is still read."""
    for n in (6, 3):
        record(f"update stored.registry_events set {column} = null where n = {n}")
        assert not verify(store).is_intact


def test_a_row_without_a_number_is_found(record, store):
    record(
        "insert into stored.registry_events"
        " select * replace (null as n) from stored.registry_events where n = 3"
    )

    assert "it has no n" in verify(store).problems[0]


def test_a_changed_hash_is_found(record, store):
    """Its own, or the one that it names as that of the event before."""
    record("update stored.registry_events set hash = repeat('a', 64) where n = 4")
    assert verify(store).broken_at == 4
    record("update stored.registry_events set previous_hash = repeat('a', 64) where n = 3")
    assert verify(store).broken_at == 3
    assert "as the hash of the event before" in verify(store).problems[0]


def test_a_changed_event_with_a_hash_that_fits_is_found(record, store, client):
    """The next one names the hash that it had."""
    event = asdict(store.registry_events(n=4)[0]) | {"reason": "another"}
    record(
        "update stored.registry_events set reason = 'another',"
        f" hash = '{hash_of(event)}' where n = 4"
    )

    assert verify(store).broken_at == 5


def test_a_deleted_event_is_found(record, store):
    record("delete from stored.registry_events where n in (3, 4)")
    check = verify(store)

    assert check.broken_at == 5
    assert "events 3 to 4 are missing before it" in check.problems[0]


def test_an_event_that_was_put_in_is_found(record, store):
    record("insert into stored.registry_events select * from stored.registry_events where n = 3")
    check = verify(store)

    assert check.broken_at == 3
    assert "two events of this number" in check.problems[0]


def test_a_cut_off_tail_is_found(record, store):
    """The chain that is left is whole: the note beside the database says that there was more."""
    record("delete from stored.registry_events where n > 4")
    check = verify(store)

    assert (check.is_intact, check.broken_at) == (False, None)
    assert "says event 6, and the last 2 are missing: cut off" in check.problems[0]


def test_all_events_gone_is_found(record, store):
    record("delete from stored.registry_events")

    assert "the last 6 are missing" in verify(store).problems[0]


def test_a_rewritten_chain_is_found(record, store, project):
    """Every hash fits, and the newest is not the noted one."""
    record("update stored.registry_events set reason = 'another' where n = 4")
    rechain(project)
    check = verify(store)

    assert (check.is_intact, check.broken_at) == (False, None)
    assert "the chain was rewritten" in check.problems[0]


def test_a_head_that_was_kept_elsewhere_finds_what_the_note_does_not(record, store, project):
    """Somebody rewrote the chain and the note too."""
    kept = str(store.registry_head())
    record("update stored.registry_events set reason = 'another' where n = 4")
    rechain(project)
    (project / "registry.head").write_text(f"6 {store.registry_head().hash}\n")

    assert verify(store).is_intact
    assert "the head that was given" in verify(store, head=kept).problems[0]
    assert verify(store, head=str(store.registry_head())).is_intact


@pytest.mark.parametrize("head", ["", "6", "x:" + "a" * 64, "6:abc", "-1:" + "a" * 64])
def test_what_is_no_head_is_refused(store, head):
    with pytest.raises(InvalidValue, match="The head is"):
        verify(store, head=head)


def test_a_process_that_died_before_it_noted_the_head_is_no_fault(record, store, client, project):
    """The chain may be ahead of its note; the next change brings the note up to date."""
    fourth = store.registry_events(n=4)[0]
    (project / "registry.head").write_text(f"4 {fourth.hash}\n")
    check = verify(store)

    assert check.is_intact
    assert "2 valid events after it" in check.remarks[0]
    client.set_registered_model_tag("churn", "k", 1)
    assert store.noted_registry_head() == store.registry_head()


def test_nothing_is_recorded_on_a_chain_that_was_cut_off(record, store, client):
    """The note would move on with it, and what was cut off would never be missed."""
    record("delete from stored.registry_events where n > 4")

    with pytest.raises(RegistryBroken, match=r"event 6 is missing.*registry verify"):
        client.set_registered_model_tag("churn", "k", 1)
    assert store.noted_registry_head().number == 6
    assert len(store.registry_events()) == 4


def test_going_on_without_the_note_is_recorded(record, store, client, project, as_user):
    """Who takes it away can go on, and the record says who did."""
    record("delete from stored.registry_events where n > 4")
    (project / "registry.head").unlink()
    assert "no note of the head" in verify(store).problems[0]
    as_user("eve")
    client.set_registered_model_tag("churn", "k", 1)
    check = verify(store)

    assert check.is_intact
    assert "eve went on" in check.remarks[0]
    assert [event.kind for event in store.registry_events()][-2:] == [
        "model_tag_set", "head_renewed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "nonsense", "6", "6 abc", "\xff\xff", "0 " + "0" * 64, "6 " + "z" * 64]
)
def test_a_damaged_note_is_told(record, store, client, project, text):
    (project / "registry.head").write_text(text, encoding="latin-1")

    assert "is damaged" in verify(store).problems[0]
    with pytest.raises(RegistryBroken, match="is damaged"):
        client.set_registered_model_tag("churn", "k", 1)


def test_time_never_goes_back(record, store, client, monkeypatch):
    """A clock that is set back does not put a change before the one it was made after."""
    newest = store.registry_events()[-1].t
    from nbtrack.stores.registry import registry_chain

    monkeypatch.setattr(registry_chain, "now_us", lambda: 1)
    client.set_registered_model_tag("churn", "k", 1)

    assert store.registry_events()[-1].t == newest


def test_any_text_goes_into_the_chain(client, store):
    """Quotes, other alphabets, emoji, control characters, NUL."""
    odd = 'a"b\\c\n\t\x00 ü 漢 🎉 \x7f {}'
    client.create_registered_model("ü 漢 🎉", description=odd, tags={"k": odd})
    client.rename_registered_model("ü 漢 🎉", "b", reason=odd)

    assert verify(store).is_intact
    assert client.get_registered_model("b").description == odd
    assert store.registry_events()[-1].reason == odd


def test_other_programs_read_the_state(record, project):
    """The views are in the file."""
    nbtrack.recording.session.current_session().store.fold()
    with duckdb.connect(str(project / "nbtrack.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "select version, stage from model_versions order by version"
        ).fetchall()

    assert rows == [(1, "Production"), (2, "Staging")]


def test_the_first_head_is_that_of_nothing(store):
    assert store.registry_head() == RegistryHead(0, "0" * 64)
    assert store.noted_registry_head() is None


def test_details_that_are_no_json_are_refused(client, project):
    """A database that reads JSON strictly could not read the registry any more."""
    client.create_registered_model("churn")
    store, (first,) = client._store, client._store.registry_events()
    wrong = NewEvent(
        kind=EventKind.MODEL_TAG_SET, model="churn", model_key=first.model_key, actor="ana",
        to_value="1", details={"key": "a", "x": float("nan")},
    )  # fmt: skip
    with pytest.raises(InvalidValue, match=r"details of model_tag_set are no JSON.*'x': nan"):
        store.registry_append([wrong], after=store.registry_head())
    assert len(store.registry_events()) == 1
