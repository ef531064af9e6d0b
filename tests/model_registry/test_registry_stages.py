"""Stages: what is where, what was where, and one version in use at a time."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

import nbtrack
from nbtrack.errors import InvalidValue
from nbtrack.lookup.registered_models import as_of_us, moment_text


def stages(client):
    return {v.version: v.current_stage for v in client.search_model_versions("name = 'churn'")}


def test_a_version_moves_through_its_stages(churn, client):
    """In any case, as MLflow takes them."""
    churn()
    for stage in ("staging", "PRODUCTION", "Archived", "none"):
        moved = client.transition_model_version_stage("churn", "1", stage, reason="because")
        assert moved.current_stage.lower() == stage.lower()

    assert [(e.from_value, e.to_value, e.reason) for e in client.get_registry_events()[2:]] == [
        ("None", "Staging", "because"),
        ("Staging", "Production", "because"),
        ("Production", "Archived", "because"),
        ("Archived", "None", "because"),
    ]


def test_what_was_in_use_is_archived_with_it(churn, client):
    """All of them, in one change; who made room for whom is in the record."""
    for _ in range(3):
        churn()
    client.transition_model_version_stage("churn", 1, "Production")
    client.transition_model_version_stage("churn", 2, "Production")
    client.transition_model_version_stage("churn", 3, "production", archive_existing_versions=True)

    assert stages(client) == {"1": "Archived", "2": "Archived", "3": "Production"}
    moves = client.get_registry_events()[-3:]
    assert len({event.t for event in moves}) == 1
    assert all('"made_room_for": 3' in event.details for event in moves[:2])


@pytest.mark.parametrize("stage", ["None", "Archived"])
def test_only_a_stage_in_use_is_emptied(churn, client, stage):
    churn()
    client.transition_model_version_stage("churn", 1, "Staging")

    with pytest.raises(InvalidValue, match="archive_existing_versions"):
        client.transition_model_version_stage("churn", 1, stage, archive_existing_versions=True)
    assert stages(client) == {"1": "Staging"}


def test_a_move_to_the_same_stage_is_an_error(churn, client):
    """It would put an event into the record that says nothing."""
    churn()
    for stage in ("None", "none"):
        with pytest.raises(InvalidValue, match="is in stage None already"):
            client.transition_model_version_stage("churn", 1, stage)
    assert len(client.get_registry_events()) == 2


def test_the_latest_of_each_stage(churn, client):
    for _ in range(4):
        churn()
    client.transition_model_version_stage("churn", 1, "Production")
    client.transition_model_version_stage("churn", 2, "Production")

    def latest(*args):
        return [(v.version, v.current_stage) for v in client.get_latest_versions("churn", *args)]

    assert latest() == [("2", "Production"), ("4", "None")]
    assert latest(["production", "Staging"]) == [("2", "Production")]
    assert client.get_registered_model("churn").latest_versions == client.get_latest_versions(
        "churn"
    )


def test_stages_of_a_models_own(churn, client):
    """They work as the four that every model has, and go only when nothing is in them."""
    churn()
    client.set_registered_model_stages("churn", ["Shadow", "Canary 5-10"])
    client.transition_model_version_stage("churn", 1, "canary 5-10")
    client.require_gate("churn", "Shadow", "metrics.f1 > 0.5")

    assert client.get_model_version_stages("churn", 1)[4:] == ["Shadow", "Canary 5-10"]
    assert nbtrack.sklearn.load_model("models:/churn/Canary 5-10").coef_.shape == (1, 1)
    with pytest.raises(InvalidValue, match="Version 1 of 'churn' is in stage"):
        client.set_registered_model_stages("churn", ["Shadow"])
    with pytest.raises(InvalidValue, match="has a gate"):
        client.set_registered_model_stages("churn", ["Canary 5-10"])
    client.transition_model_version_stage("churn", 1, "Archived")
    client.remove_gate("churn", "shadow")
    assert client.set_registered_model_stages("churn", []).stages[4:] == ()


@pytest.mark.parametrize(
    "names",
    [
        "Canary",
        ["a/b"],
        ["latest"],
        ["v1"],
        ["3"],
        ["metrics"],
        ["Metric"],
        ["param"],
        ["a", "A"],
        [""],
        [3],
        3,
    ],
)
def test_what_cannot_be_a_stage_is_refused(client, names):
    """It could not stand in models:/name/stage, or in the rule of a gate."""
    client.create_registered_model("churn")

    with pytest.raises(InvalidValue, match="stage"):
        client.set_registered_model_stages("churn", names)


def moment(us):
    return dt.datetime.fromtimestamp(us / 1e6, dt.UTC)


def test_what_was_in_production_then(churn, client):
    """At the moment of a change it is made; before it, it is not. A rollback is seen too."""
    for _ in range(2):
        churn()
    for version in (1, 2, 1):
        client.transition_model_version_stage(
            "churn", version, "Production", archive_existing_versions=True
        )
    client.delete_model_version("churn", 1)
    moves = [e for e in client.get_registry_events() if e.to_value == "Production"]

    def then(us):
        found = client.get_model_version_by_stage("churn", "production", as_of=moment(us))
        return found.version if found else None

    assert [then(e.t) for e in moves] == ["1", "2", "1"]
    assert [then(e.t - 1) for e in moves] == [None, "1", "2"]
    assert client.get_model_version_by_stage("churn", "Production") is None


def test_what_it_was_called_then(churn, client):
    """By its name of today, and by the one it had; a deleted model is found too."""
    churn({"k": "old"})
    client.transition_model_version_stage("churn", 1, "Production")
    us = client.get_registry_events()[-1].t
    client.set_model_version_tag("churn", 1, "k", "new")
    client.rename_registered_model("churn", "loss")

    for name in ("churn", "loss"):
        found = client.get_model_version_by_stage(name, "Production", as_of=moment(us))
        assert (found.version, found.tags) == ("1", {"k": "old"})
    client.delete_registered_model("loss")
    for name in ("churn", "loss"):
        found = client.get_model_version_by_stage(name, "Production", as_of=moment(us))
        assert found.version == "1"
    assert client.get_model_version_by_stage("loss", "Staging", as_of=moment(us)) is None


def test_a_name_that_was_given_again_meant_another_model_then(churn, client):
    """A model that was deleted, and one of the same name after it: each at its time."""
    first = churn()
    client.transition_model_version_stage("churn", 1, "Production")
    us = client.get_registry_events()[-1].t
    client.delete_registered_model("churn")
    second = churn()
    client.transition_model_version_stage("churn", 1, "Production")

    found = client.get_model_version_by_stage("churn", "Production", as_of=moment(us))
    assert found.run_id == first.run_id != second.run_id
    now = client.get_model_version_by_stage("churn", "Production", as_of="2999-01-01")
    assert now.run_id == second.run_id


def test_a_day_means_its_last_moment(churn, client):
    """Whoever promotes today and asks for today is answered; yesterday there was nothing."""
    churn()
    client.transition_model_version_stage("churn", 1, "Production")
    made = moment(client.get_registry_events()[-1].t)
    today, yesterday = made.date(), made.date() - dt.timedelta(days=1)

    def then(as_of):
        found = client.get_model_version_by_stage("churn", "Production", as_of=as_of)
        return found.version if found else None

    assert [then(each) for each in (today, str(today), made, made.isoformat())] == ["1"] * 4
    assert then(int(made.timestamp() * 1000)) == "1"
    assert [then(each) for each in (yesterday, str(yesterday), f"{today}T00:00", 0)][:2] == [
        None,
        None,
    ]
    assert then(0) is None


@pytest.mark.parametrize(
    "day", ["2026-03-01", "20260301", "2026-W09-7", " 2026W097 ", dt.date(2026, 3, 1)]
)
def test_a_day_means_its_end_however_it_is_written(day):
    assert moment(as_of_us(day)) == dt.datetime(2026, 3, 1, 23, 59, 59, 999_999, tzinfo=dt.UTC)


def test_a_moment_is_taken_as_the_log_prints_it(churn, client):
    """Without fractions: it is all of that second, or the event itself would come after it."""
    churn()
    client.transition_model_version_stage("churn", 1, "Production")
    printed = moment_text(client.get_registry_events()[-1].t)

    for as_of in (printed, printed.removesuffix(" UTC")):
        found = client.get_model_version_by_stage("churn", "Production", as_of=as_of)
        assert found.version == "1"
    us = as_of_us("2026-03-01T12:00:00.5+02:00")
    assert moment(us) == dt.datetime(2026, 3, 1, 10, 0, 0, 500_000, tzinfo=dt.UTC)


def test_a_moment_that_is_none_is_refused(churn, client):
    churn()

    for as_of in (pd.NaT, "9999-12-31", "yesterday", "2026-13-01", "", 1.5, True, [], 10**30):
        with pytest.raises(InvalidValue, match="as_of is"):
            client.get_model_version_by_stage("churn", "Production", as_of=as_of)
